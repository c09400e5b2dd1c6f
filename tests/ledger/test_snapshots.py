"""What accounts held at the end of each day is kept, and agrees with the transfers."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading, transaction
from ledger import close_day, post, prove, snapshots, total_day
from ledger.cuts import sums_until
from tests.ledger.make import AT, DAY, books, tamper, transfer

NEXT = DAY + timedelta(days=1)
FAMILIES = ["bank", "wallet:<account>", "merchant:<m>:clearing"]


def three_days(session: Session) -> list[int]:
    """Three closed days in which the wallet gets 10, nothing, and 5; their cuts."""
    books(session)
    cuts = []
    for number, amount_fen in enumerate((10, 0, 5)):
        if amount_fen:
            post(session, [transfer(f"t{number}", "bank", "wallet:1", amount_fen)], now=AT)
        cuts.append(close_day(session, DAY + timedelta(days=number), NEXT + timedelta(days=number), now=AT).cut_id)
    post(session, [transfer("open", "bank", "wallet:1", 100)], now=AT)
    return cuts


def test_earlier_days_are_kept_first(session: Session) -> None:
    """Counting the third day keeps the first two as well; a day in which nothing moved keeps nothing, and again changes nothing."""
    cuts = three_days(session)
    for _ in range(2):
        total_day(session, DAY + timedelta(days=2))
    rows = session.execute(text("SELECT debits_fen, credits_fen FROM ledger_snapshot ORDER BY day, account_id")).all()
    assert [tuple(row) for row in rows] == [(10, 0), (0, 10), (15, 0), (0, 15)]
    assert session.execute(text("SELECT snapshots FROM ledger_day ORDER BY day")).scalars().all() == [2, 0, 2, None]
    base = snapshots.base_of(session, cuts[2])
    assert (base.day, base.cut_id) == (DAY + timedelta(days=2), cuts[2])
    assert snapshots.base_of(session, 0).cut_id == 0
    assert prove(session).differences == ()


def test_sums_at_a_cut_are_the_same_with_and_without(session: Session) -> None:
    """Whether a day was counted or not, what accounts held at its cut is the same."""
    cuts = three_days(session)

    def all_sums() -> list[list[tuple[str, int]]]:
        return [[(one.code, one.balance_fen) for one in sums_until(session, cut, FAMILIES)] for cut in cuts]

    before = all_sums()
    assert before[0] == [("bank", 10), ("wallet:1", 10)]
    assert before[2] == [("bank", 15), ("wallet:1", 15)]
    for number in range(3):
        total_day(session, DAY + timedelta(days=number))
        assert all_sums() == before


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE ledger_snapshot SET debits_fen = debits_fen + 1 WHERE account_id = 1", {"snapshot"}),
        ("DELETE FROM ledger_snapshot WHERE account_id = 1", {"snapshot", "snapshots"}),
        (
            "INSERT INTO ledger_snapshot (account_id, day, debits_fen, credits_fen) VALUES (99, '2026-11-21', 1, 1)",
            {"snapshots"},
        ),
    ],
)
def test_altered_snapshot_is_found(committed: Sessions, change: str, named: set[str]) -> None:
    """The server cannot rewrite a snapshot, and who owns the database is found out."""
    with transaction(committed) as session:
        three_days(session)
        total_day(session, DAY + timedelta(days=2))
    if not change.startswith("INSERT"):
        with pytest.raises(DBAPIError), transaction(committed) as session:
            session.execute(text(change))
    tamper(committed, change)
    with reading(committed) as session:
        assert {difference.what for difference in prove(session).differences} == named
