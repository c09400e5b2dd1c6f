"""The audit trail is sealed: who owns the database cannot rewrite what was done without being found."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from citizencard.audit import Actor, AuditEntry, record
from citizencard.audit.seals import SealedTrail, cut_trail, seal_trail, trail_differences, trail_differs, trail_head
from citizencard.db import Sessions, reading, transaction
from ledger import post
from ledger.errors import LedgerBusy
from tests.ledger.make import books, tamper, transfer

WRITERS = 8
ROUNDS = 12
COLUMNS = "recorded_at, actor_kind, actor_id, role, workstation, act, subject, reason, request_id"


def found(sessions: Sessions) -> list[tuple[str, str]]:
    with reading(sessions) as session:
        return [(difference.what, difference.where) for difference in trail_differences(session)]


def seal_all(sessions: Sessions, now: datetime, limit: int = 10_000) -> list[SealedTrail]:
    made: list[SealedTrail] = []
    while True:
        with transaction(sessions) as session:
            sealed = seal_trail(session, now=now, limit=limit)
        if sealed is None:
            return made
        made.append(sealed)


@pytest.fixture
def trail(committed: Sessions, clerk: Actor, now: datetime) -> Sessions:
    """Five entries; four of them sealed, in two seals."""
    for number in range(4):
        with transaction(committed) as session:
            record(session, clerk, "card.activate", f"card_{number}", reason="换卡", after={"n": number}, now=now)
    with transaction(committed) as session:
        assert cut_trail(session, now) == 4
    with transaction(committed) as session:
        record(session, clerk, "card.activate", "card_4", now=now)
    spans = [(made.seal, made.first_id, made.last_id, made.entries) for made in seal_all(committed, now, limit=3)]
    assert spans == [(1, 1, 3, 3), (2, 4, 4, 1)]
    return committed


def test_seal_goes_on_where_it_stopped(trail: Sessions, now: datetime) -> None:
    """An entry is sealed after a cut and not before; the head counts them all."""
    assert found(trail) == []
    assert seal_all(trail, now) == []
    with transaction(trail) as session:
        cut_trail(session, now)
    assert [made.last_id for made in seal_all(trail, now)] == [5]
    with reading(trail) as session:
        head = trail_head(session)
        assert head
        assert (head.seal, head.last_id, head.entries) == (3, 5, 5)
        assert trail_differs(session, 3, head.hash) is None
        differs = trail_differs(session, 3, "0" * 64)
        missing = trail_differs(session, 9, head.hash)
    assert differs
    assert (differs.what, differs.where, differs.found) == ("seal_head", "audit seal 3", head.hash)
    assert missing
    assert missing.found == "no such audit seal"


@pytest.mark.parametrize(
    ("change", "what", "where"),
    [
        ("UPDATE audit_entry SET actor_id = 'somebody else' WHERE id = 2", "sealed_row_altered", "audit entry 2"),
        ("UPDATE audit_entry SET after_hash = NULL WHERE id = 4", "sealed_row_altered", "audit entry 4"),
        ("DELETE FROM audit_entry WHERE id = 3", "sealed_row_missing", "audit entry 3"),
        ("UPDATE audit_seal SET hash = previous WHERE id = 2", "seal_hash", "audit seal 2"),
        ("DELETE FROM audit_seal WHERE id = 1", "seal_missing", "audit seal 1"),
        ("UPDATE audit_entry SET id = 0 WHERE id = 1", "sealed_row_missing", "audit entry 1"),
    ],
)
def test_tampering_is_named(trail: Sessions, change: str, what: str, where: str) -> None:
    """The server's own role cannot even try; a superuser is found, and the entry is named."""
    with pytest.raises(DBAPIError), transaction(trail) as session:
        session.execute(text(change))
    tamper(trail, *([] if trail.kw["bind"].dialect.name == "postgresql" else _without_triggers()), change)
    assert (what, where) in found(trail)


def _without_triggers() -> list[str]:
    events = ("update", "delete", "replace")
    return [f"DROP TRIGGER {table}_no_{event}" for table in ("audit_entry", "audit_seal") for event in events]


def test_cuts_and_seals_are_facts(trail: Sessions) -> None:
    """Nobody moves a cut or takes a seal away."""
    for statement in ("UPDATE audit_cut SET cut_id = 1", "DELETE FROM audit_cut", "DELETE FROM audit_seal"):
        with pytest.raises(DBAPIError), transaction(trail) as session:
            session.execute(text(statement))


def test_bytes_are_what_the_description_says(trail: Sessions) -> None:
    """Somebody with a database shell and sha256sum comes to the same hash, on both databases."""
    with reading(trail) as session:
        row = session.scalars(select(AuditEntry).where(AuditEntry.id == 4)).one()
        link = session.execute(text("SELECT rows_hash FROM audit_seal WHERE id = 2")).one()
        assert row.after_hash
        written = (
            '[4,"2026-11-21T00:30:00.000000+00:00","staff","stf_clerk","P-0001","'
            f'{row.role}","counter-1","card.activate","card_3","\\u6362\\u5361",null,"{row.after_hash.hex()}","{row.request_id}"]'
        )
    assert link.rows_hash == sha256(written.encode() + b"\n").hexdigest()


def test_no_entry_slips_behind_the_cut(committed: Sessions, clerk: Actor, now: datetime) -> None:
    """Eight writers, some of whom post as well, before or after, and some of whom change their mind, while cuts are drawn and sealed."""
    with transaction(committed) as session:
        books(session)
    gate = threading.Barrier(WRITERS + 1)

    def write(number: int) -> None:
        gate.wait()
        for turn in range(ROUNDS):
            with committed() as session:
                name = f"w{number}:{turn}"
                if number % 3 == 0:
                    post(session, [transfer(name, "bank", "merchant:1:clearing", 5)], now=now)
                record(session, clerk, "test.act", name, now=now)
                if number % 3 == 1:
                    post(session, [transfer(name, "bank", "wallet:1", 5)], now=now)
                    record(session, clerk, "test.act", name, now=now)
                session.rollback() if turn % 5 == 4 else session.commit()

    def cut() -> list[int]:
        gate.wait()
        drawn = []
        for _ in range(ROUNDS):
            try:
                with transaction(committed) as session:
                    drawn.append(cut_trail(session, now))
            except LedgerBusy:
                continue
            seal_all(committed, now)
            assert found(committed) == []
        return drawn

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        cutting = pool.submit(cut)
        list(pool.map(write, range(WRITERS)))
        assert cutting.result() == sorted(cutting.result())
    with transaction(committed) as session:
        cut_trail(session, now)
    seal_all(committed, now)
    assert found(committed) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_writer_who_is_not_done_holds_the_cut_up(committed: Sessions, clerk: Actor, now: datetime) -> None:
    """An entry whose transaction is open is behind no cut: the cut waits for it, and numbers are drawn behind the barrier."""
    with committed() as slow:
        record(slow, clerk, "test.act", "slow", now=now)
        with pytest.raises(LedgerBusy), transaction(committed) as session:
            cut_trail(session, now)
        with transaction(committed) as other:
            record(other, clerk, "test.act", "quick", now=now)
        slow.rollback()
    with transaction(committed) as session:
        assert cut_trail(session, now) == 2
    with committed() as cutting:
        cut_trail(cutting, now)
        held = cutting.execute(text("SELECT last_value FROM audit_entry_id_seq")).scalar_one()
        with ThreadPoolExecutor(1) as pool:

            def late() -> int:
                with transaction(committed) as session:
                    return record(session, clerk, "test.act", "late", now=now).id

            waiting = pool.submit(late)
            for _ in range(200):
                waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                if cutting.execute(text(waits)).scalar_one():
                    break
            else:
                pytest.fail("the writer does not wait")
            assert cutting.execute(text("SELECT last_value FROM audit_entry_id_seq")).scalar_one() == held
            cutting.commit()
            assert waiting.result() == held + 1
