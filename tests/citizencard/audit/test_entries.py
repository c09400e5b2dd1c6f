"""What is written down about who did what."""

import hashlib
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from citizencard.audit import (
    Access,
    Actor,
    AuditEntry,
    ReasonUnfit,
    canonical_json,
    content_hash,
    record,
    record_reading,
)
from citizencard.db import Sessions, reading, transaction


def test_act_is_written_with_its_change_or_not_at_all(sessions: Sessions, clerk: Actor, now: datetime) -> None:
    """A change that fails leaves no trace of having been done."""

    def change_that_fails() -> None:
        with transaction(sessions) as session:
            record(session, clerk, "card.activate", "card_1", now=now)
            record(session, clerk, "card.activate", "card_1", reason="x" * 201, now=now)

    with pytest.raises(ReasonUnfit):
        change_that_fails()
    with transaction(sessions) as session:
        record(
            session, clerk, "card.activate", "card_2", before={"state": "issued"}, after={"state": "active"}, now=now
        )
    with reading(sessions) as session:
        entry = session.scalars(select(AuditEntry)).one()
        session.expunge_all()
    assert (entry.subject, entry.actor_id, entry.person_id, entry.workstation) == (
        "card_2",
        "stf_clerk",
        "P-0001",
        "counter-1",
    )
    assert entry.before_hash == hashlib.sha256(b'{"state":"issued"}').digest()
    assert entry.after_hash == hashlib.sha256(b'{"state":"active"}').digest()
    assert entry.recorded_at == now


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET act = 'nothing'",
        "DELETE FROM audit_entry",
    ],
)
def test_nobody_rewrites_what_was_done(session: Session, clerk: Actor, now: datetime, statement: str) -> None:
    """The database itself refuses to change or remove an audit row."""
    record(session, clerk, "card.activate", "card_1", now=now)
    with pytest.raises((IntegrityError, DBAPIError)), session.begin_nested():
        session.execute(text(statement))
    assert session.scalars(select(AuditEntry)).one().act == "card.activate"


def test_reading_is_on_record_before_anything_is_shown(committed: Sessions, clerk: Actor, now: datetime) -> None:
    """Who looks at personal data is written down and committed, whatever happens afterwards."""
    record_reading(committed, Access(clerk, "resident at the counter", now), "person.reveal", "per_1")
    with reading(committed) as session:
        assert session.scalars(select(AuditEntry.act)).all() == ["person.reveal"]


@pytest.mark.parametrize("reason", ["", "   "])
def test_no_reason_no_data(sessions: Sessions, clerk: Actor, now: datetime, reason: str) -> None:
    """Nobody looks at personal data without saying why."""
    with pytest.raises(ReasonUnfit):
        record_reading(sessions, Access(clerk, reason, now), "person.reveal", "per_1")


@pytest.mark.parametrize(
    "reason", ["asked for 11010519491231002X", "call 13800138000", "x" * 201, "old 110105491231002"]
)
def test_reason_names_nobody_by_number(session: Session, clerk: Actor, now: datetime, reason: str) -> None:
    """A citizen's number does not slip into the audit through the reason, and is not repeated in the refusal."""
    with pytest.raises(ReasonUnfit) as refusal:
        record(session, clerk, "person.reveal", "per_1", reason=reason, now=now)
    assert "1101" not in repr(refusal.value) + str(refusal.value.fields)


def test_same_content_has_one_byte_form() -> None:
    """Two people who look at the same change compute the same hash."""
    moment = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    value = {"b": [1, True, None], "a": moment, "d": date(2026, 11, 21), "c": b"\x01", "e": "卡"}
    assert (
        canonical_json(value)
        == '{"a":"2026-11-21T00:30:00+00:00","b":[1,true,null],"c":"01","d":"2026-11-21","e":"卡"}'.encode()
    )
    assert content_hash({"x": 1, "y": 2}) == content_hash({"y": 2, "x": 1})
    assert content_hash({"x": 1}) != content_hash({"x": "1"})


def test_no_amount_is_a_fraction() -> None:
    """A float in something to be hashed is a mistake of ours and stops there."""
    with pytest.raises(ValueError, match="float"):
        canonical_json({"amount": 1.5})
