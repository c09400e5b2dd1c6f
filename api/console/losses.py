"""Reports of loss (挂失) and taking a temporary one back (解挂); the account that the card pays from freezes and thaws with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response

from api.auth import actor
from api.city import now
from api.console.blueprint import pages
from api.console.cards import Nothing, NothingForm, card_page
from api.web.forms import Choice, Form, Line, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.accounts.losses import release_loss, report_loss
from citizencard.audit import REASON_CHARS
from citizencard.cards.states import Deed
from citizencard.clock import BEIJING
from citizencard.idempotency.work import Transaction
from citizencard.staff.permissions import Permission

TEMPORARY: Final = "temporary"
FINAL: Final = "final"


@dataclass(frozen=True, slots=True)
class Reported:
    """What the holder says."""

    kind: str
    reason: str


class LossForm(Form):
    """By telephone for the time being, or in writing for good; and what happened."""

    kind = Choice(TEMPORARY, FINAL)
    reason = Line(REASON_CHARS, load_default="")


@pages.get("/console/cards/<card_id>/loss")
def loss_form(card_id: str) -> Response:
    """The form of a report."""
    return render_page("console/loss.html", form=new_form(kind=TEMPORARY), card=card_page(card_id))


@pages.post("/console/cards/<card_id>/loss-reports")
def report(card_id: str) -> Response:
    """Take a report of loss, once for this form: card and account stop in one transaction."""
    who = actor(Permission.CARDS_REPORT_LOSS)
    form = read_form(LossForm, Reported)

    def act(given: Reported) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            deed = Deed(who, now(), given.reason)
            at = report_loss(session, card_id, deed, temporary=given.kind == TEMPORARY)
            return {"at": f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"}

        at = str(book_once(form, work).answer.body["at"])
        return go_to(f"/console/cards/{card_id}", Said("console.loss.done", "warning", {"at": at}))

    return answer_form(form, act, "console/loss.html", card=card_page(card_id))


@pages.post("/console/cards/<card_id>/loss-releases")
def release(card_id: str) -> Response:
    """Take a temporary report back: the card was found. The account thaws unless another of its cards is lost."""
    deed = Deed(actor(Permission.CARDS_REPORT_LOSS), now())
    form = read_form(NothingForm, Nothing)

    def act(_given: Nothing) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            return {"state": release_loss(session, card_id, deed).state}

        book_once(form, work)
        return go_to(f"/console/cards/{card_id}", Said("console.loss.released"))

    return answer_form(form, act, "console/card.html", card=card_page(card_id))
