"""The hot door: the same books, the same answers and the same refusals as the ordinary way."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.db import Sessions, make_engine, make_sessions, reading, transaction
from ledger import (
    AccountState,
    AccountType,
    NewAccount,
    NewHold,
    Posted,
    Transfer,
    close_day,
    hold,
    post,
    post_hot,
    prove,
    release,
    reverse,
    seal,
    set_account_state,
    stop,
    total_day,
)
from ledger.errors import BalanceTooLow, LedgerError, LedgerStopped, NoOpenDay
from ledger.verdicts import PRECEDENCE
from tests.ledger.make import AT, DAY, books, fund, held, merchant, transfer, wallet
from tests.ledger.racing import at_once, posting

MERCHANT = "merchant:1:clearing"


def test_money_moves_and_is_committed(committed: Sessions, now: datetime) -> None:
    """What the hot door has answered is in the books for everybody; a repeat gets the first answer, a refusal writes nothing."""
    with transaction(committed) as session:
        books(session)
        fund(session, "wallet:1", 10)
    paid = transfer("a", "wallet:1", MERCHANT, 8, metadata={"tap": 1}, journal="j")
    with committed.kw["bind"].connect() as connection:
        posted = post_hot(connection, paid, now=now)
        again = post_hot(connection, paid, now=now)
        with pytest.raises(BalanceTooLow) as refused:
            post_hot(connection, transfer("b", "wallet:1", MERCHANT, 3), now=now)
        assert not connection.in_transaction()
        with connection.begin(), pytest.raises(ValueError, match="outside of a transaction"):
            post_hot(connection, paid, now=now)
    assert refused.value.fields == {"account": "wallet:1", "missing_fen": 1}
    assert (posted.transfer, posted.business_date, posted.recorded_at, posted.replayed) == (paid, DAY, now, False)
    assert (again.id, again.transfer, again.replayed) == (posted.id, paid, True)
    with reading(committed) as session:
        assert held(session, "wallet:1", MERCHANT) == [2, 8]
        assert session.execute(text("SELECT count(*) FROM ledger_transfer")).scalar_one() == 2
        assert prove(session).differences == ()


def test_driver_forgets_what_was_prepared(committed: Sessions, now: datetime) -> None:
    """A till whose connection has seen refusals and rolled back work goes on selling: what the driver forgot is prepared again."""
    with transaction(committed) as session:
        books(session)
        fund(session, "wallet:1", 10)
    with committed.kw["bind"].connect() as connection:
        post_hot(connection, transfer("a", "wallet:1", MERCHANT, 1), now=now)
        for _ in range(8):
            connection.execute(text("SELECT 1"))
        connection.rollback()
        assert not post_hot(connection, transfer("b", "wallet:1", MERCHANT, 1), now=now).replayed


Step = Transfer | Callable[[Session], object]


def _state(code: str, state: AccountState) -> Step:
    return lambda session: set_account_state(session, code, state)


def _hold(reference: str, debit: str, credit: str, minutes: int, *, recharge: bool = False) -> Step:
    new = NewHold(reference, debit, credit, 40, "fuel", AT, AT + timedelta(minutes=minutes), recharge)
    return lambda session: hold(session, new, now=AT)


def script() -> list[Step]:
    """Every refusal, every kind of repeat and every sort of account, in an order that makes each of them happen."""
    usd = [
        NewAccount(f"usd:{number}", AccountType.LIABILITY, "usd", locked=False, currency="USD") for number in range(2)
    ]
    longest = "x" * 96
    return [
        transfer("early", "bank", "wallet:1", 1),
        lambda session: books(session, wallet("wallet:2", ceiling_fen=200), wallet("wallet:3"), merchant("m2"), *usd),
        transfer("in", "bank", "wallet:1", 100, metadata={"slip": 7, "by": 'clerk_é"\\'}, journal="j:1"),
        transfer("in", "bank", "wallet:1", 100, metadata={"slip": 8}, journal="j:1"),
        transfer("in", "bank", "wallet:1", 101, journal="j:1"),
        transfer("in", "nowhere", "wallet:1", 100, journal="j:1"),
        transfer(longest, "wallet:1", MERCHANT, 10, occurred_at=AT.astimezone(timezone(timedelta(hours=8)))),
        transfer(longest, "wallet:1", MERCHANT, 10),
        transfer("rev:in", "wallet:1", "bank", 100),
        transfer("bad reference", "wallet:1", MERCHANT, 1),
        transfer("NULL", "wallet:1", MERCHANT, 1),
        transfer("zero", "wallet:1", MERCHANT, 0),
        transfer("self", "wallet:1", "wallet:1", 1),
        transfer("naive", "wallet:1", MERCHANT, 1, occurred_at=datetime(2026, 11, 21)),  # noqa: DTZ001 # the fault
        transfer("unknown", "wallet:1", "nowhere", 1),
        transfer("too-much", "wallet:1", MERCHANT, 90),
        transfer("fact-too-much", "wallet:1", MERCHANT, 90, fact=True),
        transfer("exactly", "wallet:1", MERCHANT, 89),
        transfer("derived", "m2", MERCHANT, 5),
        transfer("locked-both", "till:1", "wallet:2", 50, recharge=True),
        transfer("locked-both-too-low", "wallet:2", "till:1", 51),
        transfer("cash", "till:1", MERCHANT, 50),
        transfer("out-of-till", MERCHANT, "till:1", 101),
        transfer("out-of-till-all", MERCHANT, "till:1", 100),
        transfer("mixed", "bank", "usd:0", 1),
        transfer("other-currency", "usd:0", "usd:1", 5),
        transfer("full", "bank", "wallet:2", 150, recharge=True),
        transfer("over", "bank", "wallet:2", 1, recharge=True),
        transfer("over-refund", MERCHANT, "wallet:2", 1),
        transfer("over-fact", "bank", "wallet:2", 1, recharge=True, fact=True),
        *_barred(),
    ]


def _barred() -> list[Step]:
    """The rest of the script: accounts that are frozen, closed and held, books that are stopped, and another day."""
    return [
        _state("wallet:2", AccountState.FROZEN),
        transfer("frozen", "wallet:2", MERCHANT, 1),
        transfer("frozen-fact", "wallet:2", MERCHANT, 1, fact=True),
        transfer("frozen-in", "bank", "wallet:2", 1),
        _state("wallet:2", AccountState.OPEN),
        _state("m2", AccountState.FROZEN),
        transfer("frozen-derived", "m2", "bank", 1),
        transfer("frozen-derived-pays-in", "wallet:2", "m2", 1),
        _state("wallet:3", AccountState.CLOSED),
        transfer("closed", "bank", "wallet:3", 1, fact=True),
        transfer("before-hold", "wallet:2", MERCHANT, 1),
        _hold("h1", "wallet:2", MERCHANT, 5),
        _hold("h2", "wallet:2", "till:1", 60),
        transfer("beside-hold", "wallet:2", MERCHANT, 10),
        transfer("what-is-held", "wallet:2", MERCHANT, 150),
        lambda session: stop(session, "a test", now=AT),
        transfer("stopped", "wallet:2", MERCHANT, 1),
        transfer("exactly", "wallet:1", MERCHANT, 89),
        lambda session: release(session, "somebody", "a test", now=AT),
        lambda session: close_day(session, DAY, DAY + timedelta(days=1), now=AT),
        transfer("next-day", "wallet:2", MERCHANT, 1),
        transfer("in", "bank", "wallet:1", 100, journal="j:1"),
        lambda session: reverse(session, "next-day", occurred_at=AT, now=AT),
        transfer("next-day", "wallet:2", MERCHANT, 1),
    ]


def _play(sessions: Sessions, steps: Sequence[Step], *, hot: bool) -> tuple[list[object], list[list[object]]]:
    """What each step answers, and all that is stored in the end. Time passes: what is held is over before the last steps."""
    answers: list[object] = []
    with sessions.kw["bind"].connect() as connection:
        for number, step in enumerate(steps):
            now = AT + timedelta(minutes=number // 9)
            try:
                if not isinstance(step, Transfer):
                    with transaction(sessions) as session:
                        step(session)
                elif hot:
                    answers.append(post_hot(connection, step, now=now))
                else:
                    with transaction(sessions) as session:
                        answers.append(post(session, [step], now=now)[0])
            except LedgerError as error:
                answers.append((type(error), error.fields, str(error)))
    tables = ("ledger_transfer", "ledger_account", "ledger_hold", "ledger_day")
    with reading(sessions) as session:
        stored = [
            [tuple(row) for row in session.execute(text(f"SELECT * FROM {table} ORDER BY 1"))]  # noqa: S608 # our own names
            for table in tables
        ]
        assert prove(session).differences == ()
    return answers, stored  # type: ignore[return-value] # rows are objects


def test_hot_door_equals_the_ordinary_one(database: str, clone_database: Callable[[str], str]) -> None:
    """Through either door, by the short way or the long, the same script gets the same answers and leaves the same rows, byte for byte."""
    played = []
    for hot, level in ((False, "SERIALIZABLE"), (False, None), (True, None)):
        engine = make_engine(clone_database(database))
        # In a transaction of another isolation nothing is posted the short way.
        bind = engine.execution_options(isolation_level=level) if level and database == "postgresql" else engine
        played.append(_play(make_sessions(bind), script(), hot=hot))
        engine.dispose()
    ordinary, *fast = played
    for answers, stored in fast:
        assert answers == ordinary[0]
        assert stored == ordinary[1]
    refused = {answer[0] for answer in ordinary[0] if isinstance(answer, tuple) and not isinstance(answer, Posted)}
    assert refused == {*PRECEDENCE, NoOpenDay, LedgerStopped}


def hot(new: Transfer) -> Callable[[Sessions], bool]:
    """An action: post through the hot door; whether it was new."""

    def act(sessions: Sessions) -> bool:
        with sessions.kw["bind"].connect() as connection:
            return not post_hot(connection, new, now=AT).replayed

    return act


def test_one_wallet_both_doors(city: list[Sessions]) -> None:
    """A wallet with money for seven purchases, tills of both kinds at once: exactly seven are paid."""
    with transaction(city[0]) as session:
        fund(session, "wallet:1", 7 * 30 + 29)
    buys = [transfer(f"buy{number}", "wallet:1", MERCHANT, 30) for number in range(16)]
    answers = at_once(city, [(hot if number % 2 else posting)(buy) for number, buy in enumerate(buys)], BalanceTooLow)
    assert sum(answer is True for answer in answers) == 7
    with reading(city[0]) as session:
        assert held(session, "wallet:1", MERCHANT) == [29, 210]


@pytest.mark.parametrize("debit", ["bank", "wallet:1"])
def test_same_tap_at_both_doors(city: list[Sessions], debit: str) -> None:
    """A tap that arrives sixteen times at once, by both doors, is booked once, and fifteen times answered."""
    with transaction(city[0]) as session:
        fund(session, "wallet:1", 50)
    tap = transfer("tap", debit, MERCHANT, 30)
    answers = at_once(city, [(hot if number % 2 else posting)(tap) for number in range(16)])
    assert sorted(map(str, answers)) == ["False"] * 15 + ["True"]
    with reading(city[0]) as session:
        assert held(session, MERCHANT) == [30]


def test_nothing_hot_behind_the_cut(city: list[Sessions]) -> None:
    """Days close and are sealed while tills of both kinds sell: a day has every transfer up to its cut and none after."""
    with transaction(city[0]) as session:
        fund(session, "wallet:1", 1_000_000)
    over = threading.Event()

    def selling(till: int) -> Callable[[Sessions], int]:
        def act(sessions: Sessions) -> int:
            done = 0
            # A breath between two sales: SQLite gives the books to whoever asks in the right moment, and the close has to get them too.
            while not over.wait(0.01):
                debit = ("bank", "wallet:1")[done % 2]
                assert (hot if till % 2 else posting)(transfer(f"w{till}:{done}", debit, MERCHANT, 1))(sessions)
                done += 1
            return done

        return act

    def closing(sessions: Sessions) -> int:
        try:
            for number in range(5):
                day = DAY + timedelta(days=number)
                with transaction(sessions) as session:
                    close_day(session, day, day + timedelta(days=1), now=AT)
                with transaction(sessions) as session:
                    total_day(session, day)
                    seal(session, now=AT)
                over.wait(0.02)
        finally:
            over.set()
        return 0

    answers = at_once(city, [*(selling(till) for till in range(8)), closing])
    with reading(city[0]) as session:
        assert prove(session).transfers == 1 + sum(answer for answer in answers if isinstance(answer, int))
        assert session.execute(text("SELECT count(*) FROM ledger_seal")).scalar_one() > 0
