"""Custodians at their desk, for tests."""

from datetime import datetime
from typing import Final

from citizencard.audit import Actor
from citizencard.custody.flow import Desk
from citizencard.db import Sessions
from citizencard.keys.keystore import KeyStore

FIRST: Final = Actor("staff", "staff_one", person_id="P-1", role="key_custodian", workstation="key-ceremony")
SECOND: Final = Actor("staff", "staff_two", person_id="P-2", role="key_custodian", workstation="key-ceremony")
FIRST_AGAIN: Final = Actor("staff", "staff_three", person_id="P-1", role="key_custodian", workstation="key-ceremony")


def desk(keys: KeyStore, sessions: Sessions, now: datetime, *people: Actor) -> Desk:
    """The keeper with two custodians, or with these people."""
    return Desk(keys, sessions, people or (FIRST, SECOND), now)
