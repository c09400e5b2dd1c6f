"""Every way in which the accounts context says no. What a judged purchase is refused for is a verdict, not an error."""

from citizencard.errors import CitizencardError


class AccountError(CitizencardError):
    """The account request cannot be carried out."""

    code = "account_refused"


class UnknownOnlineAccount(AccountError):
    """There is no such on-line account."""

    code = "unknown_online_account"
    public = ("account_id",)


class AccountExists(AccountError):
    """The resident has an on-line account already."""

    code = "account_exists"
    public = ("account_id",)


class AccountNeverClosed(AccountError):
    """Facts that nobody can refuse, such as late taps, still come to this account of the books."""

    code = "account_never_closed"
    public = ("account",)


class CardNotLinkable(AccountError):
    """The card cannot pay from this account."""

    code = "card_not_linkable"
    public = ("card_id", "reason")


class CardNotLinked(AccountError):
    """The card does not pay from this account."""

    code = "card_not_linked"
    public = ("card_id",)


class TopUpAmountInvalid(AccountError):
    """The amount cannot be paid into this account."""

    code = "top_up_amount_invalid"
    public = ("amount_fen", "ceiling_fen")


class PurchaseInvalid(AccountError):
    """The request is not a well formed purchase or reversal."""

    code = "purchase_invalid"
    public = ("field",)


class BatchNotGiven(AccountError):
    """The terminal has not been given this batch number."""

    code = "batch_not_given"
    public = ("batch",)


class NumberOfAnotherTerminal(AccountError):
    """A terminal speaks for its own number only."""

    code = "number_of_another_terminal"
    public = ("terminal",)


class TraceReused(AccountError):
    """The trace number already names another purchase."""

    code = "trace_reused"
    public = ("terminal", "batch", "trace")


class HoldNotKnown(AccountError):
    """There is no hold of this name."""

    code = "hold_not_known"
    public = ("terminal",)


class HoldIsOver(AccountError):
    """Nothing of this hold can be settled any more."""

    code = "hold_is_over"
    public = ("hold",)


class HoldAmountExceeded(AccountError):
    """Less than this amount is left of the hold."""

    code = "hold_amount_exceeded"
    public = ("left_fen",)


class SettlementReused(AccountError):
    """This part of the hold was settled with other content."""

    code = "settlement_reused"
    public = ("reference",)


class ReversalImpossible(AccountError):
    """What stands under this name does not end by a reversal."""

    code = "reversal_impossible"
    public = ("reference",)
