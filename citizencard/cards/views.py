"""What may be shown of cards: the holder masked, no keys, nothing that the chip alone knows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.cards.classes import card_class
from citizencard.cards.errors import UnknownCard
from citizencard.cards.models import Card, CardStateChange
from citizencard.db import Sessions, reading
from citizencard.keys.hsm import Hsm
from citizencard.people.registry import MaskedPerson, get, masked
from hardware.card.files import printed_number, serial_from_printed
from hardware.errors import MalformedCardData

MAX_CARDS_OF_PERSON: Final = 100
MAX_HISTORY: Final = 200


@dataclass(frozen=True, slots=True)
class CardView:
    """A card as a clerk sees it.

    Args:
        id: the row's opaque name.
        number: the 19 digits printed on the card.
        card_class, class_name: byte and slug of the class.
        state: where it is in its life.
        valid_from, valid_until: first and last day.
        social_security_number: number of the social-security card (卡号), not of the person; None if the holder has none.
        applied_at: when it was applied for.
        holder: masked.
    """

    id: str
    number: str
    card_class: int
    class_name: str
    state: str
    valid_from: date
    valid_until: date
    social_security_number: str | None
    applied_at: datetime
    holder: MaskedPerson


def find_card(session: Session, card_id: str) -> Card:
    """The card.

    Raises:
        UnknownCard: there is none.
    """
    card = session.get(Card, card_id)
    if card is None:
        raise UnknownCard("no such card", card_id=card_id)
    return card


def find_card_by_number(session: Session, number: str) -> Card:
    """The card with this printed number, 19 digits, spaces allowed.

    Raises:
        UnknownCard: there is none, or the number cannot be right.
    """
    try:
        serial = serial_from_printed(number)
    except MalformedCardData:
        raise UnknownCard("no card number") from None
    card = session.scalars(select(Card).where(Card.serial == serial)).one_or_none()
    if card is None:
        raise UnknownCard("no such card")
    return card


def cards_of_person(session: Session, person_id: str) -> list[Card]:
    """The person's cards, newest first, at most MAX_CARDS_OF_PERSON."""
    wanted = select(Card).where(Card.person_id == person_id).order_by(Card.applied_at.desc(), Card.serial.desc())
    return list(session.scalars(wanted.limit(MAX_CARDS_OF_PERSON)))


def history_of(session: Session, card_id: str) -> list[CardStateChange]:
    """The states that the card came into, oldest first, at most MAX_HISTORY."""
    wanted = select(CardStateChange).where(CardStateChange.card_id == card_id).order_by(CardStateChange.id)
    return list(session.scalars(wanted.limit(MAX_HISTORY)))


def card_view(sessions: Sessions, hsm: Hsm, card_id: str) -> CardView:
    """A card with its holder, masked: nothing here needs a reason.

    Raises:
        UnknownCard: there is none.
    """
    with reading(sessions) as session:
        card = find_card(session, card_id)
        person = get(session, card.person_id)
        session.expunge_all()
    return CardView(
        id=card.id,
        number=printed_number(card.serial),
        card_class=card.card_class,
        class_name=card_class(card.card_class).name,
        state=card.state,
        valid_from=card.valid_from,
        valid_until=card.valid_until,
        social_security_number=card.ss_card_number,
        applied_at=card.applied_at,
        holder=masked(hsm, person),
    )
