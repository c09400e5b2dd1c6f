"""Steps for reader agents: signed for twenty seconds, remembered by their digest, each answered once and by the agent it was signed for.

The vault signs with no transaction open. An answer is judged by what stands here: which session and step, whose reader, what was signed,
and when. The page that carries both is not believed in anything.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from citizencard.db import Sessions, new_id, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.workstations.errors import (
    AgentAnswerForged,
    AgentAnswerLate,
    AgentAnswerTaken,
    UnknownAgentSession,
)
from citizencard.workstations.messages import AgentAnswer, StepOrder, is_signed_by
from citizencard.workstations.models import AgentSession, AgentStep, SessionPurpose
from citizencard.workstations.pairing import refuse_realm, usable_agent
from hardware.card.apdu import CommandApdu

STEP_LIFE: Final = timedelta(seconds=20)
"""The agent takes none that lives longer than 30 s by its own clock: ten are left for two clocks that differ."""
ANSWER_LIFE: Final = timedelta(minutes=2)
"""How long after it was signed a step may be answered: as long as an agent keeps an idle session."""
FORGET_PROOFS_AFTER: Final = timedelta(days=1)
FORGOTTEN_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class NewSession:
    """A conversation to begin with the card in an agent's reader.

    Args:
        agent_id: whose reader.
        purpose: a reader job or a proof.
        subject_id: what it is about: the job's subject, or the challenge.
        actor_id: who may hand in answers; empty for anybody who holds the signed answer.
        job_kind: of a job.
    """

    agent_id: str
    purpose: SessionPurpose
    subject_id: str
    actor_id: str = ""
    job_kind: str | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """An answer that is what its agent has signed for a step of ours, in time.

    Args:
        session: the conversation, as it stands.
        answer: the answer.
        was_taken: this very answer was taken before.
        digest: SHA-256 over its signed bytes.
    """

    session: AgentSession
    answer: AgentAnswer
    was_taken: bool
    digest: bytes = field(repr=False)


def open_session(
    sessions: Sessions, hsm: Hsm, new: NewSession, commands: tuple[CommandApdu, ...], now: datetime
) -> dict[str, Any]:
    """Begin a conversation and sign its first step, before which the agent resets the card.

    Returns:
        The signed step, for the agent.

    Raises:
        UnknownAgent, AgentNotConfirmed, AgentEnded: the agent may not work.
    """
    session_id = new_id("ags")
    document, row = _signed(sessions, hsm, StepOrder(new.agent_id, session_id, 1, commands, _exp(now)), now)
    begun = AgentSession(
        id=session_id,
        agent_id=new.agent_id,
        purpose=str(new.purpose),
        job_kind=new.job_kind,
        subject_id=new.subject_id,
        actor_id=new.actor_id,
        begun_at=now,
    )
    with transaction(sessions) as session:
        usable_agent(session, new.agent_id)
        if new.purpose is SessionPurpose.PROOF:
            _forget_proofs(session, now)
        session.add(begun)
        session.flush()
        session.add(row)
    return document


def next_step(
    sessions: Sessions, hsm: Hsm, after: AgentAnswer, commands: tuple[CommandApdu, ...], now: datetime
) -> dict[str, Any]:
    """Sign the step that follows a step that was answered.

    Raises:
        UnknownAgent, AgentNotConfirmed, AgentEnded: the agent may not work any more.
    """
    order = StepOrder(after.agent, after.session, after.step + 1, commands, _exp(now))
    document, row = _signed(sessions, hsm, order, now)
    with transaction(sessions) as session:
        usable_agent(session, after.agent)
        session.add(row)
    return document


def examine(sessions: Sessions, hsm: Hsm, document: Mapping[str, Any], now: datetime) -> Examined:
    """Find out whether an answer counts; nothing is written.

    Raises:
        AgentMessageMalformed: not of its form.
        UnknownAgentSession: no such session or step, or another agent's.
        UnknownAgent, AgentNotConfirmed, AgentEnded: the agent is not heard.
        AgentAnswerForged: the agent has not signed this for exactly the step that we have signed.
        AgentRealmRefused: an emulated reader, in production.
        AgentAnswerLate: more than two minutes after the step was signed.
        AgentAnswerTaken: the step was answered before, otherwise.
    """
    answer = AgentAnswer.read(document)
    with reading(sessions) as session:
        found = session.get(AgentSession, answer.session)
        asked = session.get(AgentStep, (answer.session, answer.step))
        if found is None or asked is None or found.agent_id != answer.agent:
            raise UnknownAgentSession("there is no such session or step")
        agent = usable_agent(session, answer.agent)
        session.expunge_all()
    signed = answer.signed_bytes(asked.digest)
    if not is_signed_by(agent.public_key, answer.signature, signed):
        raise AgentAnswerForged("the agent has not signed this for this step")
    refuse_realm(hsm.realm, answer.realm)
    if now >= asked.sent_at + ANSWER_LIFE:
        raise AgentAnswerLate("the step is too old to be answered")
    digest = hashlib.sha256(signed).digest()
    if asked.answer_digest not in {None, digest}:
        raise AgentAnswerTaken("this step was answered before")
    return Examined(found, answer, asked.answered_at is not None, digest)


def take(sessions: Sessions, examined: Examined, now: datetime) -> None:
    """Take an answer, once.

    Raises:
        AgentAnswerTaken: the step was answered before, by this or by another answer.
    """
    with transaction(sessions) as session:
        taken = session.scalars(
            update(AgentStep)
            .where(
                AgentStep.session_id == examined.answer.session,
                AgentStep.step == examined.answer.step,
                AgentStep.answered_at.is_(None),
            )
            .values(answered_at=now, answer_digest=examined.digest)
            .returning(AgentStep.step)
        ).one_or_none()
    if taken is None:
        raise AgentAnswerTaken("this step was answered before")


def _exp(now: datetime) -> int:
    return int((now + STEP_LIFE).timestamp())


def _signed(sessions: Sessions, hsm: Hsm, order: StepOrder, now: datetime) -> tuple[dict[str, Any], AgentStep]:
    with reading(sessions) as session:
        usable_agent(session, order.agent)
    message = order.signed_bytes()
    row = AgentStep(session_id=order.session, step=order.step, digest=hashlib.sha256(message).digest(), sent_at=now)
    return order.document(hsm.sign_agent_step(message)), row


def _forget_proofs(session: Session, now: datetime) -> None:
    """Anybody may ask for a proof, so what remains of old ones is removed; sessions of jobs stay."""
    old = list(
        session.scalars(
            select(AgentSession.id)
            .where(AgentSession.purpose == SessionPurpose.PROOF, AgentSession.begun_at < now - FORGET_PROOFS_AFTER)
            .limit(FORGOTTEN_AT_ONCE)
        )
    )
    if old:
        session.execute(delete(AgentStep).where(AgentStep.session_id.in_(old)))
        session.execute(delete(AgentSession).where(AgentSession.id.in_(old)))
