"""A resident's cards: state, money, and journeys with the reason of each price."""

from flask import Response, request

from api.city import city, now
from api.pages.language import preferred
from api.portal.blueprint import pages
from api.portal.holdings import holdings, own_account, own_card
from api.portal.journeys import journey_of_stay, journey_of_tap
from api.v1.taps import row_id
from api.web.doors import resident
from api.web.page import render_page
from citizencard.cards.views import cards_of_person, history_of
from citizencard.db import reading
from citizencard.parking.views import stays_of_card
from citizencard.purse.uploads.journeys import taps_of_card

PAGE_ROWS = 20


@pages.get("/portal/cards")
def see_cards() -> Response:
    """All cards, newest first."""
    person_id = resident().person_id
    with reading(city().sessions) as session:
        account = own_account(session, person_id)
        held = holdings(session, cards_of_person(session, person_id), account)
    return render_page("portal/cards.html", cards=held, account=account)


@pages.get("/portal/cards/<card_id>")
def see_card(card_id: str) -> Response:
    """One card. Two lists, each paged by itself: taps continue with `before`, stays in lots with `stay`."""
    person_id, language, at = resident().person_id, preferred(), now()
    before, stay = row_id(request.args.get("before") or None), request.args.get("stay") or None
    with reading(city().sessions) as session:
        account = own_account(session, person_id)
        card = own_card(session, person_id, card_id)
        (held,) = holdings(session, [card], account)
        history = history_of(session, card.id)
        session.expunge_all()
        taps = taps_of_card(session, held.serial, before=before, limit=PAGE_ROWS + 1)
        stays = stays_of_card(session, held.id, before_id=stay, limit=PAGE_ROWS + 1)
    return render_page(
        "portal/card.html",
        card=held,
        account=account,
        history=history,
        taps=[journey_of_tap(tap, language, at) for tap in taps[:PAGE_ROWS]],
        stays=[journey_of_stay(one, b"", language, at) for one in stays[:PAGE_ROWS]],
        next_tap=taps[PAGE_ROWS - 1].record_id if len(taps) > PAGE_ROWS else None,
        next_stay=stays[PAGE_ROWS - 1].id if len(stays) > PAGE_ROWS else None,
        is_first=(before is None, stay is None),
    )
