"""Reader jobs through the page: it carries signed steps to the agent and signed answers back, and decides nothing."""

import json
from collections.abc import Mapping
from typing import Final

from flask import Response

from api.auth import actor, actor_at
from api.city import city, now
from api.console.blueprint import steps
from api.console.loads import job_of
from api.console.unloads import job_of_unload
from api.errors import RequestMalformed
from api.parsing import json_body
from api.v1.reader_jobs import PERMISSION_OF_KIND, check_outlet
from citizencard.audit import Actor
from citizencard.cards.errors import UnknownJobKind
from citizencard.cards.issuing.personalise import PERSONALISE, PERSONALISED
from citizencard.db import reading
from citizencard.purse.loads.errors import LoadStateForbids
from citizencard.purse.loads.flow import LOAD, LOADED
from citizencard.purse.loads.loads import find_load
from citizencard.purse.unloads.errors import UnloadStateForbids
from citizencard.purse.unloads.flow import UNLOAD, UNLOADED
from citizencard.purse.unloads.unloads import find_unload
from citizencard.staff.permissions import Permission
from citizencard.workstations.pairing import find_agent
from citizencard.workstations.relay import Given, Handed, JobWish, answer_job, begin_job, kind_of

CONNECTED: Final = "connected"
OF_TICK: Final[Mapping[str, str]] = {
    "transport key replaced": "secured",
    "card control key found": "secured",
    "load key and internal key proved": "written",
    "money booked": "booked",
    "unload written down": "ordered",
}
"""Which visible step a tick of a job completes."""
OF_OUTCOME: Final[Mapping[str, str]] = {PERSONALISED: "proved", LOADED: "credited", UNLOADED: "debited"}
"""Which visible step the end of a job completes."""


@steps.post("/console/reader-steps")
def begin() -> Response:
    """Begin what a page is about on the chip in this workstation's reader: make a card, or bring a load or an unload on.

    No key is needed: begun again, the new job takes over from the open one and goes on by what the card says.
    """
    asked = _read("agent", "kind", "subject")
    kind = _kind(asked["kind"], asked["subject"])
    check_outlet(kind, asked["subject"])
    who = _at_agent(PERMISSION_OF_KIND[kind], asked["agent"])
    wish = JobWish(asked["agent"], kind, asked["subject"], who)
    return _answer(begin_job(city().bench, wish, now()))


@steps.post("/console/reader-answers")
def answer() -> Response:
    """Hand in what the agent signed, and get the next step or how it ended."""
    document = json_body()
    said, token = document.get("answer"), document.get("token")
    if not isinstance(said, Mapping) or not isinstance(token, str):
        raise RequestMalformed("an answer of the agent and a token are needed")
    who = _at_agent(PERMISSION_OF_KIND[kind_of(city().sessions, said)], str(said.get("agent", "")))
    return _answer(answer_job(city().bench, Given(said, token, who), now()))


def stages_of(handed: Handed) -> list[str]:
    """The visible steps that are complete, in order: the chip was found as soon as there is a job."""
    found = [CONNECTED] if handed.job_id else []
    ticked = [OF_TICK[tick] for tick in handed.ticks if tick in OF_TICK]
    ended = [OF_OUTCOME[handed.outcome]] if handed.outcome in OF_OUTCOME else []
    return found + ticked + ended


def _kind(asked: str, subject: str) -> str:
    if asked == PERSONALISE:
        return asked
    if asked == UNLOAD:
        return _kind_of_unload(subject)
    if asked != LOAD:
        raise UnknownJobKind(f"no reader job {asked!r}", kind=asked)
    with reading(city().sessions) as session:
        load = find_load(session, subject)
        session.expunge_all()
    kind = job_of(load)
    if not kind:
        raise LoadStateForbids("the load has ended", load_id=load.id, state=load.state, act=LOAD)
    return kind


def _kind_of_unload(unload_id: str) -> str:
    with reading(city().sessions) as session:
        unload = find_unload(session, unload_id)
        session.expunge_all()
    kind = job_of_unload(unload)
    if not kind:
        raise UnloadStateForbids("the unload has ended", unload_id=unload.id, state=unload.state, act=UNLOAD)
    return kind


def _at_agent(permission: Permission, agent_id: str) -> Actor:
    """Who works with an agent: somebody of its outlet, if it stands in one."""
    with reading(city().sessions) as session:
        outlet_id = find_agent(session, agent_id).outlet_id
    return actor(permission) if outlet_id is None else actor_at(permission, outlet_id)


def _answer(handed: Handed) -> Response:
    document = {**handed.document(), "stages": stages_of(handed)}
    return Response(json.dumps(document, ensure_ascii=False), content_type="application/json")


def _read(*names: str) -> dict[str, str]:
    found = json_body()
    asked = {name: found.get(name) for name in names}
    if any(not isinstance(value, str) or "\0" in value for value in asked.values()):
        raise RequestMalformed(f"{', '.join(names)} are needed")
    return {name: str(value) for name, value in asked.items()}
