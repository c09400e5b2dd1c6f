"""Whatever somebody who owns the database does to any table of the books, the proof names it."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading
from ledger import Difference, Proof, prove
from ledger.proving import accounts, crew, transfers
from ledger.proving.units import Unit, plan
from ledger.transfers import canonical_metadata
from tests.ledger.full_books import MERCHANT, full_books
from tests.ledger.make import is_postgresql, tamper

COPIED = "debit_id, credit_id, amount_fen, currency, kind, occurred_at, recorded_at, business_date, journal, fingerprint, metadata"


@pytest.fixture
def city(committed: Sessions) -> Sessions:
    """Sound books in which everything is there."""
    full_books(committed)
    assert proof(committed).differences == ()
    return committed


def proof(sessions: Sessions, processes: int = 1) -> Proof:
    with reading(sessions) as session:
        return prove(session, processes=processes)


def told(differences: tuple[Difference, ...]) -> set[tuple[str, str]]:
    return {(difference.what, difference.where) for difference in differences}


def rewritten(sessions: Sessions, *statements: str) -> set[tuple[str, str]]:
    tamper(sessions, *statements)
    return told(proof(sessions).differences)


def inserting(sessions: Sessions, table: str, columns: str, values: str) -> str:
    overriding = "OVERRIDING SYSTEM VALUE" if is_postgresql(sessions.kw["bind"]) else ""
    return f"INSERT INTO {table} ({columns}) {overriding} {values}"


def test_altered_middle_rows_are_named(city: Sessions) -> None:
    """Each field of a transfer in the middle: by itself, and by the seal over it; two processes say the same as one."""
    found = rewritten(
        city,
        "UPDATE ledger_transfer SET amount_fen = 181 WHERE id = 2",
        "UPDATE ledger_transfer SET credit_id = debit_id WHERE id = 3",
        "UPDATE ledger_transfer SET occurred_at = '2026-11-20 00:00:00.5+00:00' WHERE id = 4",
        "UPDATE ledger_transfer SET reference = 'rev:5' WHERE id = 5",
        'UPDATE ledger_transfer SET metadata = \'{"till"\\:"t-1","slip"\\:1}\' WHERE id = 1',
        "UPDATE ledger_transfer SET recorded_at = '2020-01-01 00:00:00+00:00' WHERE id = 6",
        "UPDATE ledger_transfer SET kind = 'RIDE', journal = 'a b' WHERE id = 7",
    )
    assert found >= {
        ("fingerprint", "transfer 2 ride1"),
        ("one_account", "transfer 3 ride2"),
        ("fingerprint", "transfer 4 derived"),
        ("reversal", "transfer 5 rev:5"),
        ("metadata", "transfer 1 in"),
        ("kind", "transfer 7 ride3"),
        ("journal", "transfer 7 ride3"),
        *(("sealed_row_altered", f"transfer {number}") for number in range(1, 8)),
        ("reversal", "transfer 8 rev:ride2"),
        ("day_totals", "day 2026-11-21"),
        ("snapshot", f"account {MERCHANT} on 2026-11-21"),
        ("debits_differ", "account wallet:1"),
    }
    alone, together = proof(city), proof(city, processes=2)
    assert together == alone
    assert together.transfers == 9


def test_removed_and_slipped_in_rows_are_named(city: Sessions) -> None:
    """A row that is gone, one that was never there, one of before the books began; no neighbour is accused."""
    found = rewritten(
        city,
        "DELETE FROM ledger_transfer WHERE id IN (2, 8)",
        inserting(
            city,
            "ledger_transfer",
            f"id, reference, {COPIED}",
            f"SELECT -7, 'forged', {COPIED} FROM ledger_transfer WHERE id = 4",  # noqa: S608 # constants
        ),
    )
    assert found >= {
        ("sealed_row_missing", "transfer 2"),
        ("sealed_row_missing", "transfer 8"),
        ("id", "transfer -7 forged"),
        ("business_date", "transfer -7 forged"),
        ("debits_differ", "account wallet:1"),
        ("day_totals", "day 2026-11-21"),
    }
    assert not {where for what, where in found if what == "sealed_row_altered"}


def test_what_is_kept_beside_the_transfers_is_held_against_them(city: Sessions) -> None:
    """Sums, holds, settlements, snapshots, days, cuts and folds: each table by itself."""
    found = rewritten(
        city,
        "UPDATE ledger_account SET posted_credits_fen = posted_credits_fen + 1 WHERE code = 'wallet:1'",
        "UPDATE ledger_account SET folded_to = 7 WHERE code = 'bank'",
        "UPDATE ledger_account SET state = 'gone' WHERE code = 'till:1'",
        f"UPDATE ledger_account SET floor_fen = 1 WHERE code = '{MERCHANT}'",  # noqa: S608 # a constant
        "UPDATE ledger_hold SET settled_fen = 250 WHERE reference = 'open'",
        "UPDATE ledger_hold SET amount_fen = 900 WHERE reference = 'gone'",
        "UPDATE ledger_hold SET state = 'open' WHERE reference = 'done'",
        "UPDATE ledger_hold_settlement SET hold_id = 77 WHERE id = 2",
        "UPDATE ledger_snapshot SET debits_fen = debits_fen + 1 WHERE account_id = (SELECT id FROM ledger_account WHERE code = 'bank')",
        "DELETE FROM ledger_snapshot WHERE account_id = (SELECT id FROM ledger_account WHERE code = 'wallet:1')",
        "UPDATE ledger_day SET total_fen = total_fen + 1 WHERE cut_id IS NOT NULL",
        "UPDATE ledger_fold SET folded_to = 99 WHERE id = 2",
        "UPDATE ledger_cut SET cut_id = 1 WHERE id = 2",
    )
    assert found >= {
        ("credits_differ", "account wallet:1"),
        ("fold", "account bank"),
        ("fold", "fold 2"),
        ("state", "account till:1"),
        ("limits_need_lock", f"account {MERCHANT}"),
        ("held_differs", "account wallet:1"),
        ("settled_differs", "hold open"),
        ("fingerprint", "hold gone"),
        ("hold_state", "hold done"),
        ("settled_differs", "hold done"),
        ("unknown_hold", "transfer 6"),
        ("snapshot", "account bank on 2026-11-21"),
        ("snapshot", "account wallet:1 on 2026-11-21"),
        ("snapshots", "day 2026-11-21"),
        ("day_totals", "day 2026-11-21"),
        ("cut_order", "cut 2"),
    }


def test_place_of_the_past_is_held_against_the_days(city: Sessions) -> None:
    """Answers about instants rest on cuts: one that is gone, or was moved before the close that drew it, is missed."""
    expected = ("day_cut", "day 2026-11-21")
    assert rewritten(city, "UPDATE ledger_cut SET drawn_at = '2026-11-20 00:00:00+00:00' WHERE id = 1") == {expected}
    assert rewritten(city, "DELETE FROM ledger_cut WHERE id = 1") == {expected}


def test_settlement_that_is_not_counted_is_found(city: Sessions) -> None:
    """Whoever makes an open hold forget a part, with everything that is kept about it, could settle the part again: it is named."""
    found = rewritten(
        city,
        "DELETE FROM ledger_hold_settlement WHERE transfer_id = 5",
        "UPDATE ledger_hold SET settled_fen = 0 WHERE reference = 'open'",
        "UPDATE ledger_account SET held_out_fen = 500 WHERE code = 'wallet:1'",
    )
    assert found == {("settled_differs", "transfer 5 settle:open:1")}


def test_what_the_ledger_cannot_know_is_asked_for(city: Sessions) -> None:
    """A chart's own check is part of the proof, whoever carries it out, and stops it from being one."""
    for processes in (1, 2):
        with reading(city) as session:
            found = prove(session, processes=processes, also=(no_till,))
        assert (told(found.differences), found.proved) == ({("terms", "account till:1")}, False)


def no_till(session: Session) -> Iterator[Difference]:
    """A check as a city has them."""
    if session.scalar(text("SELECT count(*) FROM ledger_account WHERE code = 'till:1'")):
        yield Difference("terms", "account till:1", "none", "one")


def test_seals_that_were_rewritten_hide_nothing(city: Sessions) -> None:
    """A seal altered, a seal removed, two that overlap: each is named, and every transfer is looked at exactly once all the same."""
    found = rewritten(
        city,
        "UPDATE ledger_seal SET last_id = 3 WHERE id = 1",
        "DELETE FROM ledger_seal WHERE id = 3",
        "UPDATE ledger_transfer SET amount_fen = 34 WHERE id = 4",
    )
    assert found >= {
        ("seal_hash", "seal 1"),
        ("seal_chain", "seal 2"),
        ("seal_missing", "seal 3"),
        ("sealed_row_altered", "transfer 4"),
        ("fingerprint", "transfer 4 derived"),
    }
    assert proof(city, processes=2).transfers == proof(city).transfers == 9


def test_day_that_was_cut_elsewhere_is_found(city: Sessions) -> None:
    """Where a day ends decides what merchants are paid: its transfers are named when the cut was moved."""
    found = rewritten(city, "UPDATE ledger_day SET cut_id = 5 WHERE cut_id IS NOT NULL")
    assert any(what == "business_date" and where.startswith("transfer 6 ") for what, where in found)
    assert ("day_totals", "day 2026-11-21") in found


@pytest.mark.parametrize("database", ["sqlite"])  # PostgreSQL keeps no bytes in a text
def test_values_that_are_no_texts_are_no_reason_to_fail(city: Sessions) -> None:
    """SQLite keeps whatever it is given: the proof names it and goes on."""
    found = rewritten(city, "UPDATE ledger_transfer SET reference = x'ff', amount_fen = 'much' WHERE id = 2")
    assert ("sealed_row_altered", "transfer 2") in found
    assert {what for what, where in found if where.startswith("transfer 2 ")} >= {"reference", "amount", "fingerprint"}


def test_second_row_of_a_reference_is_found(city: Sessions) -> None:
    """Whoever takes the unique index away and posts something twice is found."""
    engine = city.kw["bind"]
    if is_postgresql(engine):
        dropped = ["ALTER TABLE ledger_transfer DROP CONSTRAINT uq_ledger_transfer_reference"]
    else:
        dropped = [
            "CREATE TABLE copied AS SELECT * FROM ledger_transfer",
            "DROP TABLE ledger_transfer",
            "ALTER TABLE copied RENAME TO ledger_transfer",
        ]
    twice = f"SELECT 10, 'ride1', {COPIED} FROM ledger_transfer WHERE id = 4"  # noqa: S608 # constants
    found = rewritten(city, *dropped, inserting(city, "ledger_transfer", f"id, reference, {COPIED}", twice))
    assert ("reference_twice", "transfer ride1") in found


@pytest.mark.parametrize(
    "database", ["sqlite"]
)  # PostgreSQL has no schema that whoever has the file writes like a table
def test_index_that_knows_nothing_is_not_believed(committed: Sessions) -> None:
    """On SQLite an owner can point the unique index at an empty one, and post what he likes: the rows are counted in the table too."""
    full_books(committed)
    root = "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_copied_1'"
    with committed.kw["bind"].connect() as connection:
        for statement in (
            "CREATE TABLE copied (reference TEXT UNIQUE)",
            "PRAGMA writable_schema=ON",
            f"UPDATE sqlite_master SET rootpage = ({root}) WHERE name = 'sqlite_autoindex_ledger_transfer_1'",  # noqa: S608 # constants
        ):
            connection.exec_driver_sql(statement)
        connection.commit()
    committed.kw["bind"].dispose()
    assert ("reference_index", "transfers") in told(proof(committed).differences)


def test_units_hold_every_transfer_once_and_the_memory_is_bounded(
    city: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small the portions and however few accounts are remembered, the proof counts the same and finds nothing."""
    monkeypatch.setattr(transfers, "PORTION", 1)
    monkeypatch.setattr(accounts, "MAX_KNOWN", 1)
    found = proof(city)
    assert (found.transfers, found.differences) == (9, ())
    with reading(city) as session:
        units = [unit for unit in plan(session) if isinstance(unit, Unit)]
    assert [(unit.first_id, unit.last_id, unit.seal) for unit in units] == [
        (1, 2, 1),
        (3, 4, 2),
        (5, 6, 3),
        (7, 8, 4),
        (9, 9, None),
    ]


def test_long_lists_are_found_again_by_the_proof_itself(city: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    """More differences than one process hands to another are told all the same, and none twice."""
    monkeypatch.setattr(crew, "MAX_HANDED_OVER", 1)
    tamper(city, "UPDATE ledger_transfer SET kind = 'ruined'")
    assert proof(city, processes=2) == proof(city)


def test_metadata_that_is_out_of_order_is_no_usual_one() -> None:
    """The quick look at metadata takes nothing for sound that reading and writing it again would not."""
    for metadata, is_usual in (
        ('{"a":1}', True),
        ('{"a":"x y","b":-7,"c":0,"d":"z"}', True),
        ('{"b":1,"a":1}', False),
        ('{"a":1,"a":1}', False),
        ('{"a":01}', False),
        ('{"a":-0}', False),
        ('{"a":"\\\\u0041"}', False),
        ('{"a": 1}', False),
        ('{"a":1.5}', False),
    ):
        assert transfers._is_usual(metadata) is is_usual, metadata  # the quick way has no other door
        assert not is_usual or canonical_metadata(json.loads(metadata)) == metadata
