"""Looking reader jobs up, for people who watch; nothing is locked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.cards.errors import UnknownReaderJob
from citizencard.cards.models import ReaderJob, ReaderJobStep

MAX_TICKS: Final = 1_000


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A reader job as somebody sees it who may not go on with it: neither token nor commands.

    Args:
        id, kind, subject_id: which job.
        step: how far it came.
        done, outcome: whether and how it ended.
        ticks: everything that was achieved, in order.
    """

    id: str
    kind: str
    subject_id: str
    step: int
    done: bool
    outcome: str
    ticks: tuple[str, ...]
    started_at: datetime
    finished_at: datetime | None


def see_job(session: Session, job_id: str) -> JobSeen:
    """A reader job by id, with its ticks; two statements.

    Raises:
        UnknownReaderJob: there is none.
    """
    job = session.get(ReaderJob, job_id)
    if job is None:
        raise UnknownReaderJob("no such job", job_id=job_id)
    steps = select(ReaderJobStep.ticks).where(ReaderJobStep.job_id == job_id).order_by(ReaderJobStep.step)
    ticks = tuple(tick for achieved in session.scalars(steps) for tick in achieved)[:MAX_TICKS]
    return JobSeen(
        id=job.id,
        kind=job.kind,
        subject_id=job.subject_id,
        step=job.step,
        done=job.finished_at is not None,
        outcome=job.outcome or "",
        ticks=ticks,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def kind_of_job(session: Session, job_id: str) -> str:
    """What kind of job this is: who may go on with it depends on that.

    Raises:
        UnknownReaderJob: there is none.
    """
    kind = session.scalar(select(ReaderJob.kind).where(ReaderJob.id == job_id))
    if kind is None:
        raise UnknownReaderJob("no such job", job_id=job_id)
    return kind
