"""Cards at the counter: applied for, made on the reader, handed out, seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response

from api.auth import actor
from api.city import city, now
from api.console.agent_here import agent_here
from api.console.blueprint import pages
from api.web.forms import Choice, Form, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard import chart
from citizencard.accounts.registry import account_of_card
from citizencard.accounts.views import AccountView, account_view
from citizencard.cards.applications import Application, apply_for_card
from citizencard.cards.classes import CLASSES, OLDEST_AGE
from citizencard.cards.errors import ClassNotForPerson
from citizencard.cards.models import CardState, CardStateChange
from citizencard.cards.states import Deed, activate_card, issue_card
from citizencard.cards.views import CardView, card_view, find_card, history_of
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.people.flow import find_person, personal_data
from citizencard.people.registry import masked
from citizencard.purse.loads.lookup import loads_of_card
from citizencard.purse.loads.models import Load
from citizencard.purse.unloads.lookup import unloads_of_card
from citizencard.purse.unloads.models import Unload
from citizencard.staff.permissions import Permission
from ledger import balances

SHOWN_LOADS: Final = 10
CODES: Final[Mapping[str, int]] = {found.name: found.code for found in CLASSES.values()}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which card somebody applies for."""

    card_class: str


class ApplicationForm(Form):
    """The class of the card."""

    card_class = Choice(*CODES)


class NothingForm(Form):
    """A button without fields."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """What a button says."""


@dataclass(frozen=True, slots=True)
class CardPage:
    """A card with everything that a clerk must know of it.

    Args:
        view: with the holder masked.
        serial: of the application on the chip.
        person_id: the holder.
        history: the states it came into, oldest first.
        purse_fen, inload_fen, due_fen: on the chip by the books, on its way there, the holder's beside it.
        loads, unloads: newest first.
        account: the one that it pays from; None if there is none.
    """

    view: CardView
    serial: bytes
    person_id: str
    history: tuple[CardStateChange, ...]
    purse_fen: int
    inload_fen: int
    due_fen: int
    loads: tuple[Load, ...]
    unloads: tuple[Unload, ...]
    account: AccountView | None

    @property
    def open_load(self) -> Load | None:
        """The load that is not decided: its money is on the way, and only the card can say where it is."""
        return next((load for load in self.loads if load.state in ("reserved", "authorised", "disproven")), None)

    @property
    def open_unload(self) -> Unload | None:
        """The unload that is not decided: only the card can say whether it gave the money."""
        return next((unload for unload in self.unloads if unload.state in ("announced", "authorised")), None)


@pages.get("/console/people/<person_id>/cards/new")
def application(person_id: str) -> Response:
    """The form to apply for a card."""
    return render_page("console/apply.html", form=new_form(card_class="adult"), **_applying(person_id))


@pages.post("/console/people/<person_id>/cards")
def apply(person_id: str) -> Response:
    """Take an application, once for this form; the class's bounds of age are held. The chip comes on the next page."""
    deed = Deed(actor(Permission.CARDS_APPLY), now())
    form = read_form(ApplicationForm, Wanted)

    def act(given: Wanted) -> Response:
        born = personal_data(city().sessions, city().hsm, person_id).birth_date
        wanted = Application(person_id, born, CODES[given.card_class])

        def work(session: Transaction) -> Mapping[str, Any]:
            return {"id": apply_for_card(session, wanted, deed).id}

        try:
            card_id = book_once(form, work).answer.body["id"]
        except ClassNotForPerson:
            chosen = CLASSES[CODES[given.card_class]]
            wrong = form.but("card_class", "console.card.age", least=chosen.minimum_age, most=chosen.maximum_age)
            return answer_form(wrong, act, "console/apply.html", **_applying(person_id))
        return go_to(f"/console/cards/{card_id}/issuing", Said("console.card.applied"))

    return answer_form(form, act, "console/apply.html", **_applying(person_id))


@pages.get("/console/cards/<card_id>")
def see_card(card_id: str) -> Response:
    """A card: its state, its money by the books, its history, and what may be done with it."""
    return render_page("console/card.html", card=card_page(card_id))


@pages.get("/console/cards/<card_id>/issuing")
def issuing(card_id: str) -> Response:
    """Making the card: a chip on the reader, steps that tick, then it is handed out and activated."""
    return render_page("console/issuing.html", reader=True, card=card_page(card_id), here=agent_here())


@pages.post("/console/cards/<card_id>/activation")
def activate(card_id: str) -> Response:
    """Hand the card out if it still lies here, and let it be loaded and used."""
    deed = Deed(actor(Permission.CARDS_ACTIVATE), now())
    form = read_form(NothingForm, Nothing)

    def act(_given: Nothing) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            if find_card(session, card_id).state == CardState.PERSONALISED:
                issue_card(session, card_id, deed)
            return {"state": activate_card(session, card_id, deed).state}

        book_once(form, work)
        return go_to(f"/console/cards/{card_id}", Said("console.card.activated"))

    return answer_form(form, act, "console/card.html", card=card_page(card_id))


def card_page(card_id: str) -> CardPage:
    """Gather what the page of a card shows."""
    view = card_view(city().sessions, city().hsm, card_id)
    codes = {"purse_fen": chart.purse(card_id), "inload_fen": chart.inload(card_id), "due_fen": chart.due(card_id)}
    with reading(city().sessions) as session:
        card = find_card(session, card_id)
        history = tuple(history_of(session, card_id))
        held = balances(session, list(codes.values()))
        loads = tuple(loads_of_card(session, card_id, SHOWN_LOADS))
        unloads = tuple(unloads_of_card(session, card_id, SHOWN_LOADS))
        linked = account_of_card(session, card_id)
        account = None if linked is None else account_view(session, linked.id)
        session.expunge_all()
    figures = {name: held[code].balance_fen if code in held else 0 for name, code in codes.items()}
    return CardPage(
        view=view,
        serial=card.serial,
        person_id=card.person_id,
        history=history,
        loads=loads,
        unloads=unloads,
        account=account,
        **figures,
    )


def _applying(person_id: str) -> dict[str, Any]:
    person = masked(city().hsm, find_person(city().sessions, person_id))
    return {"person": person, "classes": tuple(CLASSES.values()), "oldest": OLDEST_AGE}
