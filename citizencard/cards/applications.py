"""Applying for a card: the class's rules are held, a number is given, the card's history begins."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from citizencard.audit import record
from citizencard.cards.classes import card_class, check_age, expiry_of
from citizencard.cards.models import Card, CardState
from citizencard.cards.numbering import next_card_serial
from citizencard.cards.states import Act, Deed, remember_state
from citizencard.clock import beijing_date
from citizencard.db import new_id

KEY_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Application:
    """Who wants which card.

    Args:
        person_id: the resident.
        born: birth date, decrypted by the caller before the transaction began; it is compared and not kept.
        card_class: the class byte.
    """

    person_id: str
    born: date = field(repr=False)
    card_class: int


def apply_for_card(session: Session, application: Application, deed: Deed) -> Card:
    """Accept an application: a card in state `applied` with its number. The chip comes at personalisation.

    Raises:
        UnknownCardClass: there is no such class.
        ClassNotForPerson: the class is not for a person of this age.
        CardNumbersExhausted: all numbers are given out.
    """
    chosen = card_class(application.card_class)
    today = beijing_date(deed.now)
    check_age(chosen, application.born, today)
    card = Card(
        id=new_id("card"),
        person_id=application.person_id,
        card_class=chosen.code,
        state=CardState.APPLIED,
        serial=next_card_serial(session),
        key_version=KEY_VERSION,
        valid_from=today,
        valid_until=expiry_of(chosen, today),
        applied_at=deed.now,
        changed_at=deed.now,
    )
    session.add(card)
    session.flush()
    remember_state(session, card, Act.APPLY, deed)
    record(session, deed.actor, "card.apply", card.id, after={"card_class": chosen.code}, now=deed.now)
    return card
