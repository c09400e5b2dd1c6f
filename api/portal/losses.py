"""Reporting one's own card lost (挂失): what it means is told before, and the card and the account stop together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response

from api.city import city, now
from api.portal.blueprint import pages
from api.portal.holdings import holdings, own_account, own_card
from api.web.doors import resident
from api.web.forms import Choice, Form, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.accounts.losses import report_loss
from citizencard.cards.classes import card_class
from citizencard.cards.states import Deed
from citizencard.clock import BEIJING
from citizencard.db import reading
from citizencard.idempotency.work import Transaction

TEMPORARY: Final = "temporary"
FINAL: Final = "final"
PAGE: Final = "portal/loss.html"


@dataclass(frozen=True, slots=True)
class Reported:
    """For the time being, or for good."""

    kind: str


class LossForm(Form):
    """Which of the two."""

    kind = Choice(TEMPORARY, FINAL)


@pages.get("/portal/cards/<card_id>/loss")
def loss(card_id: str) -> Response:
    """The form, with what follows from each of the two."""
    values = _values(card_id)
    return render_page(PAGE, form=new_form(kind=FINAL if values["card"].state == "temp_lost" else TEMPORARY), **values)


@pages.post("/portal/cards/<card_id>/loss")
def lost(card_id: str) -> Response:
    """Take the report, once for this form."""
    who, values = resident(), _values(card_id)
    form = read_form(LossForm, Reported)

    def act(given: Reported) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            own_card(session, who.person_id, card_id)
            at = report_loss(session, card_id, Deed(who.actor, now()), temporary=given.kind == TEMPORARY)
            return {"at": f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"}

        at = str(book_once(form, work).answer.body["at"])
        return go_to(f"/portal/cards/{card_id}", Said("portal.loss.done", "warning", {"at": at}))

    return answer_form(form, act, PAGE, **values)


def _values(card_id: str) -> dict[str, Any]:
    person_id = resident().person_id
    with reading(city().sessions) as session:
        account = own_account(session, person_id)
        card = own_card(session, person_id, card_id)
        (held,) = holdings(session, [card], account)
        window = card_class(card.card_class)
    return {"card": held, "account": account, "card_class": window}
