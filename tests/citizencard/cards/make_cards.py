"""Cards for tests: from an application to a chip that was personalised, issued and activated through the real steps.

card, chip = issue_card(sessions, vault, now)
load_card(sessions, vault, chip, LoadWish(card.id, 10_000, till.id), now)
psam, chip = make_psam(sessions, vault, terminal_number, now)
"""

import itertools
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from citizencard.audit import Actor
from citizencard.cards.applications import Application, apply_for_card
from citizencard.cards.flow import apply
from citizencard.cards.issuing.kinds import ISSUING_JOBS
from citizencard.cards.issuing.personalise import PERSONALISE, PERSONALISED
from citizencard.cards.issuing.psam import PERSONALISE_PSAM, order_psam
from citizencard.cards.models import Card, CardStock, ChipKind, PsamOrder
from citizencard.cards.reader_jobs import JobOrder, Workbench
from citizencard.cards.states import Deed, activate_card
from citizencard.cards.states import issue_card as hand_out
from citizencard.cards.stock import Delivery, receive_chips
from citizencard.db import Sessions, new_id, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.people.flow import register_person
from citizencard.people.models import Person
from citizencard.people.registry import NewPerson
from citizencard.social_security.flow import link_person
from citizencard.social_security.links import NewLink
from hardware.emulator import EmulatedCard, blank_card, blank_psam
from tests.citizencard.cards.reader import Workstation

CLERK: Final = Actor("staff", "staff_clerk", person_id="P-1", role="clerk", workstation="W-1")
ADULT: Final = 0x01
SENIOR: Final = 0x03
REGION: Final = "330200"
HAN: Final = "01"
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHIPS = itertools.count(0x11223344)
_PEOPLE = itertools.count()
_WOMEN_A_DAY: Final = 500
_REGIONS: Final = tuple(
    f"33{rest}"
    for rest in ("0203", "0204", "0205", "0206", "0211", "0225", "0226", "0227", "0281", "0282", "0283", "0102", "0103")
)
"""Districts and counties around: one has too few numbers for the women of the longest drill."""


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
    """A card in state `applied` of somebody whose data is never needed."""
    return apply_for_card(session, Application(bare_person(session, now), born, card_class), Deed(CLERK, now))


def citizen_number(born: date) -> str:
    """A number (GB 11643) that was not used in this run, of a woman: even sequence numbers."""
    region, order = divmod(next(_PEOPLE), _WOMEN_A_DAY)
    body = f"{_REGIONS[region % len(_REGIONS)]}{born:%Y%m%d}{order * 2:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def resident(sessions: Sessions, hsm: Hsm, now: datetime, born: date = date(1990, 5, 17)) -> Person:
    """Somebody who is registered and linked to social security."""
    number = citizen_number(born)
    person = register_person(sessions, hsm, NewPerson(number, "王小明"), CLERK, now)
    link_person(sessions, hsm, NewLink(person.id, REGION, nation=HAN), CLERK, now)
    return person


def blank(sessions: Sessions, hsm: Hsm, now: datetime, kind: ChipKind = ChipKind.CARD) -> EmulatedCard:
    """A blank chip, delivered and in stock."""
    chip_serial = next(_CHIPS).to_bytes(8)
    with transaction(sessions) as session:
        receive_chips(session, Delivery(kind, "B-1", (chip_serial,)), actor=CLERK, now=now)
    make = blank_card if kind is ChipKind.CARD else blank_psam
    return EmulatedCard(make(chip_serial, hsm.blank_transport_key(chip_serial)))


def psam_order(sessions: Sessions, now: datetime, terminal_number: bytes) -> PsamOrder:
    """A security module that was ordered for a terminal number."""
    with transaction(sessions) as session:
        return order_psam(session, terminal_number, Deed(CLERK, now))


def make_psam(sessions: Sessions, hsm: Hsm, now: datetime, terminal_number: bytes) -> tuple[PsamOrder, EmulatedCard]:
    """A security module as a terminal gets it: serial and terminal number on it, root key proved."""
    order, chip = psam_order(sessions, now, terminal_number), blank(sessions, hsm, now, ChipKind.PSAM)
    job = JobOrder(PERSONALISE_PSAM, order.id, chip.atr, CLERK)
    end = Workstation(Workbench(sessions, hsm, ISSUING_JOBS), chip).run(job, now)
    assert end.outcome == PERSONALISED, end
    chip.reset()
    return order, chip


def application(sessions: Sessions, hsm: Hsm, now: datetime, card_class: int = ADULT) -> Card:
    """An application of a new resident, old enough for any class."""
    person = resident(sessions, hsm, now, date(1950, 1, 1))
    return apply(sessions, hsm, person.id, card_class, Deed(CLERK, now))


@dataclass(frozen=True, slots=True)
class CardWish:
    """Which card a test wants.

    Args:
        person_id: a registered resident; None makes one, old enough for any class.
        born: birth date of the resident who is made.
        card_class: class byte.
    """

    person_id: str | None = None
    born: date = date(1950, 1, 1)
    card_class: int = ADULT


def personalise_order(card: Card, chip: EmulatedCard) -> JobOrder:
    """The job that makes this card on this chip."""
    return JobOrder(PERSONALISE, card.id, chip.atr, CLERK)


def issue_card(sessions: Sessions, hsm: Hsm, now: datetime, wish: CardWish | None = None) -> tuple[Card, EmulatedCard]:
    """A card in its holder's hands: applied for, personalised, handed out, activated; empty."""
    wanted = wish or CardWish()
    person_id = wanted.person_id or resident(sessions, hsm, now, wanted.born).id
    card = apply(sessions, hsm, person_id, wanted.card_class, Deed(CLERK, now))
    chip = blank(sessions, hsm, now)
    end = Workstation(Workbench(sessions, hsm, ISSUING_JOBS), chip).run(personalise_order(card, chip), now)
    assert end.outcome == PERSONALISED, end
    with transaction(sessions) as session:
        hand_out(session, card.id, Deed(CLERK, now))
        return activate_card(session, card.id, Deed(CLERK, now)), chip


def stored_card(sessions: Sessions, card_id: str) -> Card:
    """The card as the database has it."""
    with reading(sessions) as session:
        card = session.get_one(Card, card_id)
        session.expunge_all()
    return card


def stored_chip(sessions: Sessions, chip: EmulatedCard) -> CardStock:
    """The chip as the stock has it."""
    with reading(sessions) as session:
        stock = session.get_one(CardStock, chip.image.chip_serial)
        session.expunge_all()
    return stock
