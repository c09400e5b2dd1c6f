"""The register of people, inside the caller's transaction. Everything personal that comes here is sealed already."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.audit import Actor
from citizencard.db import new_id
from citizencard.keys.hsm import FieldContext, Hsm
from citizencard.people.errors import PersonAlreadyRegistered, PersonUnknown
from citizencard.people.identity import (
    DocumentType,
    Sex,
    birth_date,
    check_name,
    check_number,
    check_phone,
    mask_name,
    mask_number,
    mask_phone,
    sex,
)
from citizencard.people.models import Person

TABLE: Final = "person"
INDEX_FIELD: Final = "person.document_number"


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A resident as entered at the counter.

    Args:
        document_number: 18 characters; x or X.
        name: 1 to 30 characters.
        phone: 5 to 20 digits, or None.
        document_type: kind of document.
    """

    document_number: str = field(repr=False)
    name: str = field(repr=False)
    phone: str | None = field(default=None, repr=False)
    document_type: DocumentType = DocumentType.CN_ID


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """A checked and encrypted resident, ready to be stored under the id that the ciphertexts are bound to."""

    person_id: str
    document_type: DocumentType
    document_number: bytes = field(repr=False)
    document_index: bytes = field(repr=False)
    name: bytes = field(repr=False)
    phone: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class MaskedPerson:
    """What may be shown of a resident without an audit row: 3210**********1234, 张*."""

    id: str
    document_type: DocumentType
    document_number: str
    name: str
    phone: str | None
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class PersonalData:
    """A resident in clear. Shown to somebody only through `reveal`; used by the city itself to write a card or to judge an age."""

    person_id: str
    document_type: DocumentType
    document_number: str = field(repr=False)
    name: str = field(repr=False)
    phone: str | None = field(repr=False)

    @property
    def birth_date(self) -> date:
        """As the number says."""
        return birth_date(self.document_number)

    @property
    def sex(self) -> Sex:
        """As the number says."""
        return sex(self.document_number)


def seal(hsm: Hsm, new: NewPerson, today: date) -> SealedPerson:
    """Check what was entered and encrypt it under a new id. Asks the keys' keeper: call it with no transaction open.

    Raises:
        DocumentInvalid, NameUnfit, PhoneUnfit: what is wrong, without repeating it.
    """
    number = check_number(new.document_number, today)
    name = check_name(new.name)
    phone = check_phone(new.phone)
    person_id = new_id("per")
    return SealedPerson(
        person_id,
        new.document_type,
        hsm.encrypt(_place("document_number", person_id), number),
        document_index(hsm, number),
        hsm.encrypt(_place("name", person_id), name),
        None if phone is None else hsm.encrypt(_place("phone", person_id), phone),
    )


def document_index(hsm: Hsm, number: str) -> bytes:
    """The keyed hash that finds a checked number again."""
    return hsm.blind_index(INDEX_FIELD, number)


def register(session: Session, sealed: SealedPerson, actor: Actor, now: datetime) -> Person:
    """Store a new resident and the audit row.

    Raises:
        PersonAlreadyRegistered: with the id under which the same number is stored, also when two counters do it at once.
    """
    known = find_by_index(session, sealed.document_index)
    if known is not None:
        raise PersonAlreadyRegistered("this person is registered already", person_id=known.id)
    person = Person(
        id=sealed.person_id,
        document_type=str(sealed.document_type),
        document_number=sealed.document_number,
        document_index=sealed.document_index,
        name=sealed.name,
        phone=sealed.phone,
        registered_at=now,
    )
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        first = find_by_index(session, sealed.document_index)
        if first is None:
            raise
        raise PersonAlreadyRegistered("this person is registered already", person_id=first.id) from None
    audit.record(session, actor, "person.register", person.id, after=_fingerprint(person), now=now)
    return person


def find_by_index(session: Session, index: bytes) -> Person | None:
    """The resident whose number has this keyed hash."""
    return session.scalar(select(Person).where(Person.document_index == index))


def get(session: Session, person_id: str) -> Person:
    """A resident by id.

    Raises:
        PersonUnknown: there is none.
    """
    person = session.get(Person, person_id)
    if person is None:
        raise PersonUnknown("there is no such person")
    return person


def unsealed(hsm: Hsm, person: Person) -> PersonalData:
    """A resident in clear, for the city's own use. Asks the keys' keeper: call it with no transaction open."""
    return PersonalData(
        person.id,
        DocumentType(person.document_type),
        hsm.decrypt(_place("document_number", person.id), person.document_number),
        hsm.decrypt(_place("name", person.id), person.name),
        None if person.phone is None else hsm.decrypt(_place("phone", person.id), person.phone),
    )


def masked(hsm: Hsm, person: Person) -> MaskedPerson:
    """What may be shown of a resident at any time. Asks the keys' keeper: call it with no transaction open."""
    clear = unsealed(hsm, person)
    return MaskedPerson(
        clear.person_id,
        clear.document_type,
        mask_number(clear.document_number),
        mask_name(clear.name),
        mask_phone(clear.phone),
        person.registered_at,
    )


def _place(column: str, person_id: str) -> FieldContext:
    return FieldContext(TABLE, column, person_id)


def _fingerprint(person: Person) -> dict[str, object]:
    # Ciphertexts, whose hash tells nothing: eighteen digits in clear could be found from theirs by trying.
    return {
        "document_type": person.document_type,
        "document_number": person.document_number,
        "name": person.name,
        "phone": person.phone,
    }
