"""The plain case: one round trip, alone or within a transaction, and nothing of it where it does not fit."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.db import Sessions, make_engine, make_sessions, reading, transaction
from ledger import post, prove
from ledger.errors import BalanceTooLow, ReferenceReused
from ledger.plain import alone, within
from tests.ledger.make import AT, books, fund, held, transfer, wallet
from tests.ledger.racing import at_once

MERCHANT = "merchant:1:clearing"


@pytest.fixture
def is_fast(committed: Sessions) -> bool:
    """Whether the database takes the short way at all."""
    return bool(committed.kw["bind"].dialect.name == "postgresql")


@pytest.fixture
def shop(committed: Sessions) -> Sessions:
    """A city with 100 fen in its first wallet."""
    with transaction(committed) as session:
        books(session, wallet("wallet:2"))
        fund(session, "wallet:1", 100)
    return committed


def test_plain_case_takes_the_fast_way(shop: Sessions, is_fast: bool) -> None:
    """A tap at a shop takes one round trip on PostgreSQL; what the fast statement does not take, it leaves as it was."""
    plain = [
        transfer("tap", "wallet:1", MERCHANT, 1),
        transfer("refund", MERCHANT, "wallet:1", 1),
        transfer("top-up", "bank", "wallet:2", 5, recharge=True),
        transfer("cash", "till:1", MERCHANT, 1),
        transfer("derived", "bank", MERCHANT, 1),
    ]
    with shop.kw["bind"].connect() as connection:
        for new in plain:
            assert (alone(connection, new, AT) is not None) == is_fast
        for new in (plain[0], transfer("two", "wallet:1", "wallet:2", 1), transfer("dear", "wallet:1", MERCHANT, 101)):
            assert alone(connection, new, AT) is None
    with reading(shop) as session:
        assert held(session, "wallet:1", "wallet:2") == [100, 5 if is_fast else 0]


@pytest.mark.parametrize("begun", [False, True])
def test_joins_the_transaction(shop: Sessions, is_fast: bool, begun: bool) -> None:
    """Money moves with the fact it belongs to, or with it does not: also where it is the first thing a transaction does."""

    def sell(session: Session, name: str) -> None:
        if begun:
            session.execute(text("SELECT 1"))
        for number in range(2):
            assert (within(session, transfer(f"{name}{number}", "wallet:1", MERCHANT, 5), AT) is not None) == is_fast

    with shop() as session:
        sell(session, "lost")
        session.rollback()
        sell(session, "kept")
        session.commit()
    with reading(shop) as session:
        assert held(session, "wallet:1") == [90 if is_fast else 100]
        assert (
            session.execute(text("SELECT count(*) FROM ledger_transfer WHERE reference LIKE 'lost%'")).scalar_one() == 0
        )
        assert prove(session).differences == ()


@pytest.mark.parametrize("begun", [False, True])
def test_refusal_leaves_the_transaction_as_it_was(shop: Sessions, begun: bool) -> None:
    """Who is told no goes on: what was written before stands, and the next transfer is posted."""
    with transaction(shop) as session:
        if begun:
            fund(session, "wallet:2", 3)
        with pytest.raises(BalanceTooLow):
            post(session, [transfer("dear", "wallet:1", MERCHANT, 101)], now=AT)
        post(session, [transfer("cheap", "wallet:1", MERCHANT, 7)], now=AT)
        (again,) = post(session, [transfer("cheap", "wallet:1", MERCHANT, 7)], now=AT)
        assert again.replayed
        with pytest.raises(ReferenceReused):
            post(session, [transfer("cheap", "wallet:1", MERCHANT, 8)], now=AT)
    with reading(shop) as session:
        assert held(session, "wallet:1", "wallet:2") == [93, 3 if begun else 0]
        assert prove(session).differences == ()


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("debit", ["bank", "wallet:1"])
def test_same_tap_in_many_transactions(city: list[Sessions], begun: bool, debit: str) -> None:
    """A tap that arrives in sixteen transactions at once is booked once, and each of them keeps the rest of its work."""
    with transaction(city[0]) as session:
        fund(session, "wallet:1", 50)
    tap = transfer("tap", debit, MERCHANT, 30)

    def act(sessions: Sessions) -> bool:
        with transaction(sessions) as session:
            if begun:
                session.execute(text("CREATE TEMPORARY TABLE IF NOT EXISTS fact (n integer)"))
                # A connection may have served another one before.
                session.execute(text("DELETE FROM fact"))
                session.execute(text("INSERT INTO fact VALUES (1)"))
            (posted,) = post(session, [tap], now=AT)
            if begun:
                assert session.execute(text("SELECT count(*) FROM fact")).scalar_one() == 1
        return not posted.replayed

    answers = at_once(city, [act] * 16)
    assert sorted(map(str, answers)) == ["False"] * 15 + ["True"]
    with reading(city[0]) as session:
        assert held(session, MERCHANT) == [30]


@pytest.mark.parametrize("begun", [False, True])
def test_driver_forgets_what_was_prepared(shop: Sessions, is_fast: bool, begun: bool) -> None:
    """A till whose connection has seen rolled back work goes on selling: what the driver forgot is prepared again."""
    for number in range(2):
        with transaction(shop) as session:
            assert (within(session, transfer(f"a{number}", "wallet:1", MERCHANT, 1), AT) is not None) == is_fast
        with shop() as session:
            for _ in range(8):
                session.execute(text("SELECT 1"))
            session.rollback()
        with transaction(shop) as session:
            if begun:
                session.execute(text("SELECT 1"))
            assert (within(session, transfer(f"b{number}", "wallet:1", MERCHANT, 1), AT) is not None) == is_fast


def test_other_isolation_goes_the_ordinary_way(shop: Sessions, clone_database: Callable[[str], str]) -> None:
    """Whoever asked for a transaction of another kind gets it."""
    if shop.kw["bind"].dialect.name != "postgresql":
        return
    strict = make_sessions(make_engine(clone_database("postgresql")).execution_options(isolation_level="SERIALIZABLE"))
    with transaction(strict) as session:
        books(session)
        assert within(session, transfer("a", "bank", MERCHANT, 1), AT) is None
        assert session.execute(text("SHOW transaction_isolation")).scalar_one() == "serializable"
        assert not post(session, [transfer("a", "bank", MERCHANT, 1)], now=AT)[0].replayed
    strict.kw["bind"].dispose()
