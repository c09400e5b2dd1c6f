"""Refusals of the ledger: one class for each, all of one root."""

from typing import ClassVar


class LedgerError(Exception):
    """The ledger refuses.

    Each refusal is a class of its own. Its docstring is the title people read, `code` the stable slug that machines compare, and `public`
    names the fields that may leave the house; all other fields stay in the log.
    """

    code: ClassVar[str] = "ledger_refused"
    public: ClassVar[tuple[str, ...]] = ()

    def __init__(self, message: str, **fields: object) -> None:
        super().__init__(message)
        self.fields = fields

    @property
    def title(self) -> str:
        """First line of the class docstring, without its full stop."""
        return (type(self).__doc__ or "").strip().splitlines()[0].rstrip(".")

    def public_fields(self) -> dict[str, object]:
        """Those of the fields that may be shown to the caller."""
        return {name: self.fields[name] for name in self.public if name in self.fields}


class InvalidTransfer(LedgerError):
    """The transfer is not well formed."""

    code = "invalid_transfer"
    public = ("reference", "field")


class ReferenceReused(LedgerError):
    """The reference already names a transfer with other content."""

    code = "reference_reused"
    public = ("reference",)


class UnknownAccount(LedgerError):
    """The account was never opened."""

    code = "unknown_account"
    public = ("account",)


class CurrencyMismatch(LedgerError):
    """The two accounts are kept in different currencies."""

    code = "currency_mismatch"
    public = ("reference",)


class AccountClosed(LedgerError):
    """The account is closed."""

    code = "account_closed"
    public = ("account",)


class AccountFrozen(LedgerError):
    """The account is frozen: nothing may be spent from it."""

    code = "account_frozen"
    public = ("account",)


class BalanceTooLow(LedgerError):
    """The account does not hold enough.

    The missing amount stays inside: together with the amount asked for it would tell a stranger the balance.
    """

    code = "balance_too_low"
    public = ("account",)


class CeilingExceeded(LedgerError):
    """The account may not hold that much."""

    code = "ceiling_exceeded"
    public = ("account", "ceiling_fen")


class UnknownTransfer(LedgerError):
    """No transfer has this reference."""

    code = "unknown_transfer"
    public = ("reference",)


class NotReversible(LedgerError):
    """A reversal cannot be reversed."""

    code = "not_reversible"
    public = ("reference",)


class InvalidAccount(LedgerError):
    """The terms of the account contradict each other."""

    code = "invalid_account"
    public = ("account", "field")


class AccountDiffers(LedgerError):
    """The account was opened before, on other terms."""

    code = "account_differs"
    public = ("account",)


class AccountNotEmpty(LedgerError):
    """An account that still holds money, or has open holds, cannot be closed."""

    code = "account_not_empty"
    public = ("account",)


class InvalidHold(LedgerError):
    """The hold is not well formed."""

    code = "invalid_hold"
    public = ("reference", "field")


class UnknownHold(LedgerError):
    """No hold has this reference."""

    code = "unknown_hold"
    public = ("reference",)


class HoldExpired(LedgerError):
    """The hold's time is over: it reserves nothing any more.

    What was done under it can be tried as an ordinary transfer, and may be refused like one.
    """

    code = "hold_expired"
    public = ("reference",)


class HoldEnded(LedgerError):
    """The hold was settled or released before."""

    code = "hold_ended"
    public = ("reference",)


class HoldExceeded(LedgerError):
    """More is to be settled than is left of the hold."""

    code = "hold_exceeded"
    public = ("reference",)


class NoOpenDay(LedgerError):
    """No business day is open."""

    code = "no_open_day"


class UnknownDay(LedgerError):
    """The business day was never open."""

    code = "unknown_day"
    public = ("day",)


class InvalidDay(LedgerError):
    """Business days follow one another forward, one open at a time."""

    code = "invalid_day"
    public = ("day",)


class LedgerBusy(LedgerError):
    """The ledger did not come to rest in time; try again."""

    code = "ledger_busy"


class LedgerStopped(LedgerError):
    """The books could not be proved: no money moves until somebody has looked."""

    code = "ledger_stopped"


class NotStopped(LedgerError):
    """The ledger was not stopped."""

    code = "ledger_not_stopped"


class NothingSealed(LedgerError):
    """No transfer was sealed yet."""

    code = "nothing_sealed"


class HeadForged(LedgerError):
    """The file is not a head of the chain that was signed with this key."""

    code = "head_forged"
