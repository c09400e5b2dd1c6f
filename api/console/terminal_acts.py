"""What is done to one device at the desk: stopped, let speak again, unbound, invited, given a code, put somewhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response

from api.auth import actor
from api.city import city, now
from api.console.blueprint import pages
from api.console.terminals import LIST, shown
from api.routes import TERMINAL_ACTS
from api.web.forms import Form, Line, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.approvals.models import Approval
from citizencard.audit import REASON_CHARS, Actor
from citizencard.db import reading, transaction
from citizencard.idempotency.work import Transaction
from citizencard.merchants.outlets import list_outlets
from citizencard.staff.permissions import Permission
from citizencard.terminals.fitting.invitations import (
    collect_again,
    collect_code,
    invitations_to_collect,
    invite_again,
    issue_first_code,
    propose_invitation,
)
from citizencard.terminals.fitting.unbindings import propose_unbinding
from citizencard.terminals.life import disable_terminal, propose_enabling
from citizencard.terminals.models import Terminal
from citizencard.terminals.places import place_terminal

MAX_ID: Final = 64


@dataclass(frozen=True, slots=True)
class WhyGiven:
    """Why it is done."""

    reason: str


class WhyForm(Form):
    """A reason."""

    reason = Line(REASON_CHARS)


@dataclass(frozen=True, slots=True)
class CodeGiven:
    """The approval by which a device that has a key gets a code; empty for one that has none."""

    approval_id: str


class CodeForm(Form):
    """Fields of the question for a code."""

    approval_id = Line(MAX_ID, load_default="")


@dataclass(frozen=True, slots=True)
class PlaceGiven:
    """Where it stands; empty for nowhere."""

    outlet_id: str


class PlaceForm(Form):
    """Fields of a place."""

    outlet_id = Line(MAX_ID, load_default="")


@dataclass(frozen=True, slots=True)
class _Act:
    permission: Permission
    do: Callable[[Transaction, str, str, Actor], Terminal | Approval]


def _stop(session: Transaction, terminal_id: str, reason: str, who: Actor) -> Terminal:
    return disable_terminal(session, terminal_id, reason, who, now())


def _let_speak(session: Transaction, terminal_id: str, reason: str, who: Actor) -> Approval:
    return propose_enabling(session, terminal_id, reason, who, now())


def _invite(session: Transaction, terminal_id: str, reason: str, who: Actor) -> Approval:
    return propose_invitation(session, terminal_id, reason, who, now())


def _unbind(session: Transaction, terminal_id: str, reason: str, who: Actor) -> Approval:
    return propose_unbinding(session, terminal_id, reason, who, now())


_ACTS: Final[Mapping[str, _Act]] = {
    "disablings": _Act(Permission.TERMINALS_DISABLE, _stop),
    "enablings": _Act(Permission.TERMINALS_MANAGE, _let_speak),
    "invitations": _Act(Permission.TERMINALS_MANAGE, _invite),
    "unbindings": _Act(Permission.TERMINALS_BIND, _unbind),
}


@pages.get(f"/console/terminals/<terminal_id>/{TERMINAL_ACTS}")
def terminal_act_form(terminal_id: str, act: str) -> Response:
    """Where the reason for an act is asked for."""
    actor(_ACTS[act].permission)
    return render_page("console/terminal_act.html", form=new_form(), deed=act, **shown(terminal_id))


@pages.post(f"/console/terminals/<terminal_id>/{TERMINAL_ACTS}")
def terminal_act(terminal_id: str, act: str) -> Response:
    """Stop it at once, or propose what takes a second person."""
    who = actor(_ACTS[act].permission)
    form = read_form(WhyForm, WhyGiven)

    def carry_out(given: WhyGiven) -> Response:
        book_once(form, lambda session: {"id": _ACTS[act].do(session, terminal_id, given.reason, who).id})
        return go_to(
            f"{LIST}/{terminal_id}", Said(f"terminal.done.{act}", "warning" if act == "disablings" else "good")
        )

    return answer_form(form, carry_out, "console/terminal_act.html", deed=act, **shown(terminal_id))


@pages.get("/console/terminals/<terminal_id>/codes")
def code_form(terminal_id: str) -> Response:
    """Where a one-time code is had."""
    return render_page("console/terminal_code.html", form=new_form(), code=None, **_codes(terminal_id))


@pages.post("/console/terminals/<terminal_id>/codes")
def give_a_code(terminal_id: str) -> Response:
    """A one-time code, in this answer and nowhere else. The same form sent again gives another one, unless the first was used."""
    who = actor(Permission.TERMINALS_MANAGE)
    form = read_form(CodeForm, CodeGiven)

    def act(given: CodeGiven) -> Response:
        codes: list[str | None] = []

        def work(session: Transaction) -> dict[str, str]:
            if given.approval_id:
                codes.append(collect_code(session, terminal_id, given.approval_id, who, now()))
            else:
                codes.append(issue_first_code(session, terminal_id, who, now()))
            return {"id": terminal_id}

        if book_once(form, work).replayed:
            with transaction(city().sessions) as session:
                codes.append(
                    collect_again(session, terminal_id, given.approval_id, who, now())
                    if given.approval_id
                    else invite_again(session, terminal_id, now=now())
                )
        return render_page("console/terminal_code.html", form=form, code=codes[0] or "", **_codes(terminal_id))

    return answer_form(form, act, "console/terminal_code.html", code=None, **_codes(terminal_id))


@pages.get("/console/terminals/<terminal_id>/place")
def place_form(terminal_id: str) -> Response:
    """Where a device is put at an outlet."""
    return render_page("console/terminal_place.html", form=new_form(), **_places(terminal_id))


@pages.post("/console/terminals/<terminal_id>/place")
def place(terminal_id: str) -> Response:
    """Say where a device stands."""
    who = actor(Permission.TERMINALS_MANAGE)
    form = read_form(PlaceForm, PlaceGiven)

    def act(given: PlaceGiven) -> Response:
        outlet_id = given.outlet_id or None
        book_once(form, lambda session: {"id": place_terminal(session, terminal_id, outlet_id, who, now()).id})
        return go_to(f"{LIST}/{terminal_id}", Said("terminal.placed"))

    return answer_form(form, act, "console/terminal_place.html", **_places(terminal_id))


def _codes(terminal_id: str) -> dict[str, Any]:
    values = shown(terminal_id)
    with reading(city().sessions) as session:
        found = invitations_to_collect(session, terminal_id, actor(Permission.TERMINALS_MANAGE), now())
        session.expunge_all()
    return {**values, "invitations": found}


def _places(terminal_id: str) -> dict[str, Any]:
    values = shown(terminal_id)
    binding = values["health"].binding
    with reading(city().sessions) as session:
        outlets = list_outlets(session, merchant_id=None if binding is None else binding.merchant_id)
        session.expunge_all()
    return {**values, "outlets": [outlet for outlet in outlets if outlet.closed_at is None]}
