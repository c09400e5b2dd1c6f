"""Reader jobs between a server and a workstation that may lose, repeat or invent answers."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.cards.errors import (
    ClassNotForPerson,
    ReaderAnswerInvalid,
    ReaderJobExpired,
    ReaderStepConflict,
    ReaderStepUnknown,
    ReaderTokenWrong,
    UnknownJobKind,
    UnknownReaderJob,
)
from citizencard.cards.flow import JOB_LIFETIME, MAX_ATR_BYTES, answer_step, apply, start_job
from citizencard.cards.models import CardCounter, ReaderJob
from citizencard.cards.reader_jobs import CardAnswer, JobAnswer, JobContext, JobOrder, JobStep, Move, Workbench
from citizencard.cards.states import Deed
from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from hardware.card.apdu import ResponseApdu
from hardware.card.purse import get_challenge
from tests.citizencard.cards.make_cards import CLERK, SENIOR, resident

FINE, REFUSED = ResponseApdu(b"\x01"), ResponseApdu(b"", 0x6982)
ORDER = JobOrder("counting", "subject_1", b"\x3b\x00", CLERK)


class Counting:
    """A small kind of job: three steps of two commands, each counted in the database."""

    def begin(self, context: JobContext, atr: bytes) -> Move:
        del context, atr
        return Move({"done": 0}, (get_challenge(4), get_challenge(8)), effect=self._count)

    def go_on(self, context: JobContext, state: Mapping[str, Any], answer: CardAnswer) -> Move:
        del context
        if answer.torn:
            return Move(outcome="torn")
        done = int(state["done"]) + 1
        if done == 3:
            return Move(outcome="counted", ticks=("three",), effect=self._count)
        return Move({"done": done}, (get_challenge(4), get_challenge(8)), ticks=(str(done),), effect=self._count)

    @staticmethod
    def _count(session: Session) -> None:
        counter = session.get(CardCounter, "counting") or CardCounter(name="counting", last_number=0)
        counter.last_number += 1
        session.add(counter)
        session.flush()


@pytest.fixture
def bench(sessions: Sessions, vault: SoftwareVault) -> Workbench:
    """A server with that one kind of job."""
    return Workbench(sessions, vault, {"counting": Counting()})


def _counted(bench: Workbench) -> int:
    with reading(bench.sessions) as session:
        counter = session.get(CardCounter, "counting")
        return counter.last_number if counter else 0


def _answer(step: JobStep, *responses: ResponseApdu, torn: bool = False) -> JobAnswer:
    return JobAnswer(step.job_id, step.step, step.token, responses or (FINE, FINE), torn)


def test_each_step_is_taken_once(bench: Workbench, now: datetime) -> None:
    """Every answer is sent twice; every step has its effect once, and the second sending gets the same commands."""
    step = start_job(bench, ORDER, now)
    for number in (1, 2, 3):
        assert step.step == number
        answer = _answer(step)
        step = answer_step(bench, answer, now)
        assert answer_step(bench, answer, now) == step
    assert (step.done, step.outcome, step.ticks) == (True, "counted", ("three",))
    assert _counted(bench) == 4


def test_old_steps_are_answered_from_the_store(bench: Workbench, now: datetime) -> None:
    """An answer that was under way for long gets what it would have got, also after the job has ended."""
    first = start_job(bench, ORDER, now)
    second = answer_step(bench, _answer(first), now)
    third = answer_step(bench, _answer(second), now)
    answer_step(bench, _answer(third), now)
    assert answer_step(bench, _answer(first), now + JOB_LIFETIME) == second
    assert _counted(bench) == 4


def test_other_answers_to_an_answered_step_are_refused(bench: Workbench, now: datetime) -> None:
    """Nobody can take a step back."""
    first = start_job(bench, ORDER, now)
    answer_step(bench, _answer(first), now)
    for other in (_answer(first, FINE, REFUSED), _answer(first, FINE, FINE, torn=True)):
        with pytest.raises(ReaderStepConflict):
            answer_step(bench, other, now)


def test_only_the_token_of_the_job_opens_it(bench: Workbench, now: datetime) -> None:
    """Neither no token nor that of another job, and no step that has not come."""
    first, other = start_job(bench, ORDER, now), start_job(bench, replace(ORDER, subject_id="subject_2"), now)
    for token in ("", other.token):
        with pytest.raises(ReaderTokenWrong):
            answer_step(bench, replace(_answer(first), token=token), now)
    with pytest.raises(ReaderStepUnknown):
        answer_step(bench, replace(_answer(first), step=2), now)
    with pytest.raises(UnknownReaderJob):
        answer_step(bench, replace(_answer(first), job_id="job_none"), now)
    with reading(bench.sessions) as session:
        assert first.token not in session.get_one(ReaderJob, first.job_id).token_hash


def test_old_jobs_end(bench: Workbench, now: datetime) -> None:
    """A job is over when its time is, and when another begins for the same card."""
    late = start_job(bench, ORDER, now)
    with pytest.raises(ReaderJobExpired):
        answer_step(bench, _answer(late), now + JOB_LIFETIME)
    superseded = start_job(bench, ORDER, now)
    current = start_job(bench, ORDER, now + timedelta(seconds=1))
    with pytest.raises(ReaderJobExpired):
        answer_step(bench, _answer(superseded), now)
    assert not answer_step(bench, _answer(current), now).done


@pytest.mark.parametrize(
    "responses",
    [(FINE,), (FINE, FINE, FINE), (REFUSED, FINE)],
    ids=["too few", "too many", "went on after a refusal"],
)
def test_answers_that_no_reader_gives_are_refused(
    bench: Workbench, now: datetime, responses: tuple[ResponseApdu, ...]
) -> None:
    """The answers must fit the commands; the step stays open for those that do."""
    step = start_job(bench, ORDER, now)
    with pytest.raises(ReaderAnswerInvalid):
        answer_step(bench, _answer(step, *responses), now)
    assert answer_step(bench, _answer(step), now).step == 2


def test_refused_and_torn_answers_may_be_shorter(bench: Workbench, now: datetime) -> None:
    """A refusal or the removal of the card ends the answers early."""
    step = answer_step(bench, _answer(start_job(bench, ORDER, now), REFUSED), now)
    assert step.step == 2
    assert answer_step(bench, _answer(step, FINE, torn=True), now).outcome == "torn"


def test_unknown_kinds_and_endless_resets_are_refused(bench: Workbench, now: datetime) -> None:
    """A job must be one that the server knows, on a chip whose answer to reset can be one."""
    with pytest.raises(UnknownJobKind):
        start_job(bench, replace(ORDER, kind="format_card"), now)
    with pytest.raises(ValueError, match="ATR"):
        start_job(bench, replace(ORDER, atr=bytes(MAX_ATR_BYTES + 1)), now)


def test_application_reads_the_age_from_the_register(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """The clerk does not say how old the resident is: the registered number does."""
    old, young = resident(sessions, vault, now, date(1950, 1, 1)), resident(sessions, vault, now)
    assert apply(sessions, vault, old.id, SENIOR, Deed(CLERK, now)).card_class == SENIOR
    with pytest.raises(ClassNotForPerson):
        apply(sessions, vault, young.id, SENIOR, Deed(CLERK, now))


def test_jobs_begun_at_once_leave_one_open(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Six workstations begin a job about the same card in the same moment: one of the jobs goes on, the others have ended."""
    bench = Workbench(committed, vault, {"counting": Counting()})

    def begin(_: int) -> JobStep:
        return start_job(bench, ORDER, now)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(begin, range(6)))
    with reading(committed) as session:
        still_open = session.scalars(select(ReaderJob).where(ReaderJob.finished_at.is_(None))).all()
    assert len(still_open) == 1
