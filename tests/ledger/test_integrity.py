"""The proof finds what somebody who owns the database has changed."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading, transaction
from ledger import Proof, close_day, integrity, post, prove, reverse, total_day
from tests.ledger.make import AT, DAY, books, tamper, transfer

MERCHANT = "merchant:1:clearing"


@pytest.fixture
def city(committed: Sessions) -> Sessions:
    """Books of a closed day and an open one, with a reversal."""
    with transaction(committed) as session:
        books(session)
        post(
            session,
            [
                transfer("in", "bank", "wallet:1", 1_000, journal="j", metadata={"slip": 1}),
                transfer("cash", "till:1", "wallet:1", 500),
                transfer("ride1", "wallet:1", MERCHANT, 180),
                transfer("ride2", "wallet:1", MERCHANT, 80),
                transfer("derived", "bank", MERCHANT, 33),
            ],
            now=AT,
        )
    with transaction(committed) as session:
        close_day(session, DAY, DAY + timedelta(days=1), now=AT)
    with transaction(committed) as session:
        total_day(session, DAY)
        post(session, [transfer("ride3", "wallet:1", MERCHANT, 200)], now=AT)
    with transaction(committed) as session:
        reverse(session, "ride2", occurred_at=AT, now=AT)
    assert proof(committed).proved
    return committed


def proof(sessions: Sessions) -> Proof:
    with reading(sessions) as session:
        return prove(session)


def test_sound_books_are_proved(city: Sessions) -> None:
    """A proof counts what it looked at and finds nothing."""
    found = proof(city)
    assert (found.proved, found.differences, found.transfers, found.accounts) == (True, (), 7, 4)
    assert found.total_fen == 1_000 + 500 + 180 + 80 + 33 + 200 + 80


@pytest.mark.parametrize(
    ("change", "what", "where"),
    [
        ("UPDATE ledger_transfer SET amount_fen = 181 WHERE reference = 'ride1'", "fingerprint", "ride1"),
        ("UPDATE ledger_transfer SET amount_fen = 34 WHERE reference = 'derived'", "fingerprint", "derived"),
        ("UPDATE ledger_transfer SET amount_fen = 0 WHERE reference = 'derived'", "amount", "derived"),
        ("UPDATE ledger_transfer SET kind = 'gift' WHERE reference = 'ride1'", "fingerprint", "ride1"),
        ("UPDATE ledger_transfer SET journal = NULL WHERE reference = 'in'", "fingerprint", "in"),
        (
            "UPDATE ledger_transfer SET occurred_at = '2026-11-20 00:00:00+00:00' WHERE reference = 'in'",
            "fingerprint",
            "in",
        ),
        ("UPDATE ledger_transfer SET currency = 'USD' WHERE reference = 'in'", "currency", "in"),
        ("UPDATE ledger_transfer SET reference = 'ride one' WHERE reference = 'ride1'", "reference", "ride one"),
        ("UPDATE ledger_transfer SET metadata = '{\"slip\": 1}' WHERE reference = 'in'", "metadata", "in"),
        ("UPDATE ledger_transfer SET metadata = '{' WHERE reference = 'in'", "metadata", "in"),
        ("UPDATE ledger_transfer SET debit_id = 99 WHERE reference = 'derived'", "unknown_account", "derived"),
        ("UPDATE ledger_transfer SET credit_id = 99 WHERE reference = 'derived'", "unknown_account", "derived"),
        (
            "UPDATE ledger_transfer SET debit_id = credit_id, credit_id = debit_id WHERE reference = 'ride1'",
            "fingerprint",
            "ride1",
        ),
        ("DELETE FROM ledger_transfer WHERE reference = 'ride1'", "debits_differ", "wallet:1"),
        ("DELETE FROM ledger_transfer WHERE reference = 'derived'", "day_totals", "2026-11-21"),
        ("DELETE FROM ledger_transfer WHERE reference = 'cash'", "debits_differ", "till:1"),
        ("DELETE FROM ledger_account WHERE code = 'bank'", "unknown_account", "in"),
        (
            "UPDATE ledger_account SET posted_credits_fen = posted_credits_fen + 1 WHERE code = 'wallet:1'",
            "credits_differ",
            "wallet:1",
        ),
        ("UPDATE ledger_account SET posted_credits_fen = 5 WHERE code = 'bank'", "credits_differ", "bank"),
        ("UPDATE ledger_account SET folded_to = 3 WHERE code = 'bank'", "debits_differ", "bank"),
        ("UPDATE ledger_account SET code = 'wallet:2' WHERE code = 'wallet:1'", "fingerprint", "in"),
        ("UPDATE ledger_account SET floor_fen = 1300 WHERE code = 'wallet:1'", "below_floor", "wallet:1"),
        ("UPDATE ledger_account SET state = 'closed' WHERE code = 'bank'", "closed_with_money", "bank"),
        ("UPDATE ledger_account SET type = 'asset' WHERE code = 'wallet:1'", "below_floor", "wallet:1"),
        ("UPDATE ledger_transfer SET business_date = '2026-11-22' WHERE reference = 'ride1'", "business_date", "ride1"),
        ("UPDATE ledger_transfer SET business_date = '2026-11-21' WHERE reference = 'ride3'", "business_date", "ride3"),
        ("UPDATE ledger_transfer SET business_date = '2020-01-01' WHERE reference = 'ride3'", "business_date", "ride3"),
        ("UPDATE ledger_day SET cut_id = 4 WHERE cut_id IS NOT NULL", "business_date", "derived"),
        ("UPDATE ledger_day SET transfers = 6 WHERE cut_id IS NOT NULL", "day_totals", "2026-11-21"),
        (
            "UPDATE ledger_day SET state = 'closed', closed_at = opened_at, cut_id = 3 WHERE cut_id IS NULL",
            "day_cut",
            "2026-11-22",
        ),
        ("DELETE FROM ledger_day WHERE cut_id IS NULL", "day_order", "days"),
        ("DELETE FROM ledger_day", "business_date", "in"),
        ("UPDATE ledger_transfer SET reverses = 1 WHERE reverses IS NOT NULL", "reversal", "rev:ride2"),
        ("UPDATE ledger_transfer SET reverses = NULL", "reversal", "rev:ride2"),
        ("UPDATE ledger_transfer SET reverses = 99 WHERE reverses IS NOT NULL", "reversal", "rev:ride2"),
        ("UPDATE ledger_transfer SET amount_fen = 79 WHERE reverses IS NOT NULL", "reversal", "rev:ride2"),
    ],
)
def test_tampering_is_named(city: Sessions, change: str, what: str, where: str) -> None:
    """Whatever an owner of the database alters, removes or adds, the proof names the place."""
    tamper(city, change)
    found = proof(city).differences
    assert any(difference.what == what and difference.where.endswith(where) for difference in found), found
    assert all(difference.expected != difference.found for difference in found)


COLUMNS = "debit_id, credit_id, amount_fen, currency, kind, occurred_at, recorded_at, business_date, journal, fingerprint, metadata"


@pytest.mark.parametrize(("number", "found"), [(-1, "business_date"), (4, "day_totals"), (1_000, "business_date")])
def test_inserted_transfer_is_found(city: Sessions, number: int, found: str) -> None:
    """A transfer between two accounts without a stored balance, copied into a closed day, is found by the day."""
    overriding = "OVERRIDING SYSTEM VALUE" if city.kw["bind"].dialect.name == "postgresql" else ""
    tamper(
        city,
        "DELETE FROM ledger_transfer WHERE id = 4",
        f"INSERT INTO ledger_transfer (id, reference, {COLUMNS}) {overriding}"  # noqa: S608 # constants
        f" SELECT {number}, 'forged', {COLUMNS} FROM ledger_transfer WHERE reference = 'derived'",
    )
    assert found in {difference.what for difference in proof(city).differences}


def test_second_reversal_is_found(city: Sessions) -> None:
    """Two reversals of one transfer, slipped past the unique index, are found."""
    tamper(
        city,
        "DROP INDEX uq_ledger_transfer_reverses",
        f"INSERT INTO ledger_transfer (reference, {COLUMNS}, reverses)"  # noqa: S608 # constants
        f" SELECT 'rev:other', {COLUMNS}, reverses FROM ledger_transfer WHERE reverses IS NOT NULL",
    )
    found = {difference.what for difference in proof(city).differences}
    assert found >= {"reversed_twice", "reversal", "credits_differ"}


def test_list_of_differences_is_bounded(city: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ruined books give a list of readable length, and still no proof."""
    monkeypatch.setattr(integrity, "MAX_DIFFERENCES", 3)
    tamper(city, "UPDATE ledger_transfer SET kind = 'ruined'")
    found = proof(city)
    assert (len(found.differences), found.proved) == (3, False)


def test_proof_changes_nothing(city: Sessions) -> None:
    """A proof runs in a session that may only read."""
    with reading(city) as session:
        before = session.execute(text("SELECT count(*) FROM ledger_transfer")).scalar()
        assert prove(session).proved
        assert session.execute(text("SELECT count(*) FROM ledger_transfer")).scalar() == before


def test_reference_in_capitals_is_no_reversal(session: Session) -> None:
    """Outside ids keep their case: `REV:7` is a reference like any other, on both databases."""
    books(session)
    post(session, [transfer("REV:7", "bank", "merchant:1:clearing", 5)], now=AT)
    assert prove(session).differences == ()
