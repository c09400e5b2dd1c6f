"""Cards: applied for, activated, looked at, reported lost."""

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once
from api.schemas.cards import (
    CardAnswer,
    CardRequest,
    CardWanted,
    EmptyRequest,
    LossAnswer,
    LossReported,
    LossRequest,
    Nothing,
    ShadowAnswer,
    TapAnswer,
)
from api.schemas.shape import Page, PageQuery, PageWanted, list_of
from api.v1.taps import row_id, seen
from citizencard import chart
from citizencard.accounts.losses import report_loss
from citizencard.cards.applications import Application, apply_for_card
from citizencard.cards.models import Card, CardState
from citizencard.cards.states import Deed, activate_card, issue_card
from citizencard.cards.views import find_card
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.people.flow import personal_data
from citizencard.purse.uploads.journeys import taps_of_card
from citizencard.staff.permissions import Permission
from hardware.card.files import printed_number
from ledger import balances

face = Face("Cards", "/v1", "Cards from the application to the report of loss, and their taps.")


@face.post("/cards", Shapes(gives=CardAnswer, takes=CardRequest, status=201))
def apply_for_a_card(new: CardWanted) -> Once:
    """Apply for a card. The class's bounds of age are held; the chip comes in a reader job `personalise`."""
    deed = Deed(actor(Permission.CARDS_APPLY), now())
    born = personal_data(city().sessions, city().hsm, new.person_id).birth_date
    application = Application(new.person_id, born, new.card_class[0])
    return Once(lambda session: _seen(apply_for_card(session, application, deed)))


@face.get("/cards/<card_id>", Shapes(gives=CardAnswer))
def see_card(card_id: str) -> dict[str, object]:
    """A card."""
    with reading(city().sessions) as session:
        return _seen(find_card(session, card_id))


@face.post("/cards/<card_id>/activation", Shapes(gives=CardAnswer, takes=EmptyRequest))
def activate_a_card(_nothing: Nothing, card_id: str) -> Once:
    """Let a card be loaded and used. One that lies personalised at the counter is handed out with it."""
    deed = Deed(actor(Permission.CARDS_ACTIVATE), now())

    def work(session: Transaction) -> object:
        if find_card(session, card_id).state == CardState.PERSONALISED:
            issue_card(session, card_id, deed)
        return _seen(activate_card(session, card_id, deed))

    return Once(work)


@face.post("/cards/<card_id>/loss-reports", Shapes(gives=LossAnswer, takes=LossRequest, status=201))
def report_a_loss(told: LossReported, card_id: str) -> Once:
    """Take a report of loss (挂失). Terminals refuse the card from `effective_from` on; until then the holder bears what is spent.

    The account that the card pays from stops in the same moment.
    """
    deed = Deed(actor(Permission.CARDS_REPORT_LOSS), now(), told.reason)

    def work(session: Transaction) -> object:
        effective_from = report_loss(session, card_id, deed, temporary=told.temporary)
        state = find_card(session, card_id).state
        return {"card_id": card_id, "state": state, "effective_from": effective_from}

    return Once(work)


@face.get("/cards/<card_id>/taps", Shapes(gives=list_of(TapAnswer), query=PageQuery))
def see_taps(wanted: PageWanted, card_id: str) -> Page:
    """The card's taps, newest first, each with why it cost what it cost."""
    before = row_id(wanted.starting_after)
    with reading(city().sessions) as session:
        serial = find_card(session, card_id).serial
        found = [seen(tap) for tap in taps_of_card(session, serial, before=before, limit=wanted.limit + 1)]
    return Page.cut(found, wanted.limit)


@face.get("/cards/<card_id>/shadow", Shapes(gives=ShadowAnswer))
def see_shadow(card_id: str) -> dict[str, object]:
    """What the books say that is on the chip, on its way there, and the holder's beside it."""
    codes = {"purse_fen": chart.purse(card_id), "inload_fen": chart.inload(card_id), "due_fen": chart.due(card_id)}
    with reading(city().sessions) as session:
        find_card(session, card_id)
        found = balances(session, list(codes.values()))
    held = {name: found[code].balance_fen if code in found else 0 for name, code in codes.items()}
    return {"card_id": card_id, **held}


def _seen(card: Card) -> dict[str, object]:
    return {
        "id": card.id,
        "person_id": card.person_id,
        "number": printed_number(card.serial),
        "card_class": bytes((card.card_class,)),
        "state": card.state,
        "chip_serial": card.chip_serial,
        "valid_from": card.valid_from,
        "valid_until": card.valid_until,
        "applied_at": card.applied_at,
        "changed_at": card.changed_at,
    }
