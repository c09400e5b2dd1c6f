"""Registering, finding and revealing people: the keys' keeper is asked while no transaction is open."""

from datetime import datetime
from typing import Final

from citizencard.audit import Access, Actor, record_reading
from citizencard.clock import beijing_date
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.people.identity import check_number
from citizencard.people.models import Person
from citizencard.people.registry import (
    NewPerson,
    PersonalData,
    document_index,
    find_by_index,
    get,
    register,
    seal,
    unsealed,
)

NOBODY: Final = "nobody"
"""Subject of a search that found no resident."""


def register_person(sessions: Sessions, hsm: Hsm, new: NewPerson, actor: Actor, now: datetime) -> Person:
    """Register a resident: check, encrypt, store.

    Raises:
        DocumentInvalid, NameUnfit, PhoneUnfit: what is wrong, without repeating it.
        PersonAlreadyRegistered: with the person's id.
    """
    sealed = seal(hsm, new, beijing_date(now))
    with transaction(sessions) as session:
        return register(session, sealed, actor, now)


def find_by_document(sessions: Sessions, hsm: Hsm, document_number: str, actor: Actor, now: datetime) -> Person | None:
    """The resident with exactly this number, or None. There is no search by part of it: that would need the numbers in clear.

    Whoever asks is written down before the answer, also when nobody is found: trying numbers leaves a trail. The number is not kept.

    Raises:
        DocumentInvalid: the number cannot be right.
    """
    index = document_index(hsm, check_number(document_number, beijing_date(now)))
    with reading(sessions) as session:
        person = find_by_index(session, index)
        session.expunge_all()
    found = NOBODY if person is None else person.id
    record_reading(sessions, Access(actor, "asked by the whole number", now), "person.search", found)
    return person


def look_at(sessions: Sessions, person_id: str, actor: Actor, now: datetime) -> Person:
    """A resident for somebody's eyes, to be shown masked; who looked is written down first.

    Raises:
        PersonUnknown: there is no such person.
    """
    person = find_person(sessions, person_id)
    record_reading(sessions, Access(actor, "shown masked", now), "person.view", person_id)
    return person


def reveal(sessions: Sessions, hsm: Hsm, person_id: str, access: Access) -> PersonalData:
    """A resident in clear, for somebody who said why. The audit row is committed before anything is decrypted.

    Raises:
        PersonUnknown: there is no such person.
        ReasonUnfit: no reason, or an unusable one.
    """
    person = find_person(sessions, person_id)
    record_reading(sessions, access, "person.reveal", person_id)
    return unsealed(hsm, person)


def personal_data(sessions: Sessions, hsm: Hsm, person_id: str) -> PersonalData:
    """A resident in clear for the city's own use, such as judging an age: never shown to anybody.

    Raises:
        PersonUnknown: there is no such person.
    """
    return unsealed(hsm, find_person(sessions, person_id))


def find_person(sessions: Sessions, person_id: str) -> Person:
    """The row of a resident, apart from any session: its personal columns are encrypted, see `masked`.

    Raises:
        PersonUnknown: there is no such person.
    """
    with reading(sessions) as session:
        person = get(session, person_id)
        session.expunge_all()
    return person
