"""The books as a child would keep them: plain dictionaries that say what the ledger must answer, and by which refusal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from ledger import AccountState, AccountType, HoldState, NewAccount, NewHold, Settlement, Transfer
from ledger.errors import (
    AccountClosed,
    AccountDiffers,
    AccountFrozen,
    AccountNotEmpty,
    BalanceTooLow,
    CeilingExceeded,
    HoldEnded,
    HoldExceeded,
    HoldExpired,
    InvalidHold,
    LedgerError,
    NotReversible,
    ReferenceReused,
    UnknownAccount,
    UnknownHold,
    UnknownTransfer,
)
from tests.ledger.make import AT, DAY, bank, merchant, till, wallet

CEILING_FEN: Final = 150
TICK: Final = timedelta(minutes=1)
Refusal = type[LedgerError] | None

PRECEDENCE: Final[Sequence[type[LedgerError]]] = (
    ReferenceReused,
    UnknownAccount,
    AccountClosed,
    AccountFrozen,
    BalanceTooLow,
    CeilingExceeded,
)
"""As the docstring of `post()` promises it."""

FIRST: Final = (bank(), merchant(), till(), wallet("wallet:a", CEILING_FEN), wallet("wallet:b", CEILING_FEN))


def _locked(code: str, kind: AccountType, floor_fen: int | None, ceiling_fen: int | None) -> NewAccount:
    return NewAccount(code, kind, code, locked=True, floor_fen=floor_fen, ceiling_fen=ceiling_fen)


def _derived(code: str, kind: AccountType) -> NewAccount:
    return NewAccount(code, kind, code, locked=False)


LATER: Final = (
    _locked("wallet:c", AccountType.LIABILITY, 0, CEILING_FEN),
    _locked("wallet:d", AccountType.LIABILITY, 0, None),
    _locked("credit:e", AccountType.LIABILITY, -50, 100),
    _locked("till:f", AccountType.ASSET, 0, None),
    _locked("float:g", AccountType.ASSET, None, 80),
    _derived("fees:h", AccountType.INCOME),
    _derived("costs:i", AccountType.EXPENSE),
)
"""Accounts that are opened, emptied and closed as a script goes on."""
OTHER_TERMS: Final = _locked("wallet:c", AccountType.LIABILITY, 0, 99)


@dataclass
class HeldMoney:
    """A hold in the dictionary."""

    terms: NewHold
    rest_fen: int
    state: HoldState = HoldState.OPEN


@dataclass(frozen=True, slots=True)
class Answer:
    """What the ledger must say to one transfer: a refusal; or yes, and whether it stood in the books before."""

    refusal: Refusal = None
    replayed: bool = False


@dataclass
class Model:
    """What is open, held, booked, reserved and frozen; what was held at each day's end and each instant; the cuts; and the time."""

    accounts: dict[str, NewAccount] = field(default_factory=lambda: {one.code: one for one in FIRST})
    states: dict[str, AccountState] = field(default_factory=lambda: {one.code: AccountState.OPEN for one in FIRST})
    held: dict[str, int] = field(default_factory=lambda: {one.code: 0 for one in FIRST})
    booked: dict[str, Transfer] = field(default_factory=dict)
    holds: dict[str, HeldMoney] = field(default_factory=dict)
    day: date = DAY
    days: dict[date, dict[str, int]] = field(default_factory=dict)
    instants: dict[datetime, dict[str, int]] = field(default_factory=dict)
    last_cut_at: datetime | None = None
    now: datetime = AT

    def opens(self, account: NewAccount) -> Refusal:
        """Open an account."""
        first = self.accounts.setdefault(account.code, account)
        self.states.setdefault(account.code, AccountState.OPEN)
        self.held.setdefault(account.code, 0)
        return None if first == account else AccountDiffers

    def turns(self, code: str, state: AccountState) -> Refusal:
        """Freeze, unfreeze or close an account."""
        if code not in self.accounts:
            return UnknownAccount
        if self.states[code] is state:
            return None
        if self.states[code] is AccountState.CLOSED:
            return AccountClosed
        promised = any(code in {one.terms.debit, one.terms.credit} for one in self.holds.values() if self.is_open(one))
        if state is AccountState.CLOSED and (self.held[code] or promised):
            return AccountNotEmpty
        self.states[code] = state
        return None

    def falls(self, new: Transfer | NewHold, code: str) -> bool:
        """Whether this account's balance falls by it."""
        return (code == new.credit) == self.accounts[code].type.grows_by_debit

    def reserves(self, code: str, *, out: bool) -> int:
        """What holds that are not over reserve on one side of an account."""
        if not self.accounts[code].locked:
            return 0
        mine = [one for one in self.holds.values() if self.is_open(one) and code in {one.terms.debit, one.terms.credit}]
        if out:
            return sum(one.rest_fen for one in mine if self.falls(one.terms, code))
        return sum(one.rest_fen for one in mine if one.terms.recharge and not self.falls(one.terms, code))

    def is_open(self, one: HeldMoney) -> bool:
        """Whether a hold reserves something still."""
        return one.state is HoldState.OPEN and not self.is_over(one)

    def is_over(self, one: HeldMoney) -> bool:
        """Whether a hold's time was over before anything else ended it."""
        return one.state is HoldState.EXPIRED or (one.state is HoldState.OPEN and one.terms.expires_at <= self.now)

    def judge(self, new: Transfer | NewHold, *, fact: bool = False) -> Refusal:
        """Whether the accounts are there and open, the money, and the room."""
        both = (new.debit, new.credit)
        if any(code not in self.accounts for code in both):
            return UnknownAccount
        if any(self.states[code] is AccountState.CLOSED for code in both):
            return AccountClosed
        falling = [code for code in both if self.falls(new, code)]
        if not fact and any(self.states[code] is AccountState.FROZEN for code in falling):
            return AccountFrozen
        for code in falling:
            floor_fen = self.accounts[code].floor_fen
            left_fen = self.held[code] - self.reserves(code, out=True) - new.amount_fen
            if floor_fen is not None and left_fen < floor_fen:
                return BalanceTooLow
        for code in both:
            if code not in falling and new.recharge and not fact and self.room(code) < new.amount_fen:
                return CeilingExceeded
        return None

    def room(self, code: str) -> int:
        """How much an account may still be recharged with."""
        ceiling_fen = self.accounts[code].ceiling_fen
        return 2**53 if ceiling_fen is None else ceiling_fen - self.held[code] - self.reserves(code, out=False)

    def book(self, new: Transfer) -> Answer:
        """Move the money."""
        for code in (new.debit, new.credit):
            self.held[code] += -new.amount_fen if self.falls(new, code) else new.amount_fen
        self.booked[new.reference] = new
        return Answer()

    def takes(self, new: Transfer) -> Answer:
        """Book a transfer if it may be."""
        first = self.booked.get(new.reference)
        if first:
            same = content(first) == content(new)
            return Answer(replayed=True) if same else Answer(ReferenceReused)
        refusal = self.judge(new, fact=new.fact)
        return Answer(refusal) if refusal else self.book(new)

    def takes_each(self, batch: Iterable[Transfer]) -> list[Answer]:
        """Book what may be of a batch."""
        return [self.takes(new) for new in batch]

    def takes_all(self, batch: Iterable[Transfer]) -> tuple[Refusal, list[Answer]]:
        """Book a batch whole or not at all."""
        held, booked = dict(self.held), dict(self.booked)
        answers = self.takes_each(batch)
        refusals = [answer.refusal for answer in answers if answer.refusal]
        if not refusals:
            return None, answers
        self.held, self.booked = held, booked
        return min(refusals, key=PRECEDENCE.index), []

    def reverses(self, reference: str) -> Answer:
        """Book the opposite of a transfer, once."""
        first = self.booked.get(reference)
        if first is None:
            return Answer(UnknownTransfer)
        if reference.startswith("rev:"):
            return Answer(NotReversible)
        name = "rev:" + reference
        return self.takes(Transfer(name, first.credit, first.debit, first.amount_fen, "reversal", AT, first.journal))

    def places(self, new: NewHold) -> Answer:
        """Reserve, if the money or the room is there and one of the two can be reserved."""
        first = self.holds.get(new.reference)
        if first:
            same = content(first.terms) == content(new)
            return Answer(replayed=True) if same else Answer(ReferenceReused)
        if new.expires_at <= self.now:
            return Answer(InvalidHold)
        refusal = self.judge(new)
        if refusal:
            return Answer(refusal)
        counts = [self.accounts[code].locked and (self.falls(new, code) or new.recharge) for code in sides(new)]
        if not any(counts):
            return Answer(InvalidHold)
        self.holds[new.reference] = HeldMoney(new, new.amount_fen)
        return Answer()

    def settles(self, part: Settlement) -> Answer:
        """Book a part of a hold, once."""
        one = self.holds.get(part.hold)
        if one is None:
            return Answer(UnknownHold)
        worded = self.worded(part)
        first = self.booked.get(worded.reference)
        if first:
            return Answer(replayed=True) if content(first) == content(worded) else Answer(ReferenceReused)
        if self.is_over(one):
            return Answer(HoldExpired)
        if one.state is not HoldState.OPEN:
            return Answer(HoldEnded)
        if part.amount_fen > one.rest_fen:
            return Answer(HoldExceeded)
        one.rest_fen -= part.amount_fen
        if part.final or not one.rest_fen:
            one.state = HoldState.SETTLED
        return self.book(worded)

    def worded(self, part: Settlement) -> Transfer:
        """The transfer of a settlement."""
        terms = self.holds[part.hold].terms
        name = f"settle:{part.hold}:{part.n}"
        return Transfer(name, terms.debit, terms.credit, part.amount_fen, terms.kind, part.occurred_at, part.hold)

    def releases(self, reference: str) -> Answer:
        """End a hold; one that was settled cannot be released."""
        one = self.holds.get(reference)
        if one is None:
            return Answer(UnknownHold)
        if one.state is HoldState.SETTLED:
            return Answer(HoldEnded)
        if one.state is HoldState.OPEN:
            one.state = HoldState.EXPIRED if self.is_over(one) else HoldState.RELEASED
        return Answer()

    def closes(self) -> None:
        """End the day."""
        self.days[self.day] = dict(self.held)
        self.day += timedelta(days=1)
        self.last_cut_at = self.now


def sides(new: Transfer | NewHold) -> tuple[str, str]:
    """The two accounts."""
    return new.debit, new.credit


def content(new: Transfer | NewHold) -> tuple[object, ...]:
    """What two transfers, or two holds, must share to be the same one."""
    journal = new.journal if isinstance(new, Transfer) else None
    # A reversal is the same whatever time it names.
    occurred_at = None if new.kind == "reversal" else new.occurred_at
    return new.debit, new.credit, new.amount_fen, new.kind, occurred_at, journal
