"""The plain case of a batch: two statements, and nothing of it where it does not fit."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading, transaction
from ledger import (
    AccountState,
    AccountType,
    NewAccount,
    NewHold,
    Posted,
    Transfer,
    bulk,
    hold,
    journal,
    open_accounts,
    post,
    post_each,
    prove,
    set_account_state,
    stop,
)
from ledger.errors import BalanceTooLow, ReferenceReused
from tests.ledger.make import AT, books, fund, held, transfer, wallet
from tests.ledger.racing import at_once

MERCHANT = "merchant:1:clearing"
WAIT_S = 0.3
"""Long enough for somebody to get in between, if he can."""
EXAMPLES = 40


@pytest.fixture
def is_fast(committed: Sessions) -> bool:
    """Whether the database takes the short way at all."""
    return bool(committed.kw["bind"].dialect.name == "postgresql")


def begin(session: Session) -> None:
    """A city with 100 fen in its first two wallets, and a third one that is full."""
    books(session, wallet("wallet:2"), wallet("wallet:3", ceiling_fen=50))
    for code, amount_fen in (("wallet:1", 100), ("wallet:2", 100), ("wallet:3", 50)):
        fund(session, code, amount_fen)


@pytest.fixture
def shop(committed: Sessions) -> Sessions:
    """That city."""
    with transaction(committed) as session:
        begin(session)
    return committed


PLAIN = [
    transfer("tap", "wallet:1", MERCHANT, 60),
    transfer("again", "wallet:1", MERCHANT, 40, kind="other", metadata={"b": 1, "a": "x"}),
    transfer("cash", "bank", "till:1", 7, journal="j", fact=True),
    transfer("card", "wallet:2", "wallet:1", 100),
    transfer("top-up", "bank", "wallet:2", 5, recharge=True),
]


def test_plain_batch_takes_the_fast_way(shop: Sessions, is_fast: bool) -> None:
    """A terminal's upload is written in the order of its records, whatever their references, and both sides have moved."""
    with transaction(shop) as session:
        fund(session, "till:1", 9, credit="bank")
        posted = bulk.within(session, PLAIN, AT)
        assert (posted is not None) == is_fast
        if not posted:
            return
        ids = [one.id for one in posted]
        assert ids == sorted(set(ids))
        assert [one.transfer for one in posted] == PLAIN
        found = dict(tuple(row) for row in session.execute(text("SELECT reference, id FROM ledger_transfer")))
        assert [found[one.transfer.reference] for one in posted] == ids
        assert held(session, "wallet:1", "wallet:2", "till:1", MERCHANT) == [100, 5, 2, 100]
        assert prove(session).differences == ()


def _hold(debit: str, credit: str, amount_fen: int, **others: Any) -> Callable[[Session], object]:
    placed_at = AT - timedelta(days=2)
    terms: dict[str, Any] = {"expires_at": AT + timedelta(days=1), "recharge": False} | others
    return lambda session: hold(
        session, NewHold("h", debit, credit, amount_fen, "test", placed_at, **terms), now=placed_at
    )


def _foreign(session: Session) -> None:
    open_accounts(session, [NewAccount("usd", AccountType.LIABILITY, "usd", locked=False, currency="USD")])


FIRST = transfer("a", "bank", "wallet:1", 1)
OBSTACLES: dict[str, tuple[Callable[[Session], object] | None, Sequence[Transfer]]] = {
    "no money": (None, [transfer("a", "wallet:1", MERCHANT, 60), transfer("b", "wallet:1", MERCHANT, 41)]),
    "money comes only in the batch": (None, [FIRST, transfer("b", "wallet:1", MERCHANT, 101)]),
    "no room": (None, [FIRST, transfer("b", "bank", "wallet:3", 1, recharge=True)]),
    "unknown account": (None, [FIRST, transfer("b", "bank", "nowhere", 1)]),
    "posted": (None, [FIRST, transfer("fund:wallet:1:100", "bank", "wallet:1", 100)]),
    "twice": (None, [FIRST, FIRST]),
    "malformed": (None, [FIRST, transfer("b", "bank", "wallet:1", 0)]),
    "frozen": (
        lambda session: set_account_state(session, "wallet:2", AccountState.FROZEN),
        [FIRST, transfer("b", "wallet:2", MERCHANT, 1)],
    ),
    "closed": (
        lambda session: set_account_state(session, "till:1", AccountState.CLOSED),
        [FIRST, transfer("b", "till:1", "bank", 1)],
    ),
    "foreign": (_foreign, [FIRST, transfer("b", "bank", "usd", 1)]),
    "stopped": (lambda session: stop(session, "test", now=AT), [FIRST, transfer("b", "bank", MERCHANT, 1)]),
    "held": (_hold("wallet:1", MERCHANT, 99), [FIRST, transfer("b", "wallet:1", MERCHANT, 2)]),
    "room held": (
        _hold("bank", "wallet:2", 99_800, recharge=True),
        [FIRST, transfer("b", "bank", "wallet:2", 101, recharge=True)],
    ),
    "a hold is over": (
        _hold("wallet:1", MERCHANT, 1, expires_at=AT - timedelta(days=1)),
        [FIRST, transfer("b", "wallet:1", MERCHANT, 1)],
    ),
}


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_anything_else_goes_the_ordinary_way(shop: Sessions, is_fast: bool, obstacle: str, begun: bool) -> None:
    """What cannot be decided for all at once leaves the books, the locks and the transaction as they were."""
    if not is_fast:
        return
    prepare, batch = OBSTACLES[obstacle]
    with transaction(shop) as session:
        if prepare:
            prepare(session)
    with transaction(shop) as session:
        before = session.execute(_STATE).all() if begun else []
        assert bulk.within(session, batch, AT) is None
        with reading(shop) as other:
            assert not other.execute(_LOCKED).all()
        assert session.execute(_STATE).all() == before or not begun


_STATE = text(
    "SELECT a.code, a.posted_debits_fen, a.posted_credits_fen, a.held_out_fen, a.held_in_fen,"
    " (SELECT count(*) FROM ledger_transfer) FROM ledger_account a ORDER BY a.code"
)
_LOCKED = text(
    # The view shows the whole cluster, in which other databases are worked on at the same time.
    "SELECT * FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (locktype = 'advisory' OR (relation = 'ledger_account'::regclass AND mode LIKE 'Row%'))"
)


@pytest.mark.parametrize("begun", [False, True])
def test_refusal_leaves_the_transaction_as_it_was(shop: Sessions, begun: bool) -> None:
    """Whoever is told no goes on: what was written before stands, and the next batch is posted, and the one after it."""
    with transaction(shop) as session:
        if begun:
            fund(session, "wallet:2", 3)
        for number in range(7):
            dear = [transfer(f"x{number}{name}", "wallet:1", MERCHANT, 60) for name in "ab"]
            with pytest.raises(BalanceTooLow):
                post(session, dear, now=AT)
            cheap = [transfer(f"y{number}{name}", "wallet:1", MERCHANT, 1) for name in "ab"]
            assert [one.replayed for one in post(session, cheap, now=AT) + post(session, cheap, now=AT)] == [
                False,
                False,
                True,
                True,
            ]
    with reading(shop) as session:
        assert held(session, "wallet:1", "wallet:2", MERCHANT) == [86, 103 if begun else 100, 14]
        assert prove(session).differences == ()


ACCOUNTS = ["bank", MERCHANT, "wallet:1", "wallet:2", "wallet:3", "till:1"]


def _drawn(codes: list[str], amount_fen: int, flags: tuple[bool, bool], others: dict[str, object]) -> Transfer:
    recharge, fact = flags
    return transfer("", codes[0], codes[1], amount_fen, recharge=recharge, fact=fact, **others)


BATCHES = st.lists(
    st.builds(
        _drawn,
        st.permutations(ACCOUNTS),
        st.sampled_from([1, 2, 5, 20, 49, 50, 51, 100]),
        st.tuples(st.booleans(), st.booleans()),
        st.sampled_from(
            [
                {},
                {},
                {"kind": "other"},
                {"journal": "j"},
                {"metadata": {"n": 1}},
                {"occurred_at": AT + timedelta(seconds=1)},
            ]
        ),
    ),
    min_size=2,
    max_size=6,
)


def played(session: Session, batch: Sequence[Transfer]) -> list[object]:
    """What a batch is answered, and what is in the books then; and all of it is undone."""
    before = session.begin_nested()
    verdicts = post_each(session, batch, now=AT)
    answers = [(type(one.refusal), one.posted and (one.posted.transfer, one.posted.business_date)) for one in verdicts]
    found = session.execute(text("SELECT * FROM ledger_transfer ORDER BY id"))
    rows = [[value for name, value in row._mapping.items() if name != "id"] for row in found]
    state = session.execute(_STATE).all()
    assert prove(session).differences == ()
    before.rollback()
    return [answers, rows, state]


def test_both_ways_are_one(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever way a batch takes, it gets the same verdicts and leaves the same rows, fingerprints and balances."""
    begin(session)
    tally = {True: 0, False: 0}
    plainly = bulk.within

    def tallied(*given_: Any) -> object:
        posted = plainly(*given_)
        tally[posted is not None] += 1
        return posted

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(batch=BATCHES)
    def compare(batch: list[Transfer]) -> None:
        # Their order by name is not that of the batch.
        named = [replace(one, reference=f"t{number * 7 % 5}{number}") for number, one in enumerate(batch)]
        with monkeypatch.context() as patched:
            patched.setattr(bulk, "within", tallied)
            fast = played(session, named)
            patched.setattr(bulk, "within", lambda *_: None)
            assert played(session, named) == fast

    compare()
    if session.get_bind().dialect.name == "postgresql":
        assert min(tally.values()) > EXAMPLES // 10


@contextmanager
def _between(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> Iterator[list[Future[Any]]]:
    """Somebody acts after a batch was looked at and before it is written; he gets some time, and goes on when we are done."""
    places = bulk._places
    begun: list[Future[Any]] = []
    with ThreadPoolExecutor(1) as pool:

        def pause(*given_: Any) -> Any:
            if not begun:
                begun.append(pool.submit(act))
                threading.Event().wait(WAIT_S)
            return places(*given_)

        monkeypatch.setattr(bulk, "_places", pause)
        yield begun


@pytest.mark.parametrize("several", [False, True])
def test_nobody_spends_between_look_and_write(
    shop: Sessions, is_fast: bool, monkeypatch: pytest.MonkeyPatch, several: bool
) -> None:
    """Another terminal wants the same money in the same moment: it waits, and is told that there is none left."""
    if not is_fast:
        return

    def spend() -> None:
        with transaction(shop) as session:
            post(
                session, [transfer(f"other{number}", "wallet:1", MERCHANT, 1) for number in range(1 + several)], now=AT
            )

    batch = [transfer("a", "wallet:1", MERCHANT, 60), transfer("b", "wallet:1", MERCHANT, 40)]
    with _between(monkeypatch, spend) as others:
        with transaction(shop) as session:
            assert len(post(session, batch, now=AT)) == 2
            assert not others[0].done()
        with pytest.raises(BalanceTooLow):
            others[0].result()
    with reading(shop) as session:
        assert held(session, "wallet:1", MERCHANT) == [0, 100]


@pytest.mark.parametrize("same", [False, True])
def test_reference_taken_between_look_and_write(
    shop: Sessions, is_fast: bool, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    """Somebody posts one of the transfers in that moment: it is booked once, and other content under its name is refused."""
    if not is_fast:
        return
    batch = [transfer("a", "wallet:1", MERCHANT, 60), transfer("b", "bank", MERCHANT, 5)]

    def overtake() -> None:
        with transaction(shop) as session:
            post(session, [batch[1] if same else transfer("b", "bank", MERCHANT, 6)], now=AT)

    with _between(monkeypatch, overtake) as others, transaction(shop) as session:
        verdicts = post_each(session, batch, now=AT)
        others[0].result()
    assert [type(one.refusal) for one in verdicts] == [type(None), type(None) if same else ReferenceReused]
    assert [one.posted.replayed for one in verdicts if one.posted] == [False, True][: 1 + same]
    with reading(shop) as session:
        assert held(session, "wallet:1", MERCHANT) == [40, 65 if same else 66]
        assert prove(session).differences == ()


def test_batches_in_opposite_order(city: list[Sessions], monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen terminals with the same two cards, half of them the other way round: no deadlock, and all go the fast way."""
    slow: list[int] = []
    ordinary = journal._post

    def counted(*given_: Any) -> list[Posted]:
        slow.append(1)
        return ordinary(*given_)

    monkeypatch.setattr(journal, "_post", counted)
    with transaction(city[0]) as session:
        for code in ("wallet:1", "wallet:2"):
            fund(session, code, 1_000)
    slow.clear()

    def act(number: int) -> Callable[[Sessions], bool]:
        def run(sessions: Sessions) -> bool:
            for round_ in range(5):
                batch = [transfer(f"{code}:{number}:{round_}", code, MERCHANT, 1) for code in ("wallet:1", "wallet:2")]
                with transaction(sessions) as session:
                    post(session, batch[:: -1 if number % 2 else 1], now=AT)
            return True

        return run

    assert at_once(city, [act(number) for number in range(16)]) == [True] * 16
    with reading(city[0]) as session:
        assert held(session, "wallet:1", "wallet:2", MERCHANT) == [920, 920, 160]
        assert bool(slow) == (session.get_bind().dialect.name == "sqlite")
