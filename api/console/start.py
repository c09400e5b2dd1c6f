"""The first page of the console: one search field, and what waits for somebody."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Response

from api.auth import actor
from api.city import city, now
from api.console.agent_here import Here, agent_here
from api.console.blueprint import pages
from api.console.people import unknown_number
from api.web.doors import lead_to
from api.web.forms import Filled, Form, Line, new_form, read_form
from api.web.page import may, render_page
from citizencard.approvals.waiting import waiting
from citizencard.cards.errors import UnknownCard
from citizencard.cards.views import find_card, find_card_by_number
from citizencard.db import reading
from citizencard.people.errors import DocumentInvalid, PersonUnknown
from citizencard.people.flow import find_by_document, find_person
from citizencard.staff.permissions import Permission

MAX_SOUGHT: Final = 40
CARD_NUMBER: Final = re.compile(r"\d{19}", re.ASCII)
PERSON_ID: Final = re.compile(r"per_[0-9a-z]{20}")
CARD_ID: Final = re.compile(r"card_[0-9a-z]{20}")
UNPROCESSABLE: Final = 422
SHOWN_WAITING: Final = 100


@dataclass(frozen=True, slots=True)
class Sought:
    """What was typed into the search field: perhaps somebody's number."""

    sought: str = field(repr=False)


class SearchForm(Form):
    """One field."""

    sought = Line(MAX_SOUGHT)


@pages.get("/console")
def start() -> Response:
    """The first page."""
    return _page(new_form(), 200)


@pages.post("/console/searches")
def search() -> Response:
    """Find a person by the whole number of the identity document, a card by its printed number, or either by its id.

    The number stays in the body of the request: it is in no address and so in no log; who asked is in the audit.
    """
    form = read_form(SearchForm, Sought)
    if form.value is None:
        return _page(form, UNPROCESSABLE)
    typed = re.sub(r"[\s-]", "", form.value.sought)
    if CARD_ID.fullmatch(typed) or CARD_NUMBER.fullmatch(typed):
        return _card(form, typed)
    if PERSON_ID.fullmatch(typed):
        return _person(form, typed)
    return _document(form, typed)


def _card(form: Filled[Sought], typed: str) -> Response:
    actor(Permission.CARDS_READ)
    with reading(city().sessions) as session:
        try:
            found = find_card(session, typed) if CARD_ID.fullmatch(typed) else find_card_by_number(session, typed)
        except UnknownCard:
            return _page(form.but("sought", "console.search.no_card"), UNPROCESSABLE)
        card_id = found.id
    return lead_to(f"/console/cards/{card_id}")


def _person(form: Filled[Sought], typed: str) -> Response:
    try:
        find_person(city().sessions, typed)
    except PersonUnknown:
        return _page(form.but("sought", "console.search.no_person"), UNPROCESSABLE)
    return lead_to(f"/console/people/{typed}")


def _document(form: Filled[Sought], typed: str) -> Response:
    who = actor(Permission.PEOPLE_READ)
    try:
        found = find_by_document(city().sessions, city().hsm, typed, who, now())
    except DocumentInvalid as refusal:
        return _page(form.but("sought", f"fault.{refusal.fields['fault']}"), UNPROCESSABLE)
    if found is not None:
        return lead_to(f"/console/people/{found.id}")
    if may(Permission.PEOPLE_REGISTER):
        return unknown_number(typed)
    return _page(form.but("sought", "console.search.no_person"), UNPROCESSABLE)


def _page(form: Filled[Any], status: int) -> Response:
    decides = may(Permission.APPROVALS_READ)
    count = 0
    if decides:
        with reading(city().sessions) as session:
            count = len(waiting(session, now(), limit=SHOWN_WAITING))
    here: Here = agent_here()
    values = {"form": form, "decides": decides, "waiting": count, "here": here}
    return render_page("console/start.html", status=status, reader=True, **values)
