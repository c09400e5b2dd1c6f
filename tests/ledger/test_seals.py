"""The chain of seals names every row that somebody who owns the database altered, removed or slipped in."""

from hashlib import sha256

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from citizencard.db import Sessions, reading, transaction
from ledger import draw_cut, post, prove, seal, verify_seals
from ledger.seals import GENESIS, chained
from tests.ledger.make import AT, books, tamper, transfer

MERCHANT = "merchant:1:clearing"
COLUMNS = "debit_id, credit_id, amount_fen, currency, kind, occurred_at, recorded_at, business_date, journal, fingerprint, metadata"


def found(sessions: Sessions) -> list[tuple[str, str]]:
    with reading(sessions) as session:
        return [(difference.what, difference.where) for difference in verify_seals(session)]


@pytest.fixture
def city(committed: Sessions) -> Sessions:
    """Six transfers of which five are sealed, in three seals; id 4 was used up by a posting that was rolled back."""
    with transaction(committed) as session:
        books(session)
        post(
            session,
            [transfer(f"t{number}", "bank", MERCHANT, 5, metadata={"n": number}) for number in range(3)],
            now=AT,
        )
    if committed.kw["bind"].dialect.name == "postgresql":
        with committed() as session:
            post(session, [transfer("lost", "bank", MERCHANT, 5)], now=AT)
            session.rollback()
    else:
        with transaction(committed) as session:
            session.execute(text("UPDATE sqlite_sequence SET seq = 4 WHERE name = 'ledger_transfer'"))
    with transaction(committed) as session:
        post(session, [transfer("t4", "bank", MERCHANT, 5), transfer("t5", "bank", "wallet:1", 5)], now=AT)
    with transaction(committed) as session:
        assert seal(session, now=AT) is None, "no cut was drawn"
    with transaction(committed) as session:
        assert draw_cut(session, AT) == 6
    with transaction(committed) as session:
        post(session, [transfer("t6", "bank", MERCHANT, 5)], now=AT)
    spans = []
    while True:
        with transaction(committed) as session:
            made = seal(session, now=AT, limit=2)
        if made is None:
            break
        spans.append((made.seal, made.first_id, made.last_id, made.transfers))
    assert spans == [(1, 1, 2, 2), (2, 3, 5, 2), (3, 6, 6, 1)]
    assert found(committed) == []
    return committed


@pytest.mark.parametrize(
    ("change", "what", "where"),
    [
        ("UPDATE ledger_transfer SET metadata = '{}' WHERE id = 3", "sealed_row_altered", "transfer 3"),
        (
            "UPDATE ledger_transfer SET recorded_at = '2020-01-01 00:00:00+00:00' WHERE id = 2",
            "sealed_row_altered",
            "transfer 2",
        ),
        ("DELETE FROM ledger_transfer WHERE id = 2", "sealed_row_missing", "transfer 2"),
        ("DELETE FROM ledger_transfer WHERE id = 6", "sealed_row_missing", "transfer 6"),
        ("UPDATE ledger_seal SET previous = hash WHERE id = 2", "seal_chain", "seal 2"),
        ("UPDATE ledger_seal SET hash = previous WHERE id = 2", "seal_hash", "seal 2"),
        ("UPDATE ledger_seal SET rows_hash = hash WHERE id = 2", "seal_rows", "seal 2"),
        ("UPDATE ledger_seal SET last_id = 4 WHERE id = 2", "seal_hash", "seal 2"),
        ("DELETE FROM ledger_seal WHERE id = 2", "seal_missing", "seal 2"),
    ],
)
def test_tampering_is_named(city: Sessions, change: str, what: str, where: str) -> None:
    """What no balance betrays, the chain does; the server's own role cannot even try."""
    with pytest.raises(DBAPIError), transaction(city) as session:
        session.execute(text(change))
    tamper(city, change)
    assert (what, where) in found(city)
    with reading(city) as session:
        assert what in {difference.what for difference in prove(session).differences}


def test_row_in_a_gap_is_named(city: Sessions) -> None:
    """A transfer that is slipped in under an id that was never used is found, by itself and no other."""
    overriding = "OVERRIDING SYSTEM VALUE" if city.kw["bind"].dialect.name == "postgresql" else ""
    tamper(
        city,
        f"INSERT INTO ledger_transfer (id, reference, {COLUMNS}) {overriding}"  # noqa: S608 # constants
        f" SELECT 4, 'forged', {COLUMNS} FROM ledger_transfer WHERE id = 3",
    )
    assert found(city) == [("sealed_row_inserted", "transfer 4")]


def test_bytes_are_what_the_readme_says(city: Sessions) -> None:
    """Somebody with a database shell and sha256sum comes to the same hash, on both databases."""
    with reading(city) as session:
        row = session.execute(text("SELECT fingerprint FROM ledger_transfer WHERE id = 6")).scalar_one()
        link = session.execute(text("SELECT * FROM ledger_seal WHERE id = 3")).one()
    written = (
        '[6,"t5",1,4,5,"CNY","test","2026-11-21T00:30:00.000000+00:00","2026-11-21T00:30:00.000000+00:00","2026-11-21",null,'
        f'"{row}","{{}}",null]'
    ).encode()
    assert link.rows_hash == sha256(written + b"\n").hexdigest()
    assert bytes(link.digests) == (6).to_bytes(8, "big") + sha256(written).digest()[:16]
    assert link.hash == chained((3, 6, 6, 1), link.previous, link.rows_hash, bytes(link.digests))
    assert link.previous != GENESIS


def test_progress_is_told(city: Sessions) -> None:
    """Whoever waits for a long proof sees how far it is."""
    told: list[tuple[str, int]] = []
    with reading(city) as session:
        assert list(verify_seals(session, progress=lambda what, done: told.append((what, done)))) == []
    assert told == [("seals", 2), ("seals", 4), ("seals", 5)]
    with reading(city) as session:
        prove(session, lambda what, done: told.append((what, done)))
    assert told[-1] == ("debits_are_credits", 0)
