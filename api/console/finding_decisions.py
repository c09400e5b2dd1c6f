"""Proposing what becomes of taps, one or a batch, and noting what moves no money."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, request

from api.auth import actor
from api.city import city, now
from api.console.blueprint import pages
from api.console.findings import KNOWN_KINDS, LIST, wanted_entries
from api.pages.formats import bare
from api.v1.taps import masked_number, row_id
from api.web.forms import Choice, Filled, Form, Line, Yuan, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.audit import REASON_CHARS
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.merchants.registry import list_merchants
from citizencard.purse.decisions.models import Outcome
from citizencard.settlement.findings.checking import CHIP_CEILING_FEN
from citizencard.settlement.findings.deciding import propose_decisions
from citizencard.settlement.findings.entries import Entry, State
from citizencard.settlement.findings.lines import MAX_LINES, DecisionLine
from citizencard.settlement.findings.noting import note_taps
from citizencard.settlement.findings.queue import entries, entries_page
from citizencard.staff.permissions import Permission

MAX_CHARACTERS: Final = 14_000
"""Of the list of taps with their amounts: 500 of them, and well within what a page may send."""
CHOSEN: Final = re.compile(r"([1-9][0-9]{0,17}):([0-9]{1,16})", re.ASCII)
PAGE: Final = "console/finding_decision.html"
MONEY: Final = "money"
GOODWILL: Final = "goodwill"
NOTE: Final = "note"
"""What the page's form is for."""
OUTCOMES: Final = (Outcome.MERCHANT.value, Outcome.HOLDER.value, Outcome.COMPANY.value)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody decides about the money of some taps: `number:fen` of each, as the page showed them."""

    taps: str
    outcome: str
    merchant_id: str
    reason: str


class ChosenForm(Form):
    """The taps, what becomes of their money, and why."""

    taps = Line(MAX_CHARACTERS)
    outcome = Choice(*OUTCOMES)
    merchant_id = Line(32, load_default="")
    reason = Line(REASON_CHARS)


@dataclass(frozen=True, slots=True)
class Given:
    """Goodwill for rejected records: at most so much for each."""

    taps: str
    amount_fen: int
    merchant_id: str
    reason: str


class GivenForm(Form):
    """The records, how much at most, to whom where nobody is registered, and why."""

    taps = Line(MAX_CHARACTERS)
    amount_fen = Yuan(1, CHIP_CEILING_FEN)
    merchant_id = Line(32, load_default="")
    reason = Line(REASON_CHARS)


@dataclass(frozen=True, slots=True)
class Noted:
    """Taps that somebody has looked at."""

    taps: str
    reason: str


class NotedForm(Form):
    """The taps, and why nothing more is needed."""

    taps = Line(MAX_CHARACTERS)
    reason = Line(REASON_CHARS)


@pages.get("/console/finding-decisions")
def decision_form() -> Response:
    """The form about the taps that were ticked; about all of a choice, up to 500, when none was."""
    ticked = [number for text in request.args.getlist("tap")[:MAX_LINES] if (number := row_id(text)) is not None]
    with reading(city().sessions) as session:
        numbers = ticked or [one.record_id for one in entries_page(session, wanted_entries(), now(), limit=MAX_LINES)]
        found = entries(session, numbers, now())
    same = [(name, value) for name, value in request.args.items(multi=True) if name != "about"]
    values = _values(found, request.args.get("about", ""), urlencode(same))
    highest_fen = min(max((one.amount_fen for one in values["rejected"]), default=0), CHIP_CEILING_FEN)
    return render_page(PAGE, form=new_form(amount_fen=bare(highest_fen)), **values)


@pages.post("/console/finding-decisions")
def propose_decision() -> Response:
    """Put a decision before a second person, once for this form. No money moves before that person agrees."""
    form = read_form(ChosenForm, Chosen)
    found = _again(form)

    def act(given: Chosen) -> Response:
        return _proposed(form, _lines(found, given.taps, Outcome(given.outcome), given.merchant_id), given.reason)

    return answer_form(form, act, PAGE, **_values(found, MONEY))


@pages.post("/console/finding-decisions/goodwill")
def propose_goodwill() -> Response:
    """Propose goodwill for rejected records: to each what it says, up to the amount that was typed."""
    form = read_form(GivenForm, Given)
    found = _again(form)

    def act(given: Given) -> Response:
        lines = _lines(found, given.taps, Outcome.GOODWILL, given.merchant_id)
        return _proposed(
            form, [replace(line, amount_fen=min(line.amount_fen, given.amount_fen)) for line in lines], given.reason
        )

    return answer_form(form, act, PAGE, **_values(found, GOODWILL))


@pages.post("/console/finding-notes")
def note_findings() -> Response:
    """Note that somebody has looked, once for this form; the money of a tap is never settled by it."""
    who = actor(Permission.FINDINGS_DECIDE)
    form = read_form(NotedForm, Noted)

    def act(given: Noted) -> Response:
        numbers = [number for number, _ in _read(given.taps)]

        def work(session: Transaction) -> Mapping[str, Any]:
            note_taps(session, numbers, given.reason, who, now())
            return {"taps": len(numbers)}

        done = book_once(form, work).answer.body
        return go_to(LIST, Said("decision.noted", values={"n": int(done["taps"])}))

    return answer_form(form, act, PAGE, **_values(_again(form), NOTE))


def _lines(found: Sequence[Entry], taps: str, outcome: Outcome, merchant_id: str) -> list[DecisionLine]:
    """What is proposed about the taps; the merchant is named only where the registry names none, and one is paid."""
    named = {one.record_id for one in found if one.merchant_id is not None}
    return [
        DecisionLine(
            number, outcome, fen, None if outcome is Outcome.HOLDER or number in named else merchant_id or None
        )
        for number, fen in _read(taps)
    ]


def _proposed(form: Filled[Any], lines: Sequence[DecisionLine], reason: str) -> Response:
    who = actor(Permission.FINDINGS_DECIDE)

    def work(session: Transaction) -> Mapping[str, Any]:
        return {"id": propose_decisions(session, lines, reason, who, now()).id}

    book_once(form, work)
    return go_to(LIST, Said("decision.proposed", "note"))


def _read(text: str) -> list[tuple[int, int]]:
    """Taps that exist, with the amounts that the page showed."""
    return [(int(number), int(fen)) for number, fen in CHOSEN.findall(text)[:MAX_LINES]]


def _again(form: Filled[Any]) -> list[Entry]:
    """What a form that was sent is about."""
    numbers = [number for number, _ in _read(form.given.get("taps", ""))]
    with reading(city().sessions) as session:
        return entries(session, numbers, now())


def _values(found: Sequence[Entry], about: str, same: str = "") -> dict[str, Any]:
    """What the page shows: the taps that are open, and the form about those of them that it is for; `same` leads to the same taps."""
    opened = [one for one in found if one.state is State.OPEN]
    groups = {
        MONEY: [one for one in opened if one.is_money],
        GOODWILL: [one for one in opened if one.may_be_goodwill and one.amount_fen],
        NOTE: [one for one in opened if not one.is_money],
    }
    ways = [way for way in (MONEY, NOTE, GOODWILL) if groups[way]]
    chosen = about if about in ways else next(iter(ways), NOTE)
    with reading(city().sessions) as session:
        payees = [(merchant.id, merchant.name) for merchant in list_merchants(session)]
    amounts = [(one.record_id, one.open_fen if one.is_money else one.amount_fen) for one in groups[chosen]]
    return {
        "found": opened,
        "numbers": {one.record_id: masked_number(one.card_serial) for one in opened},
        "about": chosen,
        "ways": ways,
        "same": same,
        "money": groups[MONEY],
        "money_fen": sum(one.open_fen for one in groups[MONEY]),
        "rejected": groups[GOODWILL],
        "others": groups[NOTE],
        "listed": " ".join(f"{number}:{fen}" for number, fen in amounts),
        "unnamed": any(one.merchant_id is None for one in groups[chosen]),
        "payees": payees,
        "kinds": KNOWN_KINDS,
    }
