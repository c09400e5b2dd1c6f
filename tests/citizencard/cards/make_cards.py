"""Cards for tests: from an application to a chip that was personalised, issued, activated and loaded through the real steps."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from citizencard.audit import Actor
from citizencard.cards.applications import Application, apply_for_card
from citizencard.cards.models import Card
from citizencard.cards.states import Deed
from citizencard.db import new_id
from citizencard.people.models import Person

CLERK = Actor("staff", "staff_clerk", person_id="P-1", role="clerk", workstation="W-1")
ADULT = 0x01
SENIOR = 0x03


def bare_person(session: Session, now: datetime) -> str:
    """A person row whose personal data nobody will decrypt."""
    person_id = new_id("per")
    session.add(
        Person(
            id=person_id,
            document_type="cn_id",
            document_number=b"\x00",
            document_index=person_id.encode(),
            name=b"\x00",
            registered_at=now,
        )
    )
    session.flush()
    return person_id


def applied_card(session: Session, now: datetime, card_class: int = ADULT, born: date = date(1950, 1, 1)) -> Card:
    """A card in state `applied`."""
    return apply_for_card(session, Application(bare_person(session, now), born, card_class), Deed(CLERK, now))
