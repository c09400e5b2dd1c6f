"""What a resident holds here, gathered for one page: cards, the on-line account, social security, households, payments."""

from dataclasses import dataclass
from typing import Final

from api.city import city
from citizencard.accounts.registry import account_of_person
from citizencard.accounts.views import AccountView, account_view
from citizencard.billing.households import HouseholdView, households_of_person
from citizencard.cards.classes import card_class
from citizencard.cards.models import Card
from citizencard.cards.views import cards_of_person
from citizencard.checkout.views import PaymentView, payments_of_person
from citizencard.db import reading
from citizencard.social_security.links import find_link

SHOWN_PAYMENTS: Final = 20


@dataclass(frozen=True, slots=True)
class CardLine:
    """A card in a list."""

    card: Card
    class_name: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything of one resident.

    Args:
        cards: newest first.
        account: the on-line account, None if there is none.
        region_code: pool region of social security; None for somebody who is not linked.
        link_status: how the link stands; empty without one.
        households: with their numbers masked.
        payments: newest first, the last twenty.
    """

    cards: tuple[CardLine, ...]
    account: AccountView | None
    region_code: str | None
    link_status: str
    households: tuple[HouseholdView, ...]
    payments: tuple[PaymentView, ...]


def holdings_of(person_id: str) -> Holdings:
    """Gather them in one look at the database."""
    with reading(city().sessions) as session:
        cards = cards_of_person(session, person_id)
        account = account_of_person(session, person_id)
        view = None if account is None else account_view(session, account.id)
        link = find_link(session, person_id)
        households = tuple(households_of_person(session, person_id))
        payments = tuple(payments_of_person(session, person_id, SHOWN_PAYMENTS))
        session.expunge_all()
    return Holdings(
        cards=tuple(CardLine(card, card_class(card.card_class).name) for card in cards),
        account=view,
        region_code=None if link is None else link.region_code,
        link_status="" if link is None else link.status,
        households=households,
        payments=payments,
    )
