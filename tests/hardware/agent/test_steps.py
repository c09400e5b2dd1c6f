"""Steps are taken once, also across a restart, and the memory of them is bounded."""

from pathlib import Path

import pytest

from hardware.agent.errors import AgentFolderInvalid, StepExpired, StepOutOfOrder, TooManySessions
from hardware.agent.messages import Step
from hardware.agent.steps import MAX_SESSIONS, REMEMBER_S, StepGate
from tests.hardware.agent.workstation import Workstation, at_work


def test_restart_opens_no_second_chance(tmp_path: Path) -> None:
    """A step that was taken before the agent was restarted is refused after it."""
    with at_work(tmp_path) as desk:
        desk.pair()
        step = desk.step()
        desk.agent.take(Step.read(step))
    with at_work(tmp_path) as desk, pytest.raises(StepOutOfOrder):
        desk.agent.take(Step.read(step))


def test_checking_takes_nothing(desk: Workstation) -> None:
    """Only taking uses a step up."""
    gate = StepGate(desk.folder)
    step = Step.read(desk.step())
    gate.check(step, desk.now)
    gate.check(step, desk.now)
    gate.take(step, desk.now)
    with pytest.raises(StepOutOfOrder):
        gate.check(step, desk.now)


def test_memory_is_bounded_and_forgets_only_what_has_expired(desk: Workstation) -> None:
    """So many sessions at a time and no more; one is forgotten when no step of it can be taken any more."""
    gate = StepGate(desk.folder)
    first = Step.read(desk.step(session=f"session_number_{0:05}"))
    for number in range(MAX_SESSIONS):
        gate.take(Step.read(desk.step(session=f"session_number_{number:05}")), desk.now)
    one_more = desk.step(session="session_one_too_many")
    with pytest.raises(TooManySessions):
        gate.take(Step.read(one_more), desk.now)
    with pytest.raises(StepOutOfOrder):
        gate.check(first, desk.now)
    desk.pass_time(REMEMBER_S + 21)
    gate.take(Step.read(desk.step(session="session_one_too_many")), desk.now)
    assert list(desk.folder.taken()) == ["session_one_too_many"]
    with pytest.raises(StepExpired) as expired:
        gate.check(first, desk.now)
    assert expired.value.agent_time == int(desk.now.timestamp())


def test_damaged_memory_stops_the_agent(desk: Workstation) -> None:
    """Without knowing what was taken, nothing is."""
    desk.folder.keep_taken({"session": ["1"]})
    with pytest.raises(AgentFolderInvalid):
        StepGate(desk.folder)
