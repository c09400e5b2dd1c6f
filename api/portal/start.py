"""The first page of a resident: what I have, what it cost and why, what I must pay."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Response

from api.city import city, now
from api.pages.language import preferred
from api.portal.blueprint import Nothing, NothingForm, pages
from api.portal.holdings import Holding, holdings, open_own_account, own_account
from api.portal.journeys import Journey, journey_of_stay, journey_of_tap
from api.web.doors import resident
from api.web.forms import read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.billing.households import bills_of_person, households_of_person
from citizencard.billing.models import BillState
from citizencard.cards.states import Deed
from citizencard.cards.views import cards_of_person
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.parking.views import stays_of_card
from citizencard.purse.uploads.journeys import taps_of_card

SHOWN_CARDS: Final = 5
SHOWN_JOURNEYS: Final = 6
SHOWN_BILLS: Final = 5
PAGE: Final = "portal/start.html"


@pages.get("/portal")
def start() -> Response:
    """Answer the three questions."""
    return render_page(PAGE, **_values())


@pages.post("/portal/account-openings")
def open_account() -> Response:
    """Open the resident's on-line account, if there is none, and let every usable card of his pay from it."""
    who = resident()

    def act(_given: Nothing) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            cards = cards_of_person(session, who.person_id)
            return {"id": open_own_account(session, who.person_id, cards, Deed(who.actor, now()))}

        book_once(form, work)
        return go_to("/portal", Said("portal.account.opened"))

    form = read_form(NothingForm, Nothing)
    return answer_form(form, act, PAGE, **_values())


def _values() -> dict[str, Any]:
    person_id = resident().person_id
    with reading(city().sessions) as session:
        account = own_account(session, person_id)
        cards = cards_of_person(session, person_id)
        held = holdings(session, cards[:SHOWN_CARDS], account)
        bills = [bill for bill in bills_of_person(session, person_id) if bill.state is BillState.OPEN]
        households = households_of_person(session, person_id)
        latest = _latest(session, held)
    return {
        "account": account,
        "cards": held,
        "more_cards": len(cards) > SHOWN_CARDS,
        "journeys": latest,
        "bills": bills[:SHOWN_BILLS],
        "more_bills": len(bills) > SHOWN_BILLS,
        "due_fen": sum(bill.amount_fen for bill in bills),
        "has_household": bool(households),
        "today": now().date(),
    }


def _latest(session: Transaction, held: list[Holding]) -> list[Journey]:
    """The last journeys of all cards, newest first; those of an unknown time last."""
    language, found = preferred(), []
    for card in held:
        taps = taps_of_card(session, card.serial, limit=SHOWN_JOURNEYS)
        stays = stays_of_card(session, card.id, limit=SHOWN_JOURNEYS)
        found += [journey_of_tap(tap, language, now()) for tap in taps]
        found += [journey_of_stay(stay, card.serial, language, now()) for stay in stays]
    found.sort(key=lambda one: "" if one.at is None else one.at.isoformat(), reverse=True)
    return found[:SHOWN_JOURNEYS]
