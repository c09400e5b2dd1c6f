"""What the proof asks beyond the ledger's own invariants."""

from datetime import datetime, timedelta

import pytest

from citizencard import chart
from citizencard.db import Sessions, transaction
from citizencard.settlement.flow import DayClosing, ProvingWith, prove_books, release_ledger, settle_day, stop_books
from tests.citizencard.settlement.make import DAY, FINANCE, NEXT_DAY, begin, day_of_rides
from tests.ledger.make import tamper


@pytest.fixture
def city(committed: Sessions, now: datetime) -> Sessions:
    """A city after its first day, with both kinds of on-line account."""
    with transaction(committed) as session:
        day_of_rides(session, begin(session, now), now)
        chart.open_missing(session, [chart.wallet("bearer")])
    settle_day(committed, DayClosing(DAY, NEXT_DAY), FINANCE, now)
    assert found(committed, now) == set()
    return committed


def found(sessions: Sessions, now: datetime, processes: int = 1) -> set[tuple[str, str]]:
    proof = prove_books(sessions, now, ProvingWith(processes=processes))
    return {(difference.what, difference.where) for difference in proof.differences}


def test_terms_of_an_account_are_the_charts(city: Sessions, now: datetime) -> None:
    """Whoever lets an account fall below zero, hold more, be of another kind, or be none of the chart's, is found by the next proof."""
    registered = "UPDATE ledger_account SET ceiling_fen = 500000 WHERE code = 'wallet:bearer'"
    tamper(city, registered)
    assert found(city, now) == set(), "the higher ceiling is a registered holder's"
    tamper(
        city,
        "UPDATE ledger_account SET floor_fen = -100 WHERE code = 'till:1'",
        "UPDATE ledger_account SET ceiling_fen = NULL WHERE code = 'wallet:bearer'",
        "UPDATE ledger_account SET type = 'income' WHERE code LIKE 'merchant%payable'",
        "UPDATE ledger_account SET family = 'purse' WHERE code = 'purse:card_1'",
        "UPDATE ledger_account SET locked = false, floor_fen = NULL WHERE code = 'inload:card_1'",
        "INSERT INTO ledger_account (code, type, family, currency, locked) VALUES ('mine', 'asset', 'mine', 'CNY', false)",
    )
    alone = found(city, now)
    named = {where for what, where in alone if what == "chart_terms"}
    assert named >= {
        "account till:1",
        "account wallet:bearer",
        "account purse:card_1",
        "account inload:card_1",
        "account mine",
    }
    assert len(named) == 6
    assert found(city, now, processes=2) == alone


def test_settled_day_has_its_count(city: Sessions, now: datetime) -> None:
    """A day that was made to forget its count, so that rows could go missing from it, is named."""
    tamper(
        city,
        "UPDATE ledger_day SET transfers = NULL, total_fen = NULL, snapshots = NULL WHERE cut_id IS NOT NULL",
        "DELETE FROM ledger_snapshot",
    )
    assert found(city, now) == {("day_totals", f"day {DAY}")}


def test_stop_is_neither_removed_nor_released_in_silence(city: Sessions, now: datetime) -> None:
    """Money that moves again without anybody's act in the audit trail is a difference, and stops again."""
    spoil = "UPDATE ledger_account SET posted_debits_fen = posted_debits_fen + 1 WHERE code = 'till:1'"
    mend = spoil.replace("+", "-")
    tamper(city, spoil)
    assert found(city, now)
    tamper(city, mend, "DELETE FROM ledger_stop")
    later = now + timedelta(minutes=1)
    assert {what for what, _ in found(city, later)} == {"stop_missing"}
    release_ledger(city, FINANCE, "restored, and looked at", later)
    assert found(city, later + timedelta(minutes=1)) == set()
    stop_books(city, "a head does not fit", later)
    tamper(
        city,
        "UPDATE ledger_stop SET state = 'released', released_at = '2036-11-21 00:00:00.000000+00:00', released_by = 'x', reason = ''"
        " WHERE state = 'stopped'",
    )
    assert {what for what, _ in found(city, now + timedelta(hours=2))} == {"stop_released"}
