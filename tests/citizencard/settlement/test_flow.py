"""Closing the day: once in effect, however often and by however many it is done."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from citizencard import chart
from citizencard.audit import AuditEntry
from citizencard.db import Sessions, reading, transaction
from citizencard.settlement import flow
from citizencard.settlement.errors import DayNotClosed, DayNotOpen, NextDayWrong
from citizencard.settlement.flow import (
    DayClosing,
    SettledDay,
    end_due_holds,
    prove_books,
    release_ledger,
    settle_day,
    settle_unfinished,
    settled_day,
    stop_books,
)
from ledger import (
    HoldState,
    NewHold,
    balance,
    balance_on,
    close_day,
    find_hold,
    hold,
    open_day,
    snapshots,
    stopped,
)
from ledger.errors import LedgerStopped, NotStopped
from tests.citizencard.settlement.make import AFTER_NEXT, DAY, FINANCE, NEXT_DAY, begin, day_of_rides, move


def test_day_is_settled_once_by_six_at_once(committed: Sessions, now: datetime) -> None:
    """An impatient operator and a timer together close the day once and pay once."""
    with transaction(committed) as session:
        merchant_id = begin(session, now)
        day_of_rides(session, merchant_id, now)

    def settle(_: int) -> SettledDay:
        return settle_day(committed, DayClosing(DAY, NEXT_DAY), FINANCE, now)

    with ThreadPoolExecutor(6) as pool:
        settled = list(pool.map(settle, range(6)))
    assert {one.closed.cut_id for one in settled} == {6}
    with reading(committed) as session:
        assert balance(session, chart.payable(merchant_id)).balance_fen == 260
        assert open_day(session) == NEXT_DAY
    assert prove_books(committed, now).proved


def test_day_is_not_cut_before_the_day_before_is_netted(
    committed: Sessions, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody closes a day in the moment in which another is asked to close the next one: its money is netted once all the same."""
    with transaction(committed) as session:
        merchant_id = begin(session, now)
        day_of_rides(session, merchant_id, now)
    looked = flow.settle_unfinished

    def closed_after_the_look(*arguments: Any) -> list[SettledDay]:
        found = looked(*arguments)
        with transaction(committed) as session:
            close_day(session, DAY, NEXT_DAY, now=now)
        return found

    monkeypatch.setattr(flow, "settle_unfinished", closed_after_the_look)
    settled = settle_day(committed, DayClosing(NEXT_DAY, AFTER_NEXT), FINANCE, now)
    assert [position.clearing_fen for position in settled.positions] == [0]
    with reading(committed) as session:
        assert balance(session, chart.payable(merchant_id)).balance_fen == 260
        assert balance(session, chart.clearing(merchant_id)).balance_fen == 0


def test_holds_that_are_over_are_ended(sessions: Sessions, now: datetime) -> None:
    """The night gives back what nobody has settled, and leaves alone what is still promised."""
    wallet = chart.wallet("a")
    with transaction(sessions) as session:
        merchant_id = begin(session, now)
        move(session, now, [("in", chart.BANK_CUSTODY, wallet, 1_000)])
        chart.open_missing(session, [chart.clearing(merchant_id)])
    for reference, minutes in (("short", 1), ("long", 60)):
        with transaction(sessions) as session:
            until = now + timedelta(minutes=minutes)
            hold(session, NewHold(reference, wallet, chart.clearing(merchant_id), 300, "fuel", now, until), now=now)
    assert end_due_holds(sessions, now + timedelta(minutes=2)) == 1
    assert end_due_holds(sessions, now + timedelta(minutes=2)) == 0
    with reading(sessions) as session:
        assert find_hold(session, "short").state is HoldState.EXPIRED
        assert find_hold(session, "long").reserved_fen == 300


def test_only_the_open_day_can_be_closed(sessions: Sessions, now: datetime) -> None:
    """Neither a day to come nor a day without an end is closed by mistake, and nothing has changed."""
    with transaction(sessions) as session:
        begin(session, now)
    with pytest.raises(DayNotOpen) as refused:
        settle_day(sessions, DayClosing(NEXT_DAY, AFTER_NEXT), FINANCE, now)
    assert refused.value.public_fields() == {"day": NEXT_DAY, "open_day": DAY}
    with pytest.raises(NextDayWrong):
        settle_day(sessions, DayClosing(DAY, date(2026, 11, 20)), FINANCE, now)
    with pytest.raises(DayNotClosed):
        settled_day(sessions, DAY)
    with reading(sessions) as session:
        assert open_day(session) == DAY


def test_day_that_was_closed_and_not_settled_is_paid_once(sessions: Sessions, now: datetime) -> None:
    """The process dies right after the close, the next day is settled first, then the old one: each ride is paid out once."""
    with transaction(sessions) as session:
        merchant_id = begin(session, now)
        day_of_rides(session, merchant_id, now)
    with transaction(sessions) as session:
        close_day(session, DAY, NEXT_DAY, now=now)  # and then the process died
    with transaction(sessions) as session:
        day_of_rides(session, merchant_id, now, "b")
    second = settle_day(sessions, DayClosing(NEXT_DAY, AFTER_NEXT), FINANCE, now)
    first = settle_day(sessions, DayClosing(DAY, NEXT_DAY), FINANCE, now)
    assert [position.clearing_fen for position in (*first.positions, *second.positions)] == [260, 260]
    with reading(sessions) as session:
        assert balance(session, chart.clearing(merchant_id)).balance_fen == 0
        assert balance(session, chart.payable(merchant_id)).balance_fen == 520


def test_settled_day_is_kept(sessions: Sessions, now: datetime) -> None:
    """What was certified can be read again, word for word."""
    with transaction(sessions) as session:
        begin(session, now)
    settled = settle_day(sessions, DayClosing(DAY, NEXT_DAY), FINANCE, now)
    positions, certificate = settled_day(sessions, DAY)
    assert [p.clearing_fen for p in positions] == [p.clearing_fen for p in settled.positions]
    assert certificate.surplus_fen == 0


def test_books_that_differ_stop_the_city_until_somebody_has_looked(committed: Sessions, now: datetime) -> None:
    """A difference stops posting; who releases it, and why, is in the audit."""
    with transaction(committed) as session:
        merchant_id = begin(session, now)
        day_of_rides(session, merchant_id, now)
    with transaction(committed) as session:
        session.execute(
            text("UPDATE ledger_account SET posted_credits_fen = posted_credits_fen + 1 WHERE code = :code"),
            {"code": chart.clearing(merchant_id)},
        )
    assert not prove_books(committed, now).proved
    with pytest.raises(LedgerStopped), transaction(committed) as session:
        day_of_rides(session, merchant_id, now, "b")
    with transaction(committed) as session:
        session.execute(
            text("UPDATE ledger_account SET posted_credits_fen = posted_credits_fen - 1 WHERE code = :code"),
            {"code": chart.clearing(merchant_id)},
        )
    assert prove_books(committed, now).proved
    with reading(committed) as session:
        assert stopped(session), "a proof releases nothing"
    assert "credits_differ" in release_ledger(committed, FINANCE, "a finger on the database", now).cause
    with pytest.raises(NotStopped):
        release_ledger(committed, FINANCE, "again", now)
    with transaction(committed) as session:
        day_of_rides(session, merchant_id, now, "b")
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "ledger.release")).one()
        assert (entry.actor_id, entry.reason) == (FINANCE.id, "a finger on the database")


def test_settled_day_is_folded_and_sealed(committed: Sessions, now: datetime) -> None:
    """After the close the checkpoints stand at the cut and the chain covers it."""
    with transaction(committed) as session:
        merchant_id = begin(session, now)
        day_of_rides(session, merchant_id, now)
    settled = settle_day(committed, DayClosing(DAY, NEXT_DAY), FINANCE, now)
    with reading(committed) as session:
        assert session.execute(text("SELECT max(folded_to) FROM ledger_fold")).scalar_one() == settled.closed.cut_id
        assert session.execute(text("SELECT max(last_id) FROM ledger_seal")).scalar_one() == settled.closed.cut_id


def test_books_that_are_stopped_are_sealed_all_the_same(committed: Sessions, now: datetime) -> None:
    """Evidence is kept: the day closes, its transfers and acts are sealed; no money moves, and nothing is folded, until the release."""
    with transaction(committed) as session:
        merchant_id = begin(session, now)
        day_of_rides(session, merchant_id, now)
    stop_books(committed, "a head of before does not fit", now)
    with pytest.raises(LedgerStopped):
        settle_day(committed, DayClosing(DAY, NEXT_DAY), FINANCE, now)
    with reading(committed) as session:
        assert session.execute(text("SELECT max(last_id) FROM ledger_seal")).scalar_one() == 6
        assert session.execute(text("SELECT max(last_id) FROM audit_seal")).scalar_one() == 1
        assert session.execute(text("SELECT count(*) FROM ledger_fold")).scalar_one() == 0
        assert open_day(session) == NEXT_DAY
    release_ledger(committed, FINANCE, "it was the wrong file", now)
    (left,) = settle_unfinished(committed, NEXT_DAY, now)
    assert [position.clearing_fen for position in left.positions] == [260]


def test_killed_after_the_close_the_next_run_makes_snapshots_folds_and_seals(
    committed: Sessions, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever step the process dies at, the next run brings the day to the same end, and past balances begin at its snapshot."""
    with transaction(committed) as session:
        merchant_id = begin(session, now)
        day_of_rides(session, merchant_id, now)
    for step in ("total_day", "fold", "seal", "seal_trail", "net", "certify"):
        with monkeypatch.context() as killed:
            killed.setattr(flow, step, die)
            with pytest.raises(Killed):
                settle_day(committed, DayClosing(DAY, NEXT_DAY), FINANCE, now)
    settle_day(committed, DayClosing(DAY, NEXT_DAY), FINANCE, now)
    with reading(committed) as session:
        assert snapshots.base_of(session, 6) == snapshots.Base(DAY, 6)
        assert balance_on(session, chart.clearing(merchant_id), DAY).balance_fen == 260
        assert session.execute(text("SELECT max(folded_to), count(*) FROM ledger_fold")).one() == (6, 1)
        assert session.execute(text("SELECT max(last_id), count(*) FROM ledger_seal")).one() == (6, 1)
        assert session.execute(text("SELECT max(last_id), count(*) FROM audit_seal")).one() == (1, 1)
    assert prove_books(committed, now).proved


class Killed(BaseException):
    """The end of a process, as no handler of ours sees it."""


def die(*_arguments: object, **_named: object) -> None:
    raise Killed
