"""Applying for a card, and running reader jobs.

Each step of a job is taken once, however often its answer is sent, and the next commands leave only after a commit.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from citizencard.audit import Actor, record
from citizencard.cards.applications import Application, apply_for_card
from citizencard.cards.errors import (
    ReaderAnswerInvalid,
    ReaderJobExpired,
    ReaderStepConflict,
    ReaderStepUnknown,
    ReaderTokenWrong,
    UnknownJobKind,
    UnknownReaderJob,
)
from citizencard.cards.models import Card, ReaderJob, ReaderJobStep
from citizencard.cards.reader_jobs import (
    SUPERSEDED,
    CardAnswer,
    JobAnswer,
    JobContext,
    JobKind,
    JobOrder,
    JobStep,
    Move,
    Workbench,
)
from citizencard.cards.states import Deed
from citizencard.db import Sessions, is_postgresql, new_id, reading, transaction
from citizencard.keys.hsm import FieldContext, Hsm
from citizencard.people.flow import personal_data
from hardware.card.apdu import CommandApdu

JOB_LIFETIME: Final = timedelta(minutes=30)
TOKEN_BYTES: Final = 32
MAX_STEPS: Final = 200
MAX_ATR_BYTES: Final = 33


@dataclass(frozen=True, slots=True)
class _Open:
    """A job and its steps as far as an answer to step n needs them; read in one look, decided outside of it."""

    job: ReaderJob
    asked: ReaderJobStep
    following: ReaderJobStep | None


def apply(sessions: Sessions, hsm: Hsm, person_id: str, chosen_class: int, deed: Deed) -> Card:
    """Accept a resident's application. The birth date is decrypted before the transaction begins, compared, and not kept.

    Raises:
        PersonUnknown: there is no such resident.
        UnknownCardClass, ClassNotForPerson: no such class, or not at this age.
        CardNumbersExhausted: all numbers are given out.
    """
    born = personal_data(sessions, hsm, person_id).birth_date
    with transaction(sessions) as session:
        return apply_for_card(session, Application(person_id, born, chosen_class), deed)


def start_job(bench: Workbench, order: JobOrder, now: datetime) -> JobStep:
    """Begin a job on the chip in the reader. Jobs about the same subject that are still open end here.

    Raises:
        UnknownJobKind: there is no such kind.
        CitizencardError: the kind refuses, for example because of the card's state or the wrong chip.
        ValueError: the answer to reset is longer than any.
    """
    if len(order.atr) > MAX_ATR_BYTES:
        raise ValueError(f"an ATR has at most {MAX_ATR_BYTES} bytes")
    kind = _kind(bench, order.kind)
    job_id, token = new_id("job"), secrets.token_urlsafe(TOKEN_BYTES)
    context = JobContext(bench.sessions, bench.hsm, job_id, order.subject_id, order.actor, now)
    move = kind.begin(context, order.atr)
    sealed = _seal(bench.hsm, job_id, 1, move.commands)
    job = ReaderJob(
        id=job_id,
        kind=order.kind,
        subject_id=order.subject_id,
        state=dict(move.state),
        step=1,
        token_hash=_hash(token),
        actor=asdict(order.actor),
        started_at=now,
        expires_at=now + JOB_LIFETIME,
    )
    with transaction(bench.sessions) as session:
        _take_over(session, order.subject_id, now)
        if move.effect is not None:
            move.effect(session)
        session.add(job)
        session.flush()
        session.add(ReaderJobStep(job_id=job_id, step=1, commands=sealed, ticks=[]))
        record(session, order.actor, f"reader_job.{order.kind}", order.subject_id, now=now)
    return JobStep(job_id, 1, token, move.commands, done=False, ticks=move.ticks)


def answer_step(bench: Workbench, answer: JobAnswer, now: datetime) -> JobStep:
    """Take the card's answers to a step and give the next one. Sending the same answers again gives the same next step.

    Raises:
        UnknownReaderJob, ReaderTokenWrong: no such job, or not this token's.
        ReaderStepUnknown: the job has not come to this step.
        ReaderStepConflict: the step was answered before, with other responses.
        ReaderJobExpired: too late, or another job took over.
        ReaderAnswerInvalid: responses that do not fit the commands.
        CitizencardError: the kind refuses.
    """
    found = _look(bench, answer)
    given = CardAnswer(answer.responses, answer.torn)
    if found.asked.answer_digest is not None:
        return _answer_again(bench, answer, found, given)
    job = found.job
    if job.finished_at is not None or now >= job.expires_at:
        raise ReaderJobExpired("the job is over", job_id=job.id)
    _check_shape(answer, _unseal(bench.hsm, job.id, answer.step, found.asked.commands))
    context = JobContext(bench.sessions, bench.hsm, job.id, job.subject_id, Actor(**job.actor), now)
    move = _kind(bench, job.kind).go_on(context, job.state, given)
    if answer.step >= MAX_STEPS and not move.outcome:
        raise ReaderAnswerInvalid(
            "the job does not end", job_id=job.id, step=answer.step, reason=f"more than {MAX_STEPS} steps"
        )
    sealed = None if move.outcome else _seal(bench.hsm, job.id, answer.step + 1, move.commands)
    with transaction(bench.sessions) as session:
        stored = _store(session, answer, given, move, sealed, now) if _is_open(session, answer, given) else False
    if not stored:
        return _answer_again(bench, answer, _look(bench, answer), given)
    if move.outcome:
        return JobStep(job.id, answer.step, answer.token, (), done=True, outcome=move.outcome, ticks=move.ticks)
    return JobStep(job.id, answer.step + 1, answer.token, move.commands, done=False, ticks=move.ticks)


def locked_open_job(session: Session, job_id: str) -> ReaderJob:
    """The job, its row locked, as long as nobody ended it: for steps that commit something before their answer is stored.

    Raises:
        ReaderJobExpired: it ended, or another job took over.
    """
    job = session.scalars(
        select(ReaderJob).where(ReaderJob.id == job_id).with_for_update(), execution_options={"populate_existing": True}
    ).one()
    if job.finished_at is not None:
        raise ReaderJobExpired("the job is over", job_id=job_id)
    return job


def _take_over(session: Session, subject_id: str, now: datetime) -> None:
    """End the open jobs about a subject. Two that begin at once take turns: neither would see the other's row."""
    if is_postgresql(session):
        name = hashlib.sha256(f"reader_job\0{subject_id}".encode()).digest()
        session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(name[:8], signed=True))))
    session.execute(
        update(ReaderJob)
        .where(ReaderJob.subject_id == subject_id, ReaderJob.finished_at.is_(None))
        .values(finished_at=now, outcome=SUPERSEDED)
    )


def _kind(bench: Workbench, name: str) -> JobKind:
    if name not in bench.kinds:
        raise UnknownJobKind(f"no reader job {name!r}", kind=name)
    return bench.kinds[name]


def _look(bench: Workbench, answer: JobAnswer) -> _Open:
    with reading(bench.sessions) as session:
        job = session.get(ReaderJob, answer.job_id)
        if job is None:
            raise UnknownReaderJob("no such job", job_id=answer.job_id)
        if not hmac.compare_digest(job.token_hash, _hash(answer.token)):
            raise ReaderTokenWrong("not this job's token")
        asked = session.get(ReaderJobStep, (job.id, answer.step))
        if asked is None:
            raise ReaderStepUnknown("no such step yet", job_id=job.id, step=answer.step, expected=job.step)
        following = session.get(ReaderJobStep, (job.id, answer.step + 1))
        session.expunge_all()
    return _Open(job, asked, following)


def _answer_again(bench: Workbench, answer: JobAnswer, found: _Open, given: CardAnswer) -> JobStep:
    job, asked = found.job, found.asked
    if asked.answer_digest is None:
        raise ReaderJobExpired("the job is over", job_id=job.id)
    if not hmac.compare_digest(asked.answer_digest, given.digest()):
        raise ReaderStepConflict("answered before, otherwise", job_id=job.id, step=answer.step)
    ticks = tuple(asked.ticks)
    if found.following is None:
        return JobStep(job.id, answer.step, answer.token, (), done=True, outcome=job.outcome or "", ticks=ticks)
    commands = _unseal(bench.hsm, job.id, answer.step + 1, found.following.commands)
    return JobStep(job.id, answer.step + 1, answer.token, commands, done=False, ticks=ticks)


def _check_shape(answer: JobAnswer, commands: tuple[CommandApdu, ...]) -> None:
    """A workstation sends all commands up to the first refusal or the removal of the card."""
    responses = answer.responses
    reason = ""
    if len(responses) > len(commands):
        reason = "more responses than commands"
    elif any(not response.ok for response in responses[:-1]):
        reason = "went on after a refusal"
    elif len(responses) < len(commands) and not answer.torn and (not responses or responses[-1].ok):
        reason = "fewer responses than commands"
    if reason:
        raise ReaderAnswerInvalid(reason, job_id=answer.job_id, step=answer.step, reason=reason)


def _is_open(session: Session, answer: JobAnswer, given: CardAnswer) -> bool:
    """Lock the job; False if this step was answered meanwhile, or the job ended."""
    job = session.scalars(
        select(ReaderJob).where(ReaderJob.id == answer.job_id).with_for_update(),
        execution_options={"populate_existing": True},
    ).one()
    step = session.get_one(ReaderJobStep, (answer.job_id, answer.step), populate_existing=True)
    if step.answer_digest is not None and not hmac.compare_digest(step.answer_digest, given.digest()):
        raise ReaderStepConflict("answered before, otherwise", job_id=job.id, step=answer.step)
    return step.answer_digest is None and job.finished_at is None


def _store(  # noqa: PLR0913, PLR0917 # the parts of one row each, used once
    session: Session, answer: JobAnswer, given: CardAnswer, move: Move, sealed: bytes | None, now: datetime
) -> bool:
    job = session.get_one(ReaderJob, answer.job_id)
    step = session.get_one(ReaderJobStep, (answer.job_id, answer.step))
    step.answer_digest = given.digest()
    step.answered_at = now
    step.ticks = list(move.ticks)
    job.state = dict(move.state)
    if move.effect is not None:
        move.effect(session)
    if sealed is None:
        job.finished_at = now
        job.outcome = move.outcome
    else:
        job.step = answer.step + 1
        session.add(ReaderJobStep(job_id=job.id, step=job.step, commands=sealed, ticks=[]))
    session.flush()
    return True


def _seal(hsm: Hsm, job_id: str, step: int, commands: tuple[CommandApdu, ...]) -> bytes:
    """Commands as they lie in the database: encrypted, for some carry the holder's name."""
    text = json.dumps([command.to_bytes().hex() for command in commands])
    return hsm.encrypt(FieldContext("reader_job_step", "commands", f"{job_id}/{step}"), text)


def _unseal(hsm: Hsm, job_id: str, step: int, sealed: bytes) -> tuple[CommandApdu, ...]:
    text = hsm.decrypt(FieldContext("reader_job_step", "commands", f"{job_id}/{step}"), sealed)
    return tuple(CommandApdu.from_bytes(bytes.fromhex(command)) for command in json.loads(text))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
