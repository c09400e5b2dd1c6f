"""What was in the books at an instant, or at the end of a day, can be asked for ever after."""

from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from ledger import (
    balance_at,
    balance_on,
    close_day,
    draw_cut,
    post,
    prove,
    total_day,
    trial_balance_at,
    trial_balance_on,
)
from ledger.errors import UnknownAccount
from tests.ledger.make import AT, DAY, books, transfer

MERCHANT = "merchant:1:clearing"
HOUR = timedelta(hours=1)
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def city(session: Session) -> Session:
    """10 at 0 h, 20 at 1 h, a close at 2 h, 5 back at 3 h, a cut at 4 h, and 7 at 5 h that came before the clock said so."""
    books(session)
    post(session, [transfer("a", "bank", "wallet:1", 10)], now=AT)
    post(session, [transfer("b", "bank", MERCHANT, 20)], now=AT + HOUR)
    close_day(session, DAY, NEXT, now=AT + 2 * HOUR)
    post(session, [transfer("c", MERCHANT, "bank", 5)], now=AT + 3 * HOUR)
    draw_cut(session, AT + 4 * HOUR)
    post(session, [transfer("d", "bank", MERCHANT, 7)], now=AT + 5 * HOUR)
    return session


@pytest.mark.parametrize("counted", [False, True])
def test_balance_of_an_instant(city: Session, *, counted: bool) -> None:
    """Each instant has its balance, final once a later cut was drawn, with snapshots or without."""
    if counted:
        total_day(city, DAY)
    seen = [
        (found.balance_fen, found.final)
        for found in (balance_at(city, MERCHANT, AT + hours * HOUR) for hours in (-1, 0, 1, 2, 3, 4, 5))
    ]
    assert seen == [(0, True), (0, True), (20, True), (20, True), (15, True), (15, False), (22, False)]
    bank = balance_at(city, "bank", AT + HOUR)
    assert (bank.debits_fen, bank.credits_fen, bank.balance_fen, bank.family) == (30, 0, 30, "bank")
    with pytest.raises(UnknownAccount):
        balance_at(city, "nowhere", AT)
    totals = trial_balance_at(city, AT + 3 * HOUR)
    assert (totals.final, totals.totals.total_debits_fen, totals.totals.total_credits_fen) == (True, 35, 35)


def test_late_record_does_not_change_what_was_final(city: Session) -> None:
    """A posting that says it was recorded before the last cut came after it, and counts only from there on."""
    before = balance_at(city, MERCHANT, AT + 3 * HOUR)
    post(city, [transfer("late", "bank", MERCHANT, 100)], now=AT + HOUR)
    assert balance_at(city, MERCHANT, AT + 3 * HOUR) == before
    assert balance_at(city, MERCHANT, AT + 4 * HOUR).balance_fen == 115
    draw_cut(city, AT)
    assert balance_at(city, MERCHANT, AT + 3 * HOUR) == before
    assert prove(city).differences == ()


@pytest.mark.parametrize("counted", [False, True])
def test_balance_of_a_day(city: Session, *, counted: bool) -> None:
    """A closed day has a final balance; before the books there was nothing; an open day has what is there now."""
    if counted:
        total_day(city, DAY)
    days = (DAY - timedelta(days=1), DAY, NEXT, NEXT + timedelta(days=9))
    found = [balance_on(city, MERCHANT, day) for day in days]
    assert [(one.balance_fen, one.final) for one in found] == [(0, True), (20, True), (22, False), (22, False)]
    totals = trial_balance_on(city, DAY)
    shown = {row.family: row.balance_fen for row in totals.totals.rows}
    assert shown == {"bank": 30, MERCHANT.replace("1", "<m>"): 20, "till:<till>": 0, "wallet:<account>": 10}
    assert trial_balance_on(city, NEXT).totals.total_debits_fen == 42


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_past_is_read_from_a_snapshot_and_a_bounded_rest(session: Session) -> None:
    """However old the books are, no question about the past walks through them: each look is by an index, between two ids."""
    books(session)
    asked: list[tuple[str, object]] = []

    def listen(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        if "ledger_transfer" in statement:
            asked.append((statement, parameters))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", listen)
    balance_at(session, "bank", AT)
    balance_on(session, "bank", DAY)
    trial_balance_at(session, AT)
    trial_balance_on(session, DAY)
    event.remove(connection, "before_cursor_execute", listen)
    assert len(asked) == 4
    for statement, parameters in asked:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type] # as they were
        looks = [row.detail for row in plan if " t " in row.detail]
        assert len(looks) == 2
        assert all(look.startswith("SEARCH t USING INDEX") and "id>? AND id<?)" in look for look in looks)
