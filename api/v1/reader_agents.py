"""Reader agents of workstations: paired, confirmed by a second person, and given the signed steps of reader jobs."""

from typing import Any

from api.auth import actor, actor_at, principal
from api.city import city, now
from api.errors import ElsewhereRefused
from api.face import Face, Shapes
from api.idempotency import Once
from api.schemas.shape import Page, PageQuery, PageWanted, list_of
from api.schemas.workstations import (
    AgentAnswered,
    AgentAnswerRequest,
    AgentJobRequest,
    AgentJobWanted,
    AgentOfferAnswer,
    AgentRequest,
    AgentSeenAnswer,
    AgentStepAnswer,
    AgentWanted,
    Compared,
    ConfirmationRequest,
)
from api.v1.reader_jobs import PERMISSION_OF_KIND, check_outlet
from citizencard.audit import Actor
from citizencard.cards.errors import UnknownJobKind
from citizencard.db import reading, transaction
from citizencard.idempotency.work import Transaction
from citizencard.staff.permissions import Permission
from citizencard.workstations import pairing, relay
from citizencard.workstations.relay import Given, JobWish

face = Face(
    "Reader agents", "/v1", "Programs beside card readers, which carry signed steps to a card and sign what came back."
)


@face.get("/reader-agents/offer", Shapes(gives=AgentOfferAnswer))
def make_an_offer() -> pairing.Offer:
    """What a page hands to an agent to pair it: this server's origin and public key. The clerk adds the code that the agent shows."""
    return _offer()


@face.post("/reader-agents", Shapes(gives=AgentSeenAnswer, takes=AgentRequest, status=201))
def pair_an_agent(new: AgentWanted) -> Once:
    """Pair a reader agent. It works once another person has confirmed it. Who works at an outlet names that outlet."""
    who = _at(Permission.READER_AGENTS_MANAGE, new.outlet_id)
    if new.outlet_id is None and principal().outlet_id is not None:
        raise ElsewhereRefused("who works at an outlet pairs for that outlet")
    offered = _offer()

    def work(session: Transaction) -> object:
        said = pairing.read_said(offered, new.said, new.code)
        return pairing.pair(session, offered, pairing.NewAgent(said, new.name, new.outlet_id), who, now())

    return Once(work)


@face.get("/reader-agents", Shapes(gives=list_of(AgentSeenAnswer), query=PageQuery))
def see_agents(wanted: PageWanted) -> Page:
    """Reader agents, by id; of one's own outlet, if one belongs to one."""
    with reading(city().sessions) as session:
        found = pairing.list_agents(
            session,
            outlet_id=principal().outlet_id,
            after=wanted.starting_after or "",
            limit=wanted.limit + 1,
        )
    return Page.cut(found, wanted.limit)


@face.post(
    "/reader-agents/<agent_id>/confirmations", Shapes(gives=AgentSeenAnswer, takes=ConfirmationRequest, status=201)
)
def confirm_an_agent(given: Compared, agent_id: str) -> Once:
    """Confirm a reader agent that somebody else has paired, having read its fingerprint at the workstation."""

    def work(session: Transaction) -> object:
        who = _at(Permission.READER_AGENTS_CONFIRM, pairing.find_agent(session, agent_id).outlet_id)
        return pairing.confirm(session, agent_id, given.fingerprint, who, now())

    return Once(work)


@face.delete("/reader-agents/<agent_id>", Shapes(gives=None, status=204))
def end_an_agent(agent_id: str) -> None:
    """End a reader agent: it gets no step any more, and no answer of it is heard."""
    who = _at_agent(Permission.READER_AGENTS_MANAGE, agent_id)
    with transaction(city().sessions) as session:
        pairing.end(session, agent_id, who, now())


@face.post("/reader-agents/<agent_id>/jobs", Shapes(gives=AgentStepAnswer, takes=AgentJobRequest, status=201))
def begin_a_job_there(new: AgentJobWanted, agent_id: str) -> dict[str, Any]:
    """Begin a job on the card in this agent's reader: the first step asks for its answer to reset.

    No key is needed: a job that was torn, or whose answer was lost, is begun again and goes on by what the card says.
    """
    if new.kind not in PERMISSION_OF_KIND:
        raise UnknownJobKind(f"no reader job {new.kind!r}", kind=new.kind)
    who = _at_agent(PERMISSION_OF_KIND[new.kind], agent_id)
    check_outlet(new.kind, new.subject_id)
    return relay.begin_job(city().bench, JobWish(agent_id, new.kind, new.subject_id, who), now()).document()


@face.post("/reader-agents/<agent_id>/answers", Shapes(gives=AgentStepAnswer, takes=AgentAnswerRequest))
def hand_in_an_answer(given: AgentAnswered, agent_id: str) -> dict[str, Any]:
    """Hand in what the agent answered to a step, and get the next one. Sent again, it is refused: begin the job again instead."""
    who = _at_agent(PERMISSION_OF_KIND[relay.kind_of(city().sessions, given.answer)], agent_id)
    return relay.answer_job(city().bench, Given(given.answer, given.token, who), now()).document()


def _offer() -> pairing.Offer:
    return pairing.offer(city().hsm, city().settings.public_url)


def _at(permission: Permission, outlet_id: str | None) -> Actor:
    return actor(permission) if outlet_id is None else actor_at(permission, outlet_id)


def _at_agent(permission: Permission, agent_id: str) -> Actor:
    """Who acts on an agent: somebody of its outlet, if it stands in one."""
    with reading(city().sessions) as session:
        outlet_id = pairing.find_agent(session, agent_id).outlet_id
    return _at(permission, outlet_id)
