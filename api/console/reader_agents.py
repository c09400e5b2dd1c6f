"""Reader agents at the counter: paired from the workstation's own browser, confirmed by a supervisor, chosen, ended."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Response

from api.auth import actor, actor_at, principal
from api.city import city, now
from api.console.agent_here import agent_here, remember
from api.console.blueprint import pages
from api.console.cards import Nothing, NothingForm
from api.web.forms import Filled, Form, Line, Lines, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.audit import Actor
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.staff.colleagues import names_of
from citizencard.staff.permissions import Permission
from citizencard.workstations import pairing
from citizencard.workstations.errors import AgentMessageMalformed
from citizencard.workstations.messages import fingerprint
from citizencard.workstations.models import NAME_CHARS, AgentState, ReaderAgent

MAX_CODE: Final = 32
MAX_SAID: Final = 2_000
MAX_FINGERPRINT: Final = 64
LIST: Final = "/console/reader-agents"
TEMPLATE: Final = "console/reader_agents.html"


@dataclass(frozen=True, slots=True)
class Paired:
    """The code that the agent shows, how the workstation is called, and what the agent said when the page handed it our offer."""

    code: str = field(repr=False)
    name: str
    said: str = field(repr=False)


class PairingForm(Form):
    """Fields of a pairing; `said` is filled in by the page's script."""

    code = Line(MAX_CODE)
    name = Line(NAME_CHARS)
    said = Lines(MAX_SAID, load_default="")


@dataclass(frozen=True, slots=True)
class Compared:
    """What a supervisor has read at the workstation."""

    fingerprint: str


class FingerprintForm(Form):
    """The fingerprint as the workstation shows it."""

    fingerprint = Line(MAX_FINGERPRINT)


@dataclass(frozen=True, slots=True)
class AgentLine:
    """An agent in the list.

    Args:
        agent: as it is known.
        fingerprint: of its key, for two people to compare.
        paired_by, confirmed_by: names; empty when nobody has.
    """

    agent: ReaderAgent
    fingerprint: str
    paired_by: str
    confirmed_by: str


@pages.get("/console/reader-agents")
def list_agents() -> Response:
    """The readers of this outlet, and where one pairs another."""
    return render_page(TEMPLATE, reader=True, form=new_form(), **_values())


@pages.post("/console/reader-agents")
def pair_agent() -> Response:
    """Note an agent that has agreed. It gets no steps before a supervisor has compared its fingerprint."""
    outlet_id = principal().outlet_id
    who = _at(Permission.READER_AGENTS_MANAGE, outlet_id)
    form = read_form(PairingForm, Paired)
    if form.value is not None and not form.value.said:
        form = form.but("code", "console.agent.no_script")

    def act(given: Paired) -> Response:
        offered = pairing.offer(city().hsm, city().settings.public_url)
        new = pairing.NewAgent(pairing.read_said(offered, _said(given.said), given.code), given.name, outlet_id)

        def work(session: Transaction) -> Mapping[str, Any]:
            return {"id": pairing.pair(session, offered, new, who, now()).id}

        agent_id = str(book_once(form, work).answer.body["id"])
        answer = go_to(LIST, Said("console.agent.paired"))
        remember(answer, agent_id)
        return answer

    return answer_form(form, act, TEMPLATE, reader=True, **_values())


@pages.get("/console/reader-agents/<agent_id>")
def see_agent(agent_id: str) -> Response:
    """One agent, where a supervisor confirms it."""
    return _see(agent_id, new_form())


@pages.post("/console/reader-agents/<agent_id>/confirmations")
def confirm_agent(agent_id: str) -> Response:
    """Let an agent work that somebody else has paired: its fingerprint was read at the workstation."""
    who = _at_agent(Permission.READER_AGENTS_CONFIRM, agent_id)
    form = read_form(FingerprintForm, Compared)

    def act(given: Compared) -> Response:
        book_once(form, lambda session: {"id": pairing.confirm(session, agent_id, given.fingerprint, who, now()).id})
        return go_to(LIST, Said("console.agent.confirmed"))

    return answer_form(form, act, "console/reader_agent.html", line=_line(agent_id))


@pages.post("/console/reader-agents/<agent_id>/endings")
def end_agent(agent_id: str) -> Response:
    """An agent is ours no longer: it gets no step, and no answer of it is heard."""
    who = _at_agent(Permission.READER_AGENTS_MANAGE, agent_id)
    form = read_form(NothingForm, Nothing)

    def act(_given: Nothing) -> Response:
        book_once(form, lambda session: {"id": pairing.end(session, agent_id, who, now()).id})
        return go_to(LIST, Said("console.agent.ended", "warning"))

    return answer_form(form, act, "console/reader_agent.html", line=_line(agent_id))


@pages.post("/console/reader-agents/<agent_id>/choices")
def choose_agent(agent_id: str) -> Response:
    """Say that this agent is the one at this workstation; only the browser keeps that."""
    _at_agent(Permission.READER_AGENTS_MANAGE, agent_id)
    answer = go_to(LIST, Said("console.agent.chosen"))
    remember(answer, agent_id)
    return answer


def _see(agent_id: str, form: Filled[Any]) -> Response:
    return render_page("console/reader_agent.html", form=form, line=_line(agent_id))


def _values() -> dict[str, Any]:
    with reading(city().sessions) as session:
        found = pairing.list_agents(session, outlet_id=principal().outlet_id)
        names = names_of(session, [name for agent in found for name in (agent.paired_by, agent.confirmed_by or "")])
        session.expunge_all()
    lines = [_named(agent, names) for agent in found if agent.state != AgentState.ENDED]
    offer = pairing.offer(city().hsm, city().settings.public_url).document()
    return {"lines": lines, "here": agent_here(), "offer": json.dumps(offer)}


def _line(agent_id: str) -> AgentLine:
    with reading(city().sessions) as session:
        agent = pairing.find_agent(session, agent_id)
        names = names_of(session, [agent.paired_by, agent.confirmed_by or ""])
        session.expunge_all()
    return _named(agent, names)


def _named(agent: ReaderAgent, names: Mapping[str, str]) -> AgentLine:
    confirmed_by = names.get(agent.confirmed_by or "", "")
    return AgentLine(agent, fingerprint(agent.public_key), names.get(agent.paired_by, ""), confirmed_by)


def _said(text: str) -> Mapping[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, Mapping):
        raise AgentMessageMalformed("the agent's answer is not JSON", field="body")
    return found


def _at(permission: Permission, outlet_id: str | None) -> Actor:
    return actor(permission) if outlet_id is None else actor_at(permission, outlet_id)


def _at_agent(permission: Permission, agent_id: str) -> Actor:
    with reading(city().sessions) as session:
        outlet_id = pairing.find_agent(session, agent_id).outlet_id
    return _at(permission, outlet_id)
