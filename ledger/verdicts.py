"""Deciding a batch, in its own order, before anything is written: pure arithmetic over what was read under the locks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.errors import (
    AccountClosed,
    AccountFrozen,
    BalanceTooLow,
    CeilingExceeded,
    CurrencyMismatch,
    InvalidTransfer,
    LedgerError,
    ReferenceReused,
    UnknownAccount,
)
from ledger.instants import canonical
from ledger.models import AccountState, AccountType
from ledger.transfers import USUAL_CURRENCY, Posted, Transfer, fault, fingerprint

PRECEDENCE: tuple[type[LedgerError], ...] = (
    InvalidTransfer,
    ReferenceReused,
    UnknownAccount,
    CurrencyMismatch,
    AccountClosed,
    AccountFrozen,
    BalanceTooLow,
    CeilingExceeded,
)
"""The same batch always gets the same refusal: the first class of this list that applies."""


class Order(NamedTuple):
    """A transfer that shall be posted, and the id of the one it reverses, if it does."""

    transfer: Transfer
    reverses: int | None = None


@dataclass(slots=True)
class Books:
    """One account as read for a batch; the two sums move along as the batch is decided. Fen."""

    id: int
    code: str
    type: AccountType
    currency: str
    locked: bool
    floor_fen: int | None
    ceiling_fen: int | None
    state: AccountState
    debits_fen: int
    credits_fen: int
    held_out_fen: int = 0
    held_in_fen: int = 0
    moved_debits_fen: int = 0
    moved_credits_fen: int = 0
    moved_held_out_fen: int = 0
    moved_held_in_fen: int = 0
    grows_by_debit: bool = field(init=False)

    def __post_init__(self) -> None:
        """Ask the type once: every transfer of the batch asks the account."""
        self.grows_by_debit = self.type.grows_by_debit

    @property
    def balance_fen(self) -> int:
        """What the account holds now, on its normal side, with what the batch has moved so far."""
        debits_fen = self.debits_fen + self.moved_debits_fen
        credits_fen = self.credits_fen + self.moved_credits_fen
        return debits_fen - credits_fen if self.grows_by_debit else credits_fen - debits_fen

    @property
    def reserved_out_fen(self) -> int:
        """What holds may still take out of the account."""
        return self.held_out_fen + self.moved_held_out_fen

    @property
    def reserved_in_fen(self) -> int:
        """What holds may still recharge the account with."""
        return self.held_in_fen + self.moved_held_in_fen

    def has_moved(self) -> bool:
        """Whether anything is to be written of it; nothing ever is of an account that is not locked."""
        moved = (self.moved_debits_fen, self.moved_credits_fen, self.moved_held_out_fen, self.moved_held_in_fen)
        return self.locked and any(moved)


@dataclass(frozen=True, slots=True)
class Known:
    """A transfer that is in the books already, as it is compared and answered."""

    posted: Posted
    fingerprint: str
    reverses: int | None


@dataclass(slots=True)
class Decision:
    """What becomes of one order: a replay, a refusal, a repetition of an earlier one of the batch, or a new transfer."""

    order: Order
    fingerprint: str = ""
    occurred_at: str = ""
    known: Known | None = None
    same_as: "Decision | None" = None
    refusal: LedgerError | None = None

    @property
    def is_new(self) -> bool:
        """Whether a row is to be written for it."""
        return self.known is None and self.same_as is None and self.refusal is None


def considered(order: Order) -> Decision:
    """What can be said of an order before its accounts are read: whether it is well formed, and its fingerprint in the usual currency."""
    transfer = order.transfer
    # A reversal's reference is made by the ledger and may be longer than what callers may use.
    wrong = fault(transfer) if order.reverses is None else None
    if wrong:
        return Decision(order, refusal=wrong)
    occurred_at = canonical(transfer.occurred_at)
    return Decision(order, fingerprint(transfer, USUAL_CURRENCY, occurred_at), occurred_at)


@dataclass(slots=True)
class Bench:
    """Decides orders one after the other."""

    accounts: Mapping[str, Books]
    known: Mapping[str, Known]
    taken: dict[str, Decision] = field(default_factory=dict)

    def decide(self, order: Order) -> Decision:
        """Decide one order; a new transfer moves the sums of its two accounts."""
        return self.judge(considered(order))

    def judge(self, decision: Decision) -> Decision:
        """Decide an order that was considered; a new transfer moves the sums of its two accounts."""
        if decision.refusal:
            return decision
        transfer = decision.order.transfer
        debit, credit = self.accounts.get(transfer.debit), self.accounts.get(transfer.credit)
        currency = debit.currency if debit else ""
        if currency != USUAL_CURRENCY:
            decision.fingerprint = fingerprint(transfer, currency, decision.occurred_at)
        if transfer.reference in self.taken or transfer.reference in self.known:
            self._repeat(decision)
            return decision
        decision.refusal = refusal_of(transfer, debit, credit)
        if decision.refusal is None and debit and credit:
            debit.moved_debits_fen += transfer.amount_fen
            credit.moved_credits_fen += transfer.amount_fen
            self.taken[transfer.reference] = decision
        return decision

    def _repeat(self, decision: Decision) -> None:
        reference = decision.order.transfer.reference
        first = self.taken.get(reference)
        if first:
            same = decision.fingerprint == first.fingerprint
            decision.same_as = first if same else None
        else:
            known = self.known[reference]
            same = is_same(decision, known)
            decision.known = known if same else None
        if not same:
            decision.refusal = reused(reference)


def refusal_of(transfer: Transfer, debit: Books | None, credit: Books | None) -> LedgerError | None:
    """Why money cannot move, or be reserved, between these two accounts as they stand; None if it can."""
    if debit is None or credit is None:
        code = transfer.debit if debit is None else transfer.credit
        return UnknownAccount(f"{transfer.reference}: no account {code}", account=code)
    if debit.currency != credit.currency:
        return CurrencyMismatch(
            f"{transfer.reference}: {debit.currency} and {credit.currency}", reference=transfer.reference
        )
    falling, rising = sides(debit, credit)
    if not (debit.state is credit.state is AccountState.OPEN):
        barred = _closed(transfer, (debit, credit)) or _frozen(transfer, falling)
        if barred:
            return barred
    return _too_low(transfer, falling) or _too_high(transfer, rising)


def is_same(decision: Decision, known: Known) -> bool:
    """Whether an order names a transfer that is already in the books. A reversal is the same whatever time it names: there is only one."""
    if decision.order.reverses is not None:
        return decision.order.reverses == known.reverses
    return decision.fingerprint == known.fingerprint


def reused(reference: str) -> ReferenceReused:
    """The refusal of a reference that names something else."""
    return ReferenceReused(f"{reference} names a transfer with other content", reference=reference)


def worst(decisions: Iterable[Decision]) -> LedgerError | None:
    """The refusal a whole batch is answered with: by precedence, then by place in the batch."""
    refusals: Sequence[LedgerError] = [decision.refusal for decision in decisions if decision.refusal]
    return min(refusals, key=lambda refusal: PRECEDENCE.index(type(refusal)), default=None)


def sides(debit: Books, credit: Books) -> tuple[list[Books], list[Books]]:
    """Those of the two accounts whose balance falls, and those whose balance rises."""
    falling: list[Books] = []
    rising: list[Books] = []
    (rising if debit.grows_by_debit else falling).append(debit)
    (falling if credit.grows_by_debit else rising).append(credit)
    return falling, rising


def _closed(transfer: Transfer, accounts: Iterable[Books]) -> LedgerError | None:
    for account in accounts:
        if account.state is AccountState.CLOSED:
            return AccountClosed(f"{transfer.reference}: {account.code} is closed", account=account.code)
    return None


def _frozen(transfer: Transfer, falling: Iterable[Books]) -> LedgerError | None:
    for account in falling:
        if account.state is AccountState.FROZEN and not transfer.fact:
            return AccountFrozen(f"{transfer.reference}: {account.code} is frozen", account=account.code)
    return None


def _too_low(transfer: Transfer, falling: Iterable[Books]) -> LedgerError | None:
    for account in falling:
        if account.floor_fen is None:
            continue
        missing_fen = account.floor_fen + account.reserved_out_fen - account.balance_fen + transfer.amount_fen
        if missing_fen > 0:
            return BalanceTooLow(
                f"{transfer.reference}: {account.code} lacks {missing_fen} fen",
                account=account.code,
                missing_fen=missing_fen,
            )
    return None


def _too_high(transfer: Transfer, rising: Iterable[Books]) -> LedgerError | None:
    if not transfer.recharge or transfer.fact:
        return None
    for account in rising:
        after_fen = account.balance_fen + account.reserved_in_fen + transfer.amount_fen
        if account.ceiling_fen is not None and after_fen > account.ceiling_fen:
            return CeilingExceeded(
                f"{transfer.reference}: {account.code} may hold {account.ceiling_fen} fen",
                account=account.code,
                ceiling_fen=account.ceiling_fen,
            )
    return None
