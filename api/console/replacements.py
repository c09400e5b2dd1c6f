"""Putting a new card in the place of one that is lost for good or broken (补卡)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from api.auth import actor
from api.city import city, now
from api.console.blueprint import pages
from api.console.cards import card_page
from api.v1.taps import masked_number
from api.web.forms import Form, Line, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.audit import REASON_CHARS
from citizencard.cards.states import Deed
from citizencard.cards.views import cards_of_person
from citizencard.clock import BEIJING
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.settlement.replacements.registering import NEW, Pair, replace_card
from citizencard.staff.permissions import Permission

PAGE = "console/replacement.html"


@dataclass(frozen=True, slots=True)
class Replacement:
    """Which card takes the place, and why."""

    new_card_id: str
    reason: str


class ReplacementForm(Form):
    """One of the holder's other cards, and a reason."""

    new_card_id = Line(64)
    reason = Line(REASON_CHARS)


@pages.get("/console/cards/<card_id>/replacement")
def replacement_form(card_id: str) -> Response:
    """Which of the holder's cards could take the place, and the form."""
    return render_page(PAGE, form=new_form(), **_values(card_id))


@pages.post("/console/cards/<card_id>/replacements")
def replace_by(card_id: str) -> Response:
    """Put it in the place, once for this form; the money follows seven days later, at the close of the day."""
    who = actor(Permission.CARDS_REPLACE)
    form = read_form(ReplacementForm, Replacement)

    def act(given: Replacement) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            row = replace_card(session, Pair(card_id, given.new_card_id), Deed(who, now(), given.reason))
            return {"at": f"{row.move_from.astimezone(BEIJING):%Y-%m-%d %H:%M}"}

        at = str(book_once(form, work).answer.body["at"])
        return go_to(f"/console/cards/{card_id}", Said("replacement.done", values={"at": at}))

    return answer_form(form, act, PAGE, **_values(card_id))


def _values(card_id: str) -> dict[str, Any]:
    card = card_page(card_id)
    with reading(city().sessions) as session:
        others = [
            (one.id, masked_number(one.serial))
            for one in cards_of_person(session, card.person_id)
            if one.id != card_id and one.state in NEW
        ]
    return {"card": card, "others": others}
