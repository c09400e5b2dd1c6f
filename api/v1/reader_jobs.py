"""Jobs on the chip in a reader: the server gives commands step by step, the workstation carries them and is not believed."""

from typing import Final

from api.auth import actor, actor_at
from api.city import city, now
from api.face import Face, Shapes
from api.schemas.cards import (
    JobWanted,
    ReaderJobAnswer,
    ReaderJobRequest,
    ReaderStepAnswer,
    ReaderStepRequest,
    StepAnswered,
)
from citizencard.cards.errors import UnknownJobKind
from citizencard.cards.flow import answer_step, start_job
from citizencard.cards.issuing.personalise import PERSONALISE
from citizencard.cards.issuing.psam import PERSONALISE_PSAM
from citizencard.cards.lookup import JobSeen, kind_of_job, see_job
from citizencard.cards.reader_jobs import JobAnswer, JobOrder, JobStep
from citizencard.db import reading
from citizencard.purse.loads.flow import LOAD
from citizencard.purse.loads.loads import find_load
from citizencard.purse.loads.models import LoadState
from citizencard.purse.loads.recovery import RECOVER_LOAD
from citizencard.purse.unloads.flow import UNLOAD
from citizencard.purse.unloads.recovery import RECOVER_UNLOAD
from citizencard.staff.permissions import Permission

PERMISSION_OF_KIND: Final = {
    PERSONALISE: Permission.CARDS_PERSONALISE,
    PERSONALISE_PSAM: Permission.PSAMS_PERSONALISE,
    LOAD: Permission.LOADS_TAKE,
    RECOVER_LOAD: Permission.LOADS_TAKE,
    UNLOAD: Permission.UNLOADS_TAKE,
    RECOVER_UNLOAD: Permission.UNLOADS_TAKE,
}

face = Face("Reader jobs", "/v1", "Conversations with a chip in a reader.")


@face.post("/reader-jobs", Shapes(gives=ReaderStepAnswer, takes=ReaderJobRequest, status=201))
def begin_a_job(new: JobWanted) -> dict[str, object]:
    """Begin a job on the chip in the reader.

    No key is needed: a new job about the same subject ends the open one and goes on by what the card says.
    """
    if new.kind not in PERMISSION_OF_KIND:
        raise UnknownJobKind(f"no reader job {new.kind!r}", kind=new.kind)
    who = actor(PERMISSION_OF_KIND[new.kind])
    check_outlet(new.kind, new.subject_id)
    return _seen(start_job(city().bench, JobOrder(new.kind, new.subject_id, new.atr, who), now()))


@face.post("/reader-jobs/<job_id>/steps/<int:step>", Shapes(gives=ReaderStepAnswer, takes=ReaderStepRequest))
def answer_a_step(given: StepAnswered, job_id: str, step: int) -> dict[str, object]:
    """Hand in the chip's answers to a step, and get the next one. Sent again with the same answers, it gives the same step."""
    with reading(city().sessions) as session:
        kind = kind_of_job(session, job_id)
    actor(PERMISSION_OF_KIND[kind])
    answer = JobAnswer(job_id, step, given.token, given.apdus(), given.torn)
    return _seen(answer_step(city().bench, answer, now()))


@face.get("/reader-jobs/<job_id>", Shapes(gives=ReaderJobAnswer))
def watch_a_job(job_id: str) -> JobSeen:
    """How far a job is, for those who watch; neither token nor commands."""
    with reading(city().sessions) as session:
        return see_job(session, job_id)


def check_outlet(kind: str, subject_id: str) -> None:
    """Before a load begins whose cash is not booked yet: it goes into a till of that outlet, so somebody of that outlet must have taken it.

    Raises:
        UnknownLoad: there is none.
        PermissionDenied, ElsewhereRefused: it is another outlet's.
    """
    if kind != LOAD:
        return
    with reading(city().sessions) as session:
        load = find_load(session, subject_id)
        is_unpaid, outlet_id = load.state == LoadState.REQUESTED, load.outlet_id
    if is_unpaid and outlet_id is not None:
        actor_at(Permission.LOADS_TAKE, outlet_id)


def _seen(step: JobStep) -> dict[str, object]:
    return {
        "id": step.job_id,
        "step": step.step,
        "token": step.token,
        "commands": [command.to_bytes() for command in step.commands],
        "done": step.done,
        "outcome": step.outcome,
        "ticks": list(step.ticks),
    }
