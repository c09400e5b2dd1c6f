"""Residents in the register, and what a thief of the database would see of them."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from citizencard.audit import Actor
from citizencard.clock import beijing_date
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.errors import CiphertextInvalid
from citizencard.keys.vault import SoftwareVault
from citizencard.people.errors import PersonAlreadyRegistered, PersonUnknown
from citizencard.people.models import Person
from citizencard.people.registry import NewPerson, get, masked, register, seal, unsealed
from tests.citizencard.dump import dump

NUMBER, NAME, PHONE = "11010519491231002X", "张示例", "13000000101"


def new_person() -> NewPerson:
    return NewPerson(NUMBER, NAME, PHONE)


def test_thief_of_the_database_learns_nobody(
    sessions: Sessions,
    vault: SoftwareVault,
    clerk: Actor,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Number, name and phone of a resident are in no row, no log line, no repr and no error."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "sqlalchemy.engine")
    sealed = seal(vault, new_person(), beijing_date(now))
    with transaction(sessions) as session:
        person = register(session, sealed, clerk, now)
    with pytest.raises(PersonAlreadyRegistered) as again, transaction(sessions) as session:
        register(session, seal(vault, new_person(), beijing_date(now)), clerk, now)
    with reading(sessions) as session:
        stored = dump(session)
    clear = unsealed(vault, person)
    seen = "\n".join(
        [stored, caplog.text, *map(repr, (new_person(), sealed, person, clear, again.value)), str(again.value.fields)]
    )
    for canary in (NUMBER, NAME, PHONE):
        assert canary not in seen
        assert canary.encode().hex() not in seen
    assert (clear.document_number, clear.name, clear.phone) == (NUMBER, NAME, PHONE)


def test_masked_view_shows_ends_only(session: Session, vault: SoftwareVault, clerk: Actor, now: datetime) -> None:
    """A list of residents shows 1101**********002X and 张**."""
    person = register(session, seal(vault, new_person(), beijing_date(now)), clerk, now)
    shown = masked(vault, person)
    assert (shown.document_number, shown.name, shown.phone) == ("1101**********002X", "张**", "130****0101")


def test_phone_may_be_missing(session: Session, vault: SoftwareVault, clerk: Actor, now: datetime) -> None:
    """A resident without a phone gets a card like anybody else."""
    person = register(session, seal(vault, NewPerson(NUMBER, NAME), beijing_date(now)), clerk, now)
    assert unsealed(vault, person).phone is None


def test_identities_cannot_be_swapped_between_rows(
    session: Session, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """Whoever copies one resident's ciphertext into another's row gets an error, not another identity."""
    first = register(session, seal(vault, new_person(), beijing_date(now)), clerk, now)
    second = register(session, seal(vault, NewPerson("330203199001011017", NAME), beijing_date(now)), clerk, now)
    session.execute(text("UPDATE person SET name = :name WHERE id = :id"), {"name": first.name, "id": second.id})
    session.expire_all()
    with pytest.raises(CiphertextInvalid):
        unsealed(vault, get(session, second.id))


def test_two_counters_register_one_person_once(
    committed: Sessions, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """The same resident at eight counters at once is one person, and every counter learns the same id."""
    sealed = [seal(vault, new_person(), beijing_date(now)) for _ in range(8)]

    def attempt(index: int) -> str:
        try:
            with transaction(committed) as session:
                return register(session, sealed[index], clerk, now).id
        except PersonAlreadyRegistered as refusal:
            return str(refusal.public_fields()["person_id"])

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(attempt, range(8)))
    with reading(committed) as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1
        assert ids == {session.scalars(select(Person.id)).one()}


def test_unknown_person_is_refused(session: Session) -> None:
    """An id that names nobody opens nothing."""
    with pytest.raises(PersonUnknown):
        get(session, "per_nobody")
