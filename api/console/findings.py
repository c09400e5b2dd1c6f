"""The queue of findings, and one tap with everything that is known about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from flask import Response, request

from api.city import city, now
from api.console.blueprint import pages
from api.pages.language import Language, preferred
from api.pages.sentences import Sentence, sentence
from api.pages.texts_findings import KINDS
from api.portal.rides import why
from api.v1.findings import record_of
from api.v1.taps import masked_number, row_id
from api.web.page import render_page
from citizencard.db import reading
from citizencard.merchants.models import Merchant
from citizencard.merchants.registry import list_merchants
from citizencard.purse.uploads.journeys import Tap
from citizencard.purse.uploads.limits import open_limits
from citizencard.purse.uploads.models import LimitKind, UploadLimit
from citizencard.settlement.findings.entries import Age, Entry, State, Wanted
from citizencard.settlement.findings.looking import look
from citizencard.settlement.findings.queue import entries_page, totals

PAGE: Final = 50
SHOWN_LIMITS: Final = 50
KNOWN_KINDS: Final = tuple(key.removeprefix("finding.kind.") for key in KINDS)
LIST: Final = "/console/findings"


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A limit as the page shows it; of a card only the end of its number."""

    id: int
    kind: str
    subject: str
    cause: int
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Around:
    """A tap beside the one that is looked at."""

    record_id: int
    said: Sentence
    is_here: bool


def wanted_entries() -> Wanted:
    """What the address asks for; a value that nobody knows chooses nothing."""
    chosen = {name: request.args.get(name, "") for name in ("state", "kind", "merchant_id", "age", "money")}
    return Wanted(
        state=State(chosen["state"]) if chosen["state"] in set(State) else State.OPEN,
        kind=chosen["kind"] if chosen["kind"] in KNOWN_KINDS else "",
        merchant_id=chosen["merchant_id"],
        age=Age(chosen["age"]) if chosen["age"] in set(Age) else None,
        money={"yes": True, "no": False}.get(chosen["money"]),
    )


def in_words(wanted: Wanted) -> dict[str, str]:
    """The same as parameters of an address; what is not chosen is left out."""
    money = {True: "yes", False: "no", None: ""}[wanted.money]
    chosen = {
        "state": wanted.state.value,
        "kind": wanted.kind,
        "merchant_id": wanted.merchant_id,
        "age": "" if wanted.age is None else wanted.age.value,
        "money": money,
    }
    return {name: value for name, value in chosen.items() if value}


@pages.get("/console/findings")
def see_findings() -> Response:
    """The queue, what came in first first, with what it comes to by age."""
    wanted, at = wanted_entries(), now()
    after = row_id(request.args.get("after") or None) or 0
    with reading(city().sessions) as session:
        found = entries_page(session, wanted, at, after=after, limit=PAGE + 1)
        board = totals(session, wanted, at) if wanted.state is not State.DECIDED else ()
        merchants = list_merchants(session)
        limits = [limit_line(one) for one in open_limits(session, 0, SHOWN_LIMITS)]
        session.expunge_all()
    shown, chosen = found[:PAGE], in_words(wanted)
    return render_page(
        "console/findings.html",
        taps=shown,
        numbers={one.record_id: masked_number(one.card_serial) for one in shown},
        board=board,
        wanted=wanted,
        chosen=chosen,
        merchants=merchants,
        limits=limits,
        states=State,
        ages=Age,
        kinds=KNOWN_KINDS,
        everything=urlencode(chosen),
        older=urlencode({**chosen, "after": f"tap_{shown[-1].record_id}"}) if len(found) > PAGE else "",
        is_first=after == 0,
    )


@pages.get("/console/findings/<tap_id>")
def see_finding(tap_id: str) -> Response:
    """One tap, whatever became of it."""
    language = preferred()
    with reading(city().sessions) as session:
        found = look(session, record_of(tap_id), now())
        merchants = {one.id: one for one in list_merchants(session)}
        session.expunge_all()
    return render_page(
        "console/finding.html",
        found=found,
        entry=found.entry,
        number=masked_number(found.entry.card_serial),
        bound=_bound(found.binding.merchant_id if found.binding else None, merchants),
        price=why(found.tap, language) if "lines" in found.tap.explanation else "",
        of_card=_around(found.of_card, found.entry, language),
        of_terminal=_around(found.of_terminal, found.entry, language),
        kinds=KNOWN_KINDS,
    )


def _bound(merchant_id: str | None, merchants: dict[str, Merchant]) -> str:
    if merchant_id is None:
        return ""
    return merchants[merchant_id].name if merchant_id in merchants else merchant_id


def _around(taps: tuple[Tap, ...], entry: Entry, language: Language) -> list[Around]:
    return [Around(tap.record_id, sentence(tap, language, now()), tap.record_id == entry.record_id) for tap in taps]


def limit_line(one: UploadLimit) -> LimitLine:
    """A limit as pages show it."""
    is_card = one.kind == LimitKind.CARD
    subject = masked_number(bytes.fromhex(one.subject)) if is_card else one.subject
    return LimitLine(one.id, one.kind, subject, one.cause_record_id, one.set_at)
