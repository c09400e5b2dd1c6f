"""The journal of keys."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from citizencard.audit import Actor
from citizencard.custody import journal
from citizencard.custody.errors import TransferRepeated, TwoPeopleNeeded
from citizencard.custody.journal import Done
from citizencard.custody.models import KeyAct
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.vault_file import KeyState
from tests.citizencard.custody.make_custody import FIRST, FIRST_AGAIN, SECOND


def test_two_people_are_two_humans() -> None:
    """Persons are counted, not logins; the system is nobody."""
    journal.check_two((FIRST, SECOND))
    for people in ((), (FIRST,), (FIRST, FIRST_AGAIN), (FIRST, Actor("system", "cli", person_id="P-9"))):
        with pytest.raises(TwoPeopleNeeded):
            journal.check_two(people)


def test_file_is_taken_once(session: Session, vault: SoftwareVault, now: datetime) -> None:
    """A stick that comes again is known, also to two who read it at the same moment: the database knows the file's number."""
    done = Done(KeyAct.IMPORT, vault.inventory()[0], (FIRST, SECOND), transfer_id="ab" * 16)
    journal.check_new_transfer(session, "ab" * 16)
    journal.write(session, done, "test", now)
    with pytest.raises(TransferRepeated):
        journal.check_new_transfer(session, "ab" * 16)
    with pytest.raises(TransferRepeated):
        journal.write(session, done, "test", now)


@pytest.mark.parametrize("change", ["UPDATE key_journal SET reason = 'x'", "DELETE FROM key_journal"])
def test_journal_is_never_changed(session: Session, vault: SoftwareVault, now: datetime, change: str) -> None:
    """Nobody rewrites who was at a ceremony: the database refuses."""
    journal.write(session, Done(KeyAct.ACTIVATE, vault.inventory()[0], (FIRST, SECOND)), "test", now)
    with pytest.raises(DBAPIError, match="key_journal"), session.begin_nested():
        session.execute(text(change))


def test_pages(session: Session, vault: SoftwareVault, now: datetime) -> None:
    """A long journal is read page by page, newest first."""
    info = vault.inventory()[0]
    ids = [journal.write(session, Done(KeyAct.ACTIVATE, info, (FIRST,)), "test", now).id for _ in range(5)]
    assert [entry.id for entry in journal.page(session, limit=2)] == ids[:2:-1]
    assert [entry.id for entry in journal.page(session, before=ids[3])][:3] == ids[2::-1]


def test_differences_are_named(session: Session, vault: SoftwareVault, now: datetime) -> None:
    """A change behind the journal's back, an older keeper and a foreign one are each told."""
    assert journal.differences(session, vault.inventory()) == []
    added = vault.add_version(vault.inventory()[3].role)
    assert [added.key_id in one for one in journal.differences(session, vault.inventory())] == [True]
    journal.write(session, Done(KeyAct.ACTIVATE, added, (FIRST, SECOND)), "test", now)
    assert journal.differences(session, vault.inventory()) == []
    vault.set_state(added.key_id, KeyState.RETIRED)
    assert "by the journal active" in journal.differences(session, vault.inventory())[0]
    without = [info for info in vault.inventory() if info.key_id != added.key_id]
    assert "not in the keeper" in journal.differences(session, without)[0]
    other = [replace(info, check_value=bytes(3)) if info.key_id == added.key_id else info for info in vault.inventory()]
    assert "check value" in journal.differences(session, other)[0]
