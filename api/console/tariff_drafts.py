"""A tariff on its way: its text is checked with the place of every mistake, previewed, and put before a second person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response

from api.auth import actor
from api.city import city, now
from api.console.blueprint import pages
from api.console.tariff_words import TariffSeen, seen
from api.console.tariffs import WALL_CHARACTERS, wall_instant, with_time_complaint
from api.web.forms import Choice, Filled, Form, Line, Lines, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import UNPROCESSABLE, answer_form, book_once
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.settlement.errors import SimulationCurrencyForeign
from citizencard.settlement.previewing import preview
from citizencard.staff.permissions import Permission
from citizencard.tariffs.checks import Fault
from citizencard.tariffs.document import check
from citizencard.tariffs.drafts.drafts import completed, numbered, propose_tariff
from citizencard.tariffs.errors import DocumentUnreadable
from citizencard.tariffs.json_text import read_json

LOOK: Final = "look"
PROPOSE: Final = "propose"
MAX_CHARACTERS: Final = 500_000
PAGE: Final = "console/tariff_new.html"


@dataclass(frozen=True, slots=True)
class DraftGiven:
    """A tariff as somebody wrote it, and what is to be done with it."""

    document: str
    effective_from: str
    wish: str


class DraftForm(Form):
    """Fields of a draft."""

    document = Lines(MAX_CHARACTERS)
    effective_from = Line(WALL_CHARACTERS, load_default="")
    wish = Choice(LOOK, PROPOSE)


@pages.get("/console/tariffs/new")
def new_tariff() -> Response:
    """Where a tariff is written or brought."""
    return render_page(PAGE, form=new_form(wish=LOOK), faults=(), seen=None)


@pages.post("/console/tariffs")
def draft_sent() -> Response:
    """Show every mistake; else show what it changes, or put it before a second person, once for this form."""
    who = actor(Permission.TARIFFS_PROPOSE)
    form = read_form(DraftForm, DraftGiven)
    if form.value is None:
        return render_page(PAGE, status=UNPROCESSABLE, form=form, faults=(), seen=None)
    form = with_time_complaint(form, form.value.effective_from)
    terms, faults = _read(form)
    if form.value is None or faults:
        return render_page(PAGE, status=UNPROCESSABLE, form=form, faults=faults, seen=None)

    def act(given: DraftGiven) -> Response:
        if given.wish == LOOK:
            return render_page(PAGE, form=form, faults=(), seen=_seen(terms, given))

        def work(session: Transaction) -> Mapping[str, Any]:
            draft = propose_tariff(session, terms, wall_instant(given.effective_from), who, now())
            return {"approval_id": draft.approval_id}

        done = book_once(form, work).answer.body
        return go_to(f"/console/approvals/{done['approval_id']}", Said("tariff.proposed", "note"))

    return answer_form(form, act, PAGE, faults=(), seen=None)


def _read(form: Filled[DraftGiven]) -> tuple[Mapping[str, Any], list[Fault]]:
    """The document, and its mistakes; one that is no JSON object has one."""
    if form.value is None:
        return {}, []
    try:
        terms = read_json(form.value.document.encode())
    except DocumentUnreadable as unreadable:
        return {}, [Fault("", str(unreadable))]
    if not isinstance(terms, Mapping):
        return {}, check(terms)
    with reading(city().sessions) as session:
        return terms, check(completed(session, terms, now()))


def _seen(terms: Mapping[str, Any], given: DraftGiven) -> TariffSeen:
    """What it says in words, what it changes, and what it would have made of yesterday's taps."""
    with reading(city().sessions) as session:
        document = completed(session, terms, now())
        document = numbered(document, document["version"], wall_instant(given.effective_from))
        try:
            found = preview(session, document, now(), None, None)
        except SimulationCurrencyForeign:
            found = None
    return seen(document, found)
