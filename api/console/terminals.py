"""Devices at the desk: which are silent or behind, one with its whole history, and what becomes of it."""

from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, request

from api.auth import actor
from api.city import city, now
from api.console.blueprint import pages
from api.web.forms import Choice, Form, Line, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.audit import record
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.merchants.outlets import outlets_by_id
from citizencard.merchants.registry import merchants_by_id
from citizencard.staff.colleagues import names_of
from citizencard.staff.permissions import Permission
from citizencard.terminals.fitting.fittings import numbers_of
from citizencard.terminals.health import (
    BEHIND,
    SILENT_AFTER_H,
    TerminalHealth,
    Wanted,
    current_versions,
    health_figures,
    health_of,
    list_health,
)
from citizencard.terminals.life import state_changes
from citizencard.terminals.models import MAX_SOFTWARE_CHARACTERS, TerminalKind, TerminalState
from citizencard.terminals.registry import bindings_of, key_history, register_terminal
from citizencard.terminals.software import require_software, required_rows

PAGE: Final = 20
LIST: Final = "/console/terminals"
MAX_NAME: Final = 120
FILTERS: Final = ("kind", "state", "lag", "merchant_id", "outlet_id")
LAGS: Final = ("silent", "any", *BEHIND)
SHOWN_KEY_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class TerminalGiven:
    """A device to be registered."""

    name: str
    kind: str


class TerminalForm(Form):
    """Fields of a new device."""

    name = Line(MAX_NAME)
    kind = Choice(*TerminalKind)


@dataclass(frozen=True, slots=True)
class SoftwareGiven:
    """What devices of a kind shall run."""

    kind: str
    software: str


class SoftwareForm(Form):
    """Fields of a software's release."""

    kind = Choice(*TerminalKind)
    software = Line(MAX_SOFTWARE_CHARACTERS)


@pages.get("/console/terminals")
def list_terminals() -> Response:
    """All devices, page by page, with what they said last, and filters in the address."""
    given = {name: value for name in FILTERS if (value := request.args.get(name, ""))}
    wanted = _wanted(given)
    with reading(city().sessions) as session:
        current = current_versions(session, now())
        figures = health_figures(session, current, now())
        found = list_health(session, wanted, current, now())
        merchants = merchants_by_id(session, [one.binding.merchant_id for one in found if one.binding])
        outlets = outlets_by_id(session, [one.terminal.outlet_id for one in found if one.terminal.outlet_id])
        session.expunge_all()
    older = f"?{urlencode({**given, 'after': found[PAGE - 1].terminal.id})}" if len(found) > PAGE else ""
    return render_page(
        "console/terminals.html",
        form=new_form(**given),
        figures=figures,
        found=found[:PAGE],
        merchants=merchants,
        outlets=outlets,
        older=older,
        kinds=list(TerminalKind),
        lags=LAGS,
    )


@pages.get("/console/terminals/new")
def new_terminal() -> Response:
    """Where a device is registered."""
    return render_page("console/terminal_new.html", form=new_form(), kinds=list(TerminalKind))


@pages.post("/console/terminals")
def register_a_terminal() -> Response:
    """Register a device; its one-time code is had on its page."""
    who = actor(Permission.TERMINALS_MANAGE)
    form = read_form(TerminalForm, TerminalGiven)

    def act(given: TerminalGiven) -> Response:
        def work(session: Transaction) -> dict[str, str]:
            made = register_terminal(session, given.name, given.kind, now=now())
            after = {"name": made.name, "kind": made.kind}
            record(session, who, "terminal.register", made.id, after=after, now=now())
            return {"id": made.id}

        terminal_id = book_once(form, work).answer.body["id"]
        return go_to(f"{LIST}/{terminal_id}", Said("terminal.registered"))

    return answer_form(form, act, "console/terminal_new.html", kinds=list(TerminalKind))


@pages.get("/console/terminals/software")
def software() -> Response:
    """What each kind of device shall run, and where one says it."""
    return render_page("console/terminal_software.html", form=new_form(), **_software())


@pages.post("/console/terminals/software")
def set_software() -> Response:
    """Say what a kind of device shall run from now on."""
    who = actor(Permission.TERMINALS_MANAGE)
    form = read_form(SoftwareForm, SoftwareGiven)

    def act(given: SoftwareGiven) -> Response:
        kind = TerminalKind(given.kind)
        book_once(form, lambda session: {"id": require_software(session, kind, given.software, who, now()).id})
        return go_to(f"{LIST}/software", Said("terminal.software.set"))

    return answer_form(form, act, "console/terminal_software.html", **_software())


@pages.get("/console/terminals/<terminal_id>")
def see_terminal(terminal_id: str) -> Response:
    """One device: how it is, whom it earned for, its keys, who stopped it or let it speak."""
    return render_page("console/terminal.html", shown_digits=SHOWN_KEY_DIGITS, **shown(terminal_id))


def shown(terminal_id: str) -> dict[str, Any]:
    """What the pages of one device show.

    Raises:
        UnknownTerminal: there is none with this id.
    """
    with reading(city().sessions) as session:
        current = current_versions(session, now())
        health = health_of(session, terminal_id, current, now())
        bindings = bindings_of(session, terminal_id)
        changes = state_changes(session, terminal_id)
        number = numbers_of(session, [terminal_id]).get(terminal_id)
        values = {
            "health": health,
            "current": current,
            "number": None if number is None else number.hex(),
            "bindings": bindings,
            "keys": key_history(session, terminal_id),
            "changes": changes,
            "merchants": merchants_by_id(session, [one.merchant_id for one in bindings]),
            "outlet": outlets_by_id(session, [health.terminal.outlet_id or ""]).get(health.terminal.outlet_id or ""),
            "partner": _partner(session, health),
            "names": names_of(session, [one.changed_by for one in changes]),
            "silent_after_h": SILENT_AFTER_H[TerminalKind(health.terminal.kind)],
        }
        session.expunge_all()
    return values


def _partner(session: Transaction, health: TerminalHealth) -> TerminalHealth | None:
    partner_id = health.terminal.partner_id
    return None if partner_id is None else health_of(session, partner_id, current_versions(session, now()), now())


def _wanted(given: dict[str, str]) -> Wanted:
    """The filters that make sense; others find everything."""
    lag = given.get("lag", "")
    wanted = Wanted(after=request.args.get("after", ""), limit=PAGE + 1)
    if given.get("kind") in set(TerminalKind):
        wanted = replace(wanted, kind=given["kind"])
    if given.get("state") in set(TerminalState):
        wanted = replace(wanted, state=given["state"])
    if lag == "silent":
        wanted = replace(wanted, silent=True)
    elif lag in LAGS:
        wanted = replace(wanted, behind=lag)
    return replace(wanted, merchant_id=given.get("merchant_id"), outlet_id=given.get("outlet_id"))


def _software() -> dict[str, Any]:
    with reading(city().sessions) as session:
        rows = required_rows(session)
        names = names_of(session, [row.set_by for row in rows])
        session.expunge_all()
    return {"rows": rows, "names": names, "kinds": list(TerminalKind)}
