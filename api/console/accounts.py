"""The on-line account at the counter: opened and linked with a card, topped up with cash (充值)."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import actor, actor_at
from api.city import city, now
from api.console.blueprint import pages
from api.console.cards import Nothing, NothingForm, card_page
from api.console.loads import CashForm, CashGiven
from api.console.tills import till_choices
from api.pages.formats import yuan
from api.web.forms import new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.accounts.registry import account_of_person, find_account, link_card, open_account
from citizencard.accounts.top_ups import CashPaid, top_up
from citizencard.accounts.views import account_view
from citizencard.cards.states import Deed
from citizencard.cards.views import find_card
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.people.flow import find_person
from citizencard.people.registry import masked
from citizencard.staff.outlets import find_till
from citizencard.staff.permissions import Permission


@pages.post("/console/cards/<card_id>/account")
def open_for_card(card_id: str) -> Response:
    """Let a card pay from its holder's on-line account, which is opened first if there is none."""
    deed = Deed(actor(Permission.ACCOUNTS_OPEN), now())
    form = read_form(NothingForm, Nothing)

    def act(_given: Nothing) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            person_id = find_card(session, card_id).person_id
            account = account_of_person(session, person_id) or open_account(session, person_id, deed)
            link_card(session, account.id, card_id, deed)
            return {"id": account.id}

        book_once(form, work)
        return go_to(f"/console/cards/{card_id}", Said("console.account.linked"))

    return answer_form(form, act, "console/card.html", card=card_page(card_id))


@pages.get("/console/accounts/<account_id>/top-ups/new")
def top_up_form(account_id: str) -> Response:
    """The form of a cash top-up."""
    return render_page("console/top_up.html", form=new_form(), **_account(account_id))


@pages.post("/console/accounts/<account_id>/top-ups")
def take_top_up(account_id: str) -> Response:
    """Take cash for an account, once for this form: a double click or a reload books one slip."""
    form = read_form(CashForm, CashGiven)

    def act(given: CashGiven) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            who = actor_at(Permission.TOP_UPS_TAKE, find_till(session, given.till_id).outlet_id)
            paid = CashPaid(account_id, given.amount_fen, given.till_id)
            taken = top_up(session, paid, Deed(who, now()))
            balance_fen = account_view(session, account_id).balance_fen
            return {"slip": taken.slip_serial, "amount_fen": taken.amount_fen, "balance_fen": balance_fen}

        done = book_once(form, work).answer.body
        told = {"amount": yuan(done["amount_fen"]), "slip": str(done["slip"]), "balance": yuan(done["balance_fen"])}
        return go_to(f"/console/accounts/{account_id}/top-ups/new", Said("console.top_up.done", values=told))

    return answer_form(form, act, "console/top_up.html", **_account(account_id))


def _account(account_id: str) -> dict[str, Any]:
    with reading(city().sessions) as session:
        account = find_account(session, account_id)
        view = account_view(session, account_id)
        person_id = account.person_id
    person = None if person_id is None else masked(city().hsm, find_person(city().sessions, person_id))
    return {"account": view, "person": person, "tills": till_choices()}
