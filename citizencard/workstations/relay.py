"""Reader jobs and proofs through a reader agent: the page carries signed steps out and signed answers in, and decides nothing.

A job: the first step has no command and asks for the card's answer to reset; with that the job begins, and each further step carries one
step of the job. If an answer is lost on its way, or the card is torn, the page begins anew with the same kind and subject: the new job
takes over from the open one and goes on by what the card says.

A proof: one step with the commands of a challenge; its answer may be read again until the challenge is used up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import update

from citizencard.audit import Actor
from citizencard.cards.flow import answer_step, start_job
from citizencard.cards.reader_jobs import JobAnswer, JobOrder, JobStep, Workbench
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.workstations import steps
from citizencard.workstations.errors import AgentAnswerTaken, UnknownAgentSession
from citizencard.workstations.models import AgentSession, SessionPurpose
from citizencard.workstations.steps import Examined, NewSession
from hardware.card.apdu import CommandApdu, ResponseApdu


@dataclass(frozen=True, slots=True)
class JobWish:
    """A reader job that somebody wants done on the card in an agent's reader.

    Args:
        agent_id: whose reader.
        kind: of the job.
        subject_id: the card, PSAM order or load that it is about.
        actor: who wants it, in the role that permits it.
    """

    agent_id: str
    kind: str
    subject_id: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class Given:
    """What the page hands in.

    Args:
        answer: the agent's answer, as it came.
        token: opens the job's steps; empty as long as there is no job.
        actor: who hands it in.
    """

    answer: Mapping[str, Any] = field(repr=False)
    token: str = field(repr=False)
    actor: Actor


@dataclass(frozen=True, slots=True)
class Handed:
    """What the page gets: a step to carry, or how it ended.

    Args:
        signed: for the agent's `/steps`, as it is; None when it is over.
        job_id: of the job; empty until the card has told its answer to reset.
        token: to be handed in with the answer.
        outcome: how the job ended; empty while it goes on.
        ticks: what the step before achieved, for the person who watches.
    """

    signed: Mapping[str, Any] | None = field(repr=False)
    job_id: str = ""
    token: str = field(default="", repr=False)
    outcome: str = ""
    ticks: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """It is over."""
        return self.signed is None

    def document(self) -> dict[str, Any]:
        """The JSON form that pages and the interface share."""
        return {
            "object": "agent_step",
            "signed": None if self.signed is None else dict(self.signed),
            "job_id": self.job_id or None,
            "token": self.token or None,
            "done": self.done,
            "outcome": self.outcome,
            "ticks": list(self.ticks),
        }


@dataclass(frozen=True, slots=True)
class ProofAnswer:
    """A card's answers to the commands of a proof, through a confirmed agent.

    Args:
        subject_id: the challenge.
        agent_id: whose reader.
        responses: as the card gave them.
        torn: it went away before all were given.
    """

    subject_id: str
    agent_id: str
    responses: tuple[ResponseApdu, ...] = field(repr=False)
    torn: bool


def begin_job(bench: Workbench, wish: JobWish, now: datetime) -> Handed:
    """Ask the card in an agent's reader for its answer to reset, to begin a job on it.

    Raises:
        UnknownAgent, AgentNotConfirmed, AgentEnded: the agent may not work.
    """
    new = NewSession(wish.agent_id, SessionPurpose.JOB, wish.subject_id, wish.actor.id, wish.kind)
    return Handed(steps.open_session(bench.sessions, bench.hsm, new, (), now))


def kind_of(sessions: Sessions, answer: Mapping[str, Any]) -> str:
    """Which kind of job an answer belongs to: who may hand it in depends on that. The answer is not believed here.

    Raises:
        UnknownAgentSession: to none.
    """
    name = answer.get("session")
    with reading(sessions) as session:
        found = session.get(AgentSession, name) if isinstance(name, str) and "\0" not in name else None
    if found is None or found.job_kind is None:
        raise UnknownAgentSession("there is no such session")
    return found.job_kind


def answer_job(bench: Workbench, given: Given, now: datetime) -> Handed:
    """Take an agent's answer to a step of a job, and give the next signed step or the job's end.

    Raises:
        WorkstationsError: the answer does not count; see `steps.examine` and `steps.take`.
        UnknownAgentSession: it is somebody else's session, or none of a job.
        CardsError: the job refuses; see `start_job` and `answer_step`.
    """
    examined = steps.examine(bench.sessions, bench.hsm, given.answer, now)
    session = examined.session
    if session.job_kind is None or session.actor_id != given.actor.id:
        raise UnknownAgentSession("there is no such session of yours")
    if examined.was_taken:
        raise AgentAnswerTaken("this step was answered before")
    steps.take(bench.sessions, examined, now)
    step = _moved(bench, examined, given, now)
    if step.done:
        return Handed(None, step.job_id, outcome=step.outcome, ticks=step.ticks)
    signed = steps.next_step(bench.sessions, bench.hsm, examined.answer, step.commands, now)
    return Handed(signed, step.job_id, step.token, ticks=step.ticks)


def begin_proof(
    sessions: Sessions, hsm: Hsm, agent_id: str, asked: tuple[str, tuple[CommandApdu, ...]], now: datetime
) -> Handed:
    """Have the card in an agent's reader answer a challenge.

    Args:
        sessions: opens transactions.
        hsm: signs the step.
        agent_id: whose reader.
        asked: the challenge's id and its commands.
        now: when.

    Raises:
        UnknownAgent, AgentNotConfirmed, AgentEnded: the agent may not work.
    """
    challenge_id, commands = asked
    new = NewSession(agent_id, SessionPurpose.PROOF, challenge_id)
    return Handed(steps.open_session(sessions, hsm, new, commands, now))


def read_proof(sessions: Sessions, hsm: Hsm, answer: Mapping[str, Any], now: datetime) -> ProofAnswer:
    """A card's answers out of an agent's answer. It may be read again, until the challenge is used up: whether it is good is said there.

    Raises:
        WorkstationsError: the answer does not count; see `steps.examine`.
        UnknownAgentSession: it belongs to no proof.
    """
    examined = steps.examine(sessions, hsm, answer, now)
    if examined.session.purpose != SessionPurpose.PROOF:
        raise UnknownAgentSession("there is no such session of a proof")
    if not examined.was_taken:
        steps.take(sessions, examined, now)
    said = examined.answer
    return ProofAnswer(examined.session.subject_id, said.agent, said.responses, said.torn)


def _moved(bench: Workbench, examined: Examined, given: Given, now: datetime) -> JobStep:
    """What the job says to the answer; the first one begins it."""
    session, answer = examined.session, examined.answer
    if session.job_id is not None:
        said = JobAnswer(session.job_id, answer.step - 1, given.token, answer.responses, answer.torn)
        return answer_step(bench, said, now)
    order = JobOrder(session.job_kind or "", session.subject_id, answer.atr, given.actor)
    begun = start_job(bench, order, now)
    with transaction(bench.sessions) as writing:
        writing.execute(update(AgentSession).where(AgentSession.id == session.id).values(job_id=begun.job_id))
    return begun
