"""Signed steps, and which answers count."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from citizencard.db import reading
from citizencard.workstations import steps
from citizencard.workstations.errors import AgentAnswerTaken, AgentRealmRefused, UnknownAgentSession
from citizencard.workstations.models import AgentSession, AgentStep, SessionPurpose
from citizencard.workstations.steps import FORGET_PROOFS_AFTER, NewSession
from hardware.card.profile import PURSE_AID
from hardware.card.purse import GetBalance, select_application
from tests.citizencard.keys.make_vault import random_vault
from tests.citizencard.workstations.desk import Counter
from tests.hardware.emulator.make_cards import personalised_card

COMMANDS = (select_application(PURSE_AID), GetBalance().command())
DAY = timedelta(days=1)


def proof(agent_id: str, subject_id: str = "chl_1") -> NewSession:
    return NewSession(agent_id, SessionPurpose.PROOF, subject_id)


def test_answer_is_examined_and_taken_once(counter: Counter) -> None:
    """What a card said reaches the server as it was, once; looking at it again shows that it was taken."""
    counter.desk.put_in(personalised_card(None, balance_fen=4_200))
    signed = steps.open_session(counter.sessions, counter.hsm, proof(counter.confirm()), COMMANDS, counter.now)
    answer = counter.desk.carry(signed)
    found = steps.examine(counter.sessions, counter.hsm, answer, counter.now)
    assert (found.was_taken, found.session.subject_id) == (False, "chl_1")
    assert GetBalance.parse(found.answer.responses[1].data) == 4_200
    steps.take(counter.sessions, found, counter.now)
    with pytest.raises(AgentAnswerTaken):
        steps.take(counter.sessions, found, counter.now)
    assert steps.examine(counter.sessions, counter.hsm, answer, counter.now).was_taken


def test_steps_follow_each_other_without_a_gap(counter: Counter) -> None:
    """A page that leaves a step out or sends one twice hears so from the agent; the next one goes on with the same card."""
    counter.desk.put_in(personalised_card(None))
    first = steps.open_session(counter.sessions, counter.hsm, proof(counter.confirm()), (), counter.now)
    found = steps.examine(counter.sessions, counter.hsm, counter.desk.carry(first), counter.now)
    second = steps.next_step(counter.sessions, counter.hsm, found.answer, COMMANDS, counter.now)
    assert (second["session"], second["step"]) == (first["session"], 2)
    assert counter.desk.post("/steps", first)[1]["code"] == "step_out_of_order"
    answer = counter.desk.carry(second)
    assert counter.desk.post("/steps", second)[1]["code"] == "step_out_of_order"
    assert steps.examine(counter.sessions, counter.hsm, answer, counter.now).answer.step == 2


def test_changed_step_is_not_taken_by_the_agent(counter: Counter) -> None:
    """A script in our own page cannot send the card a command that the server did not sign."""
    counter.desk.put_in(personalised_card(None))
    signed = steps.open_session(counter.sessions, counter.hsm, proof(counter.confirm()), COMMANDS, counter.now)
    for change in ({"apdus": ["00A40000023F00", signed["apdus"][1]]}, {"exp": signed["exp"] + 1}):
        assert counter.desk.post("/steps", {**signed, **change})[1]["code"] == "step_signature_wrong"
    counter.desk.carry(signed)


def test_emulated_answers_are_refused_in_production(counter: Counter, tmp_path: Path) -> None:
    """A desk that was paired with a real reader and then runs an emulated one is not heard where the money is real."""
    counter.desk.put_in(personalised_card(None))
    signed = steps.open_session(counter.sessions, counter.hsm, proof(counter.confirm()), (), counter.now)
    answer = counter.desk.carry(signed)
    with pytest.raises(AgentRealmRefused):
        steps.examine(counter.sessions, random_vault(tmp_path, "production"), answer, counter.now)


def test_old_proofs_are_forgotten_and_jobs_are_kept(counter: Counter) -> None:
    """Whoever asks for proofs all night fills no disk; what staff did stays."""
    agent_id = counter.confirm()
    job = NewSession(agent_id, SessionPurpose.JOB, "card_1", "staff_clerk", "personalise")
    steps.open_session(counter.sessions, counter.hsm, job, (), counter.now)
    for number in range(3):
        steps.open_session(counter.sessions, counter.hsm, proof(agent_id, f"chl_{number}"), (), counter.now)
    later = counter.now + FORGET_PROOFS_AFTER + DAY
    steps.open_session(counter.sessions, counter.hsm, proof(agent_id, "chl_new"), (), later)
    with reading(counter.sessions) as session:
        subjects = set(session.scalars(select(AgentSession.subject_id)))
        assert session.scalar(select(func.count()).select_from(AgentStep)) == 2
    assert subjects == {"card_1", "chl_new"}


def test_unknown_session_is_unknown(counter: Counter) -> None:
    """An answer to something that the server never signed leads nowhere."""
    counter.desk.put_in(personalised_card(None))
    answer = counter.desk.carry(
        steps.open_session(counter.sessions, counter.hsm, proof(counter.confirm()), (), counter.now)
    )
    with pytest.raises(UnknownAgentSession):
        steps.examine(counter.sessions, counter.hsm, {**answer, "session": "ags_99999999999999999999"}, counter.now)
