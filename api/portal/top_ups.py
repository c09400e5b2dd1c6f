"""Topping up the on-line account (充值): how much room there is, and a payment that is confirmed on its own page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response

from api.city import city, now
from api.pages.formats import yuan
from api.portal.blueprint import pages
from api.portal.holdings import own_account
from api.portal.payments import problem_of, stands
from api.portal.ways import APPS, TEST_METHODS, Wanted, checkout_of, gateway, ways
from api.web.doors import resident
from api.web.forms import Choice, Form, Yuan, new_form, read_form
from api.web.page import go_to, render_page
from api.web.submitting import answer_form, book_again
from citizencard.accounts.errors import UnknownOnlineAccount
from citizencard.accounts.views import AccountView
from citizencard.checkout import flow
from citizencard.checkout.errors import NoRoomInAccount
from citizencard.checkout.views import payments_of_person
from citizencard.db import reading
from citizencard.payments.models import Purpose

PAGE: Final = "portal/top_ups.html"
LEAST_FEN: Final = 100
"""One yuan: providers charge more than it is worth to move less."""
MOST_FEN: Final = 500_000
SHOWN_PAYMENTS: Final = 10


@dataclass(frozen=True, slots=True)
class TopUp:
    """How much, and by which way."""

    amount_fen: int
    way: str


class TopUpForm(Form):
    """An amount and a way of paying on-line."""

    amount_fen = Yuan(LEAST_FEN, MOST_FEN)
    way = Choice(APPS, *TEST_METHODS)


@pages.get("/portal/top-ups")
def see_top_ups() -> Response:
    """The form, with the room under the ceiling, and the latest payments."""
    return render_page(PAGE, form=new_form(way=next(iter(ways()), "")), **_values())


@pages.post("/portal/top-ups")
def begin_top_up() -> Response:
    """Prepare a payment; no money moves before the next page is confirmed."""
    values, form = _values(), read_form(TopUpForm, TopUp)
    account: AccountView | None = values["account"]

    def act(given: TopUp) -> Response:
        if account is None:
            raise UnknownOnlineAccount("the resident has no account")
        wanted = checkout_of(Wanted(Purpose.TOP_UP, account.id, given.amount_fen, resident().person_id, given.way))

        def prepare() -> Mapping[str, Any]:
            return {"id": flow.begin(city().sessions, gateway(), wanted, now()).id}

        try:
            payment_id = book_again(form, prepare).answer.body["id"]
        except NoRoomInAccount:
            return answer_form(
                form.but("amount_fen", "portal.top_up.no_room", room=yuan(values["room_fen"])), act, PAGE, **values
            )
        return go_to(f"/portal/payments/{payment_id}")

    return answer_form(form, act, PAGE, **values)


def _values() -> dict[str, Any]:
    person_id = resident().person_id
    with reading(city().sessions) as session:
        account = own_account(session, person_id)
        payments = payments_of_person(session, person_id, SHOWN_PAYMENTS)
    return {
        "account": account,
        "room_fen": 0 if account is None else max(0, account.ceiling_fen - account.balance_fen),
        "ways": ways(),
        "payments": [(payment, stands(payment), problem_of(payment)) for payment in payments],
    }
