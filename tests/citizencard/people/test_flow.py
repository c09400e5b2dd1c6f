"""Registering, finding and revealing residents."""

from datetime import datetime

import pytest
from sqlalchemy import select

from citizencard.audit import Access, Actor, AuditEntry, ReasonUnfit
from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from citizencard.people.errors import PersonAlreadyRegistered, PersonUnknown
from citizencard.people.flow import find_by_document, look_at, personal_data, register_person, reveal
from citizencard.people.identity import Sex
from citizencard.people.registry import NewPerson

NEW = NewPerson("11010519491231002x", "张示例", "13000000101")


def test_registered_person_is_found_by_the_whole_number(
    sessions: Sessions, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """A resident who comes back with the identity card is found, whether x is typed small or large."""
    person = register_person(sessions, vault, NEW, clerk, now)
    assert person.registered_at == now
    for typed in ("11010519491231002X", "11010519491231002x"):
        found = find_by_document(sessions, vault, typed, clerk, now)
        assert found is not None
        assert found.id == person.id
    assert find_by_document(sessions, vault, "330203199001011017", clerk, now) is None


def test_who_searched_or_looked_is_on_record(
    sessions: Sessions, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """Trying numbers leaves a trail, found or not, and the trail holds no number."""
    person = register_person(sessions, vault, NEW, clerk, now)
    find_by_document(sessions, vault, NEW.document_number, clerk, now)
    find_by_document(sessions, vault, "330203199001011017", clerk, now)
    look_at(sessions, person.id, clerk, now)
    with reading(sessions) as session:
        acts = ("person.search", "person.view")
        entries = session.scalars(select(AuditEntry).where(AuditEntry.act.in_(acts)).order_by(AuditEntry.id)).all()
        found = [(entry.act, entry.actor_id, entry.subject) for entry in entries]
        assert not any("3302" in entry.reason or "1101" in entry.reason for entry in entries)
    assert found == [
        ("person.search", clerk.id, person.id),
        ("person.search", clerk.id, "nobody"),
        ("person.view", clerk.id, person.id),
    ]


def test_registering_again_names_the_first_registration(
    sessions: Sessions, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """A clerk who registers somebody twice is led to the person, and there is no second one."""
    person = register_person(sessions, vault, NEW, clerk, now)
    with pytest.raises(PersonAlreadyRegistered) as refusal:
        register_person(sessions, vault, NEW, clerk, now)
    assert refusal.value.public_fields() == {"person_id": person.id}


def test_revealing_is_on_record_with_its_reason(
    sessions: Sessions, vault: SoftwareVault, clerk: Actor, supervisor: Actor, now: datetime
) -> None:
    """Who saw a resident's number, and why, can be told afterwards."""
    person = register_person(sessions, vault, NEW, clerk, now)
    shown = reveal(sessions, vault, person.id, Access(supervisor, "identity doubted at the counter", now))
    assert shown.document_number == "11010519491231002X"
    with reading(sessions) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "person.reveal")).one()
        found = (entry.actor_id, entry.subject, entry.reason)
    assert found == (supervisor.id, person.id, "identity doubted at the counter")


def test_nothing_is_revealed_without_a_reason_or_of_nobody(
    sessions: Sessions, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """No reason, no data; no person, no audit row."""
    person = register_person(sessions, vault, NEW, clerk, now)
    with pytest.raises(ReasonUnfit):
        reveal(sessions, vault, person.id, Access(clerk, "", now))
    with pytest.raises(PersonUnknown):
        reveal(sessions, vault, "per_nobody", Access(clerk, "why not", now))
    with reading(sessions) as session:
        assert not session.scalars(select(AuditEntry).where(AuditEntry.act == "person.reveal")).all()


def test_city_knows_age_and_sex_from_the_number(
    sessions: Sessions, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """The class of a concession card is decided by the birth date in the number, not by what anybody says."""
    person = register_person(sessions, vault, NEW, clerk, now)
    data = personal_data(sessions, vault, person.id)
    assert data.birth_date.isoformat() == "1949-12-31"
    assert data.sex is Sex.FEMALE
