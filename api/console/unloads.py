"""Money off the chip (圈提): asked for here, then ordered by the card on the reader; only the card's own proof makes it due."""

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
from citizencard.audit import REASON_CHARS
from citizencard.cards.states import Deed
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.purse.unloads.flow import UNLOAD
from citizencard.purse.unloads.models import Unload, UnloadState
from citizencard.purse.unloads.pay_out import pay_out
from citizencard.purse.unloads.recovery import RECOVER_UNLOAD
from citizencard.purse.unloads.unloads import UnloadWish, find_unload, request_unload, withdraw_unload
from citizencard.staff.outlets import find_till
from citizencard.staff.permissions import Permission

MAX_ID: Final = 32
MAX_UNLOAD_FEN: Final = 10_000_000
"""More than any chip holds: the class's own ceiling is the rule, this only keeps figures readable."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much is to leave the chip; None for all there is."""

    amount_fen: int | None


class WantedForm(Form):
    """An amount, or nothing for all."""

    amount_fen = Yuan(maximum_fen=MAX_UNLOAD_FEN, load_default=None)


@dataclass(frozen=True, slots=True)
class CashOut:
    """The till that pays, and why."""

    till_id: str
    reason: str


class CashOutForm(Form):
    """Fields of a pay-out."""

    till_id = Line(MAX_ID)
    reason = Line(REASON_CHARS)


@pages.get("/console/cards/<card_id>/unloads/new")
def unload_form(card_id: str) -> Response:
    """The form of an unload."""
    return render_page("console/unload_new.html", form=new_form(), card=card_page(card_id))


@pages.post("/console/cards/<card_id>/unloads")
def ask_for_unload(card_id: str) -> Response:
    """Write down what is to leave the chip, once for this form."""
    deed = Deed(actor(Permission.UNLOADS_TAKE), now())
    form = read_form(WantedForm, Wanted)

    def act(given: Wanted) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            return {"id": request_unload(session, UnloadWish(card_id, given.amount_fen), deed).id}

        return go_to(f"/console/unloads/{book_once(form, work).answer.body['id']}")

    return answer_form(form, act, "console/unload_new.html", card=card_page(card_id))


@pages.get("/console/unloads/<unload_id>")
def see_unload(unload_id: str) -> Response:
    """An unload with its steps on the reader: the money taken off, or, after a torn one, found out where it is."""
    return render_page("console/unload.html", reader=True, form=new_form(), **_unload(unload_id))


@pages.post("/console/unloads/<unload_id>/withdrawals")
def withdraw(unload_id: str) -> Response:
    """Give up an unload that was not ordered yet."""
    who = actor(Permission.UNLOADS_TAKE)
    form = read_form(ReasonForm, Why)

    def act(given: Why) -> Response:
        deed = Deed(who, now(), given.reason)
        book_once(form, lambda session: {"id": withdraw_unload(session, unload_id, deed).id})
        return go_to(f"/console/unloads/{unload_id}", Said("console.unload.withdrawn"))

    return answer_form(form, act, "console/unload.html", reader=True, **_unload(unload_id))


@pages.post("/console/unloads/<unload_id>/pay-outs")
def pay_unload_out(unload_id: str) -> Response:
    """Close the card and pay what it gave in cash."""
    form = read_form(CashOutForm, CashOut)

    def act(given: CashOut) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            who = actor_at(Permission.UNLOADS_PAY_OUT, find_till(session, given.till_id).outlet_id)
            return {"id": pay_out(session, unload_id, given.till_id, Deed(who, now(), given.reason)).id}

        book_once(form, work)
        return go_to(f"/console/unloads/{unload_id}", Said("console.unload.paid_out"))

    return answer_form(form, act, "console/unload.html", reader=True, **_unload(unload_id))


def job_of_unload(unload: Unload) -> str:
    """The reader job that brings an unload on: order the chip, or ask it what became of the order; empty when it has ended."""
    match UnloadState(unload.state):
        case UnloadState.REQUESTED | UnloadState.ANNOUNCED:
            return UNLOAD
        case UnloadState.AUTHORISED:
            return RECOVER_UNLOAD
        case UnloadState.PROVEN | UnloadState.DISPROVEN | UnloadState.WITHDRAWN | UnloadState.PAID_OUT:
            return ""


def _unload(unload_id: str) -> dict[str, Any]:
    with reading(city().sessions) as session:
        unload = find_unload(session, unload_id)
        session.expunge_all()
    return {
        "unload": unload,
        "job": job_of_unload(unload),
        "card": card_page(unload.card_id),
        "here": agent_here(),
        "tills": till_choices(),
    }
