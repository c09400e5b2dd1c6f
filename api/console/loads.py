"""Cash onto the chip (圈存): asked for here, then carried out by the card on the reader; only the card's own proof ends a load."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response

from api.auth import actor, actor_at
from api.city import city, now
from api.console.agent_here import agent_here
from api.console.blueprint import pages
from api.console.cards import card_page
from api.console.people import ReasonForm, Why
from api.console.tills import till_choices
from api.web.forms import Form, Line, Yuan, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.cards.classes import card_class
from citizencard.cards.states import Deed
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.purse.loads.flow import LOAD
from citizencard.purse.loads.loads import LoadWish, find_load, give_back, request_load
from citizencard.purse.loads.models import Load, LoadState
from citizencard.purse.loads.recovery import RECOVER_LOAD
from citizencard.staff.outlets import find_till
from citizencard.staff.permissions import Permission

MAX_ID: Final = 32
MAX_LOAD_FEN: Final = 10_000_000
"""More than any chip holds: the class's own ceiling is the rule, this only keeps figures readable."""


@dataclass(frozen=True, slots=True)
class CashGiven:
    """Cash on the counter, and the till it goes into."""

    amount_fen: int
    till_id: str


class CashForm(Form):
    """How much, and where to."""

    amount_fen = Yuan(maximum_fen=MAX_LOAD_FEN)
    till_id = Line(MAX_ID)


@pages.get("/console/cards/<card_id>/loads/new")
def load_form(card_id: str) -> Response:
    """The form of a load."""
    return render_page("console/load_new.html", form=new_form(), **_asking(card_id))


@pages.post("/console/cards/<card_id>/loads")
def ask_for_load(card_id: str) -> Response:
    """Write down what is to be loaded, once for this form. Cash is booked only when the card on the reader has proved genuine."""
    form = read_form(CashForm, CashGiven)

    def act(given: CashGiven) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            who = actor_at(Permission.LOADS_TAKE, find_till(session, given.till_id).outlet_id)
            wish = LoadWish(card_id, given.amount_fen, given.till_id)
            return {"id": request_load(session, wish, Deed(who, now())).id}

        return go_to(f"/console/loads/{book_once(form, work).answer.body['id']}")

    return answer_form(form, act, "console/load_new.html", **_asking(card_id))


@pages.get("/console/loads/<load_id>")
def see_load(load_id: str) -> Response:
    """A load with its steps on the reader: the money put on, or, after a torn one, found out where it is."""
    return render_page("console/load.html", reader=True, form=new_form(), **_load(load_id))


@pages.post("/console/loads/<load_id>/give-backs")
def give_load_back(load_id: str) -> Response:
    """Give the money of a disproven load back: the card has proved that it was not credited."""
    form = read_form(ReasonForm, Why)

    def act(given: Why) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            outlet_id = find_load(session, load_id).outlet_id
            permission = Permission.LOADS_GIVE_BACK
            who = actor(permission) if outlet_id is None else actor_at(permission, outlet_id)
            return {"id": give_back(session, load_id, Deed(who, now(), given.reason)).id}

        book_once(form, work)
        return go_to(f"/console/loads/{load_id}", Said("console.load.given_back"))

    return answer_form(form, act, "console/load.html", reader=True, **_load(load_id))


def job_of(load: Load) -> str:
    """The reader job that brings a load on: put the money on the chip, or ask the card what became of it; empty when it has ended."""
    match LoadState(load.state):
        case LoadState.REQUESTED | LoadState.RESERVED | LoadState.DISPROVEN:
            return LOAD
        case LoadState.AUTHORISED:
            return RECOVER_LOAD
        case LoadState.PROVEN | LoadState.GIVEN_BACK:
            return ""


def _load(load_id: str) -> dict[str, Any]:
    with reading(city().sessions) as session:
        load = find_load(session, load_id)
        session.expunge_all()
    return {"load": load, "job": job_of(load), "card": card_page(load.card_id), "here": agent_here()}


def _asking(card_id: str) -> dict[str, Any]:
    card = card_page(card_id)
    ceiling_fen = card_class(card.view.card_class).ceiling_fen
    return {"card": card, "tills": till_choices(), "ceiling_fen": ceiling_fen}
