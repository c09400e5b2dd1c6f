"""The books as a child would keep them, and any script played on both: what the ledger answers is what the dictionary says."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from hypothesis import strategies as st
from sqlalchemy.orm import Session

from ledger import (
    AccountState,
    NewHold,
    Settlement,
    Transfer,
    balance_on,
    balances,
    close_day,
    draw_cut,
    expire_holds,
    fold,
    hold,
    open_day,
    post,
    post_each,
    prove,
    release_hold,
    reverse,
    seal,
    set_account_state,
    settle_hold,
    total_day,
    trial_balance,
)
from ledger.errors import LedgerError
from tests.ledger.make import AT, books, transfer, wallet

ASSETS = ("bank", "till:1")
CODES = (*ASSETS, "merchant:1:clearing", "wallet:a", "wallet:b")
FLOORED = ("till:1", "wallet:a", "wallet:b")
CEILING_FEN = 150
TICK = timedelta(minutes=1)

Step = tuple[str, object]

pairs = st.permutations(CODES).map(lambda order: order[:2])
transfers = st.builds(
    lambda reference, pair, amount, recharge, fact: transfer(
        f"t{reference}", pair[0], pair[1], amount, recharge=recharge, fact=fact
    ),
    st.integers(0, 30),
    pairs,
    st.integers(1, 60),
    st.booleans(),
    st.booleans(),
)
batches = st.lists(transfers, min_size=1, max_size=6)
holds = st.builds(
    lambda number, pair, amount, recharge, ticks: NewHold(
        f"h{number}", pair[0], pair[1], amount, "test", AT, AT + ticks * TICK, recharge
    ),
    st.integers(0, 6),
    pairs,
    st.integers(1, 60),
    st.booleans(),
    st.integers(1, 12),
)
settlements = st.builds(
    lambda number, part, amount, final: Settlement(f"h{number}", part, amount, AT, final),
    st.integers(0, 6),
    st.integers(1, 3),
    st.integers(1, 40),
    st.booleans(),
)
wallets = st.sampled_from(["wallet:a", "wallet:b"])
top_ups = st.builds(
    lambda number, code, amount: NewHold(f"h{number}", "bank", code, amount, "test", AT, AT + 12 * TICK, recharge=True),
    st.integers(0, 6),
    wallets,
    st.integers(10, 40),
)
recharges = st.builds(
    lambda reference, code, amount: [transfer(f"t{reference}", "bank", code, amount, recharge=True)],
    st.integers(0, 30),
    wallets,
    st.integers(10, 40),
)
steps = st.one_of(
    st.tuples(st.just("hold"), top_ups),
    st.tuples(st.just("post"), recharges),
    st.tuples(st.just("post"), batches),
    st.tuples(st.just("each"), batches),
    st.tuples(st.just("hold"), holds),
    st.tuples(st.just("settle"), settlements),
    st.tuples(st.just("release"), st.integers(0, 6).map("h{}".format)),
    st.tuples(st.sampled_from(["tick", "expire", "close", "cut", "fold", "seal"]), st.none()),
    st.tuples(st.just("reverse"), st.integers(0, 30).map("t{}".format)),
    st.tuples(st.just("freeze"), st.sampled_from(FLOORED)),
    st.tuples(st.just("open"), st.sampled_from(FLOORED)),
)


@dataclass
class HeldMoney:
    """A hold in the dictionary."""

    terms: NewHold
    rest_fen: int
    ended: bool = False


@dataclass
class Model:
    """What is held, what was booked, what is reserved, what is frozen, and the time."""

    held: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CODES, 0))
    booked: dict[str, Transfer] = field(default_factory=dict)
    holds: dict[str, HeldMoney] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)
    days: dict[date, dict[str, int]] = field(default_factory=dict)
    now: datetime = AT

    def reserves(self, code: str, *, out: bool) -> int:
        """What holds that are not over reserve on one side of an account."""
        if code not in FLOORED:
            return 0
        return sum(
            one.rest_fen
            for one in self.holds.values()
            if not self.is_over(one)
            and (falls(one.terms, code) if out else rises(one.terms, code) and one.terms.recharge)
        )

    def is_over(self, one: HeldMoney) -> bool:
        """Whether a hold reserves nothing any more."""
        return one.ended or one.terms.expires_at <= self.now

    def may(self, new: Transfer | NewHold, *, fact: bool = False) -> bool:
        """Whether the money is there, and the room, and nothing is frozen."""
        for code in (new.debit, new.credit):
            if falls(new, code):
                too_low = code in FLOORED and self.held[code] - self.reserves(code, out=True) < new.amount_fen
                if too_low or (code in self.frozen and not fact):
                    return False
            elif code.startswith("wallet") and new.recharge and not fact and self.room(code) < new.amount_fen:
                return False
        return True

    def room(self, code: str) -> int:
        """How much an account may still be recharged with."""
        return CEILING_FEN - self.held[code] - self.reserves(code, out=False)

    def book(self, new: Transfer) -> None:
        """Move the money."""
        for code in (new.debit, new.credit):
            self.held[code] += -new.amount_fen if falls(new, code) else new.amount_fen
        self.booked[new.reference] = new

    def takes(self, new: Transfer) -> bool:
        """Book a transfer if it may be; whether it stands in the books now."""
        first = self.booked.get(new.reference)
        if first:
            return (first.debit, first.credit, first.amount_fen) == (new.debit, new.credit, new.amount_fen)
        if not self.may(new, fact=new.fact):
            return False
        self.book(new)
        return True

    def takes_all(self, batch: list[Transfer]) -> bool:
        """Book a batch whole or not at all."""
        held, booked = dict(self.held), dict(self.booked)
        if all(self.takes(new) for new in batch):
            return True
        self.held, self.booked = held, booked
        return False

    def reverses(self, reference: str) -> bool:
        """Book the opposite of a transfer, once."""
        first = self.booked.get(reference)
        if first is None:
            return False
        return self.takes(transfer("rev:" + reference, first.credit, first.debit, first.amount_fen))

    def places(self, new: NewHold) -> bool:
        """Reserve, if the money or the room is there and one of the two can be reserved."""
        first = self.holds.get(new.reference)
        if first:
            terms = first.terms
            return (terms.debit, terms.credit, terms.amount_fen) == (new.debit, new.credit, new.amount_fen)
        reserving = any(code in FLOORED and (falls(new, code) or new.recharge) for code in (new.debit, new.credit))
        if new.expires_at <= self.now or not reserving or not self.may(new):
            return False
        self.holds[new.reference] = HeldMoney(new, new.amount_fen)
        return True

    def settles(self, part: Settlement) -> bool:
        """Book a part of a hold, once."""
        one = self.holds.get(part.hold)
        if one is None:
            return False
        reference = f"settle:{part.hold}:{part.n}"
        first = self.booked.get(reference)
        if first:
            return first.amount_fen == part.amount_fen
        if self.is_over(one) or part.amount_fen > one.rest_fen:
            return False
        self.book(transfer(reference, one.terms.debit, one.terms.credit, part.amount_fen))
        one.rest_fen -= part.amount_fen
        one.ended = part.final or not one.rest_fen
        if one.ended:
            one.terms = replace(one.terms, metadata={"settled": 1})
        return True

    def releases(self, reference: str) -> bool:
        """End a hold; one that was settled cannot be released."""
        one = self.holds.get(reference)
        if one is None or one.terms.metadata:
            return False
        one.ended = True
        return True


def falls(new: Transfer | NewHold, code: str) -> bool:
    """Whether this account's balance falls by it."""
    return (code == new.debit and code not in ASSETS) or (code == new.credit and code in ASSETS)


def rises(new: Transfer | NewHold, code: str) -> bool:
    """Whether this account's balance rises by it."""
    return code in (new.debit, new.credit) and not falls(new, code)


def play(session: Session, script: list[Step]) -> None:
    """Do the same on both, step by step; compare all balances after each, and everything at the end."""
    books(session, wallet("wallet:a", CEILING_FEN), wallet("wallet:b", CEILING_FEN))
    model = Model()
    begin = [transfer(f"begin:{code}", "bank", code, 100) for code in ("wallet:a", "wallet:b")]
    begin.append(transfer("begin:till", "till:1", "merchant:1:clearing", 100))
    assert model.takes_all(begin)
    post(session, begin, now=AT)
    for step, what in script:
        _do(session, model, step, what)
        found = balances(session, CODES)
        assert {code: found[code].balance_fen for code in CODES} == model.held
    _compare(session, model)


def _do(session: Session, model: Model, step: str, what: object) -> None:
    if step == "each":
        assert isinstance(what, list)
        verdicts = post_each(session, what, now=model.now)
        assert [verdict.posted is not None for verdict in verdicts] == [model.takes(new) for new in what]
        return
    expected = _expected(model, step, what)
    try:
        _ACTS[step](session, model, what)
    except LedgerError:
        done = False
    else:
        done = True
    assert done == expected


def _expected(model: Model, step: str, what: object) -> bool:
    judge: dict[str, Callable[..., bool]] = {
        "post": model.takes_all,
        "hold": model.places,
        "settle": model.settles,
        "release": model.releases,
        "reverse": model.reverses,
    }
    return judge[step](what) if step in judge else True


def _tick(_session: Session, model: Model, _what: None) -> None:
    model.now += TICK


def _close(session: Session, model: Model, _what: None) -> None:
    day = open_day(session)
    close_day(session, day, day + timedelta(days=1), now=model.now)
    model.days[day] = dict(model.held)
    if len(model.days) % 2 == 0:
        total_day(session, day)


def _freeze(session: Session, model: Model, what: str) -> None:
    model.frozen.add(what)
    set_account_state(session, what, AccountState.FROZEN)


def _open(session: Session, model: Model, what: str) -> None:
    model.frozen.discard(what)
    set_account_state(session, what, AccountState.OPEN)


_ACTS: dict[str, Callable[..., object]] = {
    "post": lambda session, model, what: post(session, what, now=model.now),
    "hold": lambda session, model, what: hold(session, what, now=model.now),
    "settle": lambda session, model, what: settle_hold(session, what, now=model.now),
    "release": lambda session, model, what: release_hold(session, what, now=model.now),
    "reverse": lambda session, model, what: reverse(session, what, occurred_at=AT, now=model.now),
    "expire": lambda session, model, _: expire_holds(session, model.now),
    "cut": lambda session, model, _: draw_cut(session, model.now),
    "fold": lambda session, model, _: fold(session, now=model.now, limit=7),
    "seal": lambda session, model, _: seal(session, now=model.now, limit=5),
    "tick": _tick,
    "close": _close,
    "freeze": _freeze,
    "open": _open,
}


def _compare(session: Session, model: Model) -> None:
    expire_holds(session, model.now)
    found = balances(session, CODES)
    reserved = {code: (found[code].held_out_fen, found[code].held_in_fen) for code in CODES}
    assert reserved == {code: (model.reserves(code, out=True), model.reserves(code, out=False)) for code in CODES}
    for day, held in model.days.items():
        past = {code: balance_on(session, code, day) for code in CODES}
        assert {code: one.balance_fen for code, one in past.items()} == held
        assert all(one.final for one in past.values())
    proof = prove(session)
    assert proof.differences == ()
    assert proof.transfers == len(model.booked)
    totals = trial_balance(session)
    assert totals.total_debits_fen == totals.total_credits_fen == proof.total_fen
