"""What an export is made of."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading, transaction
from ledger import close_day, post, reverse
from ledger.export import Format, export, period_of
from ledger.export.reading import closings, entries, openings
from tests.ledger.export import parsers
from tests.ledger.make import AT, DAY, books, tamper, transfer

NEXT = DAY + timedelta(days=1)


def ride_and_back(session: Session) -> None:
    """A load and a ride on the first day; the ride is reversed on the second."""
    books(session)
    post(
        session,
        [
            transfer("load", "bank", "wallet:1", 500, journal="j", metadata={"b": 1, "a": "x"}),
            transfer("ride", "wallet:1", "merchant:1:clearing", 180),
        ],
        now=AT,
    )
    close_day(session, DAY, NEXT, now=AT)
    reverse(session, "ride", occurred_at=AT, now=AT)


def test_parts_of_a_period(session: Session) -> None:
    """Beginning, transfers and end of a day: what was held, what was moved and why, what is held."""
    ride_and_back(session)
    period = period_of(session, NEXT)
    assert {held.code: held.debit_fen for held in openings(session, period)} == {
        "bank": 500,
        "wallet:1": -320,
        "merchant:1:clearing": -180,
    }
    (back,) = entries(session, period)
    assert (back.reference, back.debit, back.credit, back.amount_fen) == (
        "rev:ride",
        "merchant:1:clearing",
        "wallet:1",
        180,
    )
    assert (back.kind, back.business_date, back.occurred_at, back.reverses) == ("reversal", NEXT, AT, back.id - 1)
    ends = {held.code: held.debit_fen for held in closings(session, period)}
    assert ends == {"bank": 500, "wallet:1": -500, "merchant:1:clearing": 0}
    load, _ = entries(session, period_of(session, last=DAY))
    assert (load.journal, load.metadata) == ("j", '{"a":"x","b":1}')


def test_unmoved_accounts_are_left_out(session: Session) -> None:
    """Three million cards that were never used make no file longer."""
    ride_and_back(session)
    for last in (DAY, None):
        assert "till:1" not in {held.code for held in closings(session, period_of(session, last=last))}


def test_false_balance_shows_in_the_other_program(committed: Sessions, tmp_path: Path) -> None:
    """Who forges a balance in the database is found by a program that he has no hand in."""
    with transaction(committed) as session:
        ride_and_back(session)
    tamper(committed, "UPDATE ledger_account SET posted_credits_fen = posted_credits_fen + 1 WHERE code = 'wallet:1'")
    file = tmp_path / "books.journal"
    with reading(committed) as session:
        file.write_text("".join(export(session, period_of(session), Format.HLEDGER)))
    assert "balance assertion" in parsers.refused_by("hledger", "-f", file, "check")
