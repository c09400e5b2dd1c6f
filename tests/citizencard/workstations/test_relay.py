"""Cards that are personalised and proved through a real reader agent over HTTP, and what a dishonest page can do to that."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any, get_args

import pytest

from citizencard.cards.errors import CardStateForbids, ReaderTokenWrong
from citizencard.cards.issuing.personalise import PERSONALISE, PERSONALISED
from citizencard.cards.models import Card, CardState
from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.residents.errors import CardProofRefused
from citizencard.residents.flow import NewLogin, register
from citizencard.residents.flow import begin_proof as ask
from citizencard.residents.proofs import ProvedCard
from citizencard.workstations import pairing, relay
from citizencard.workstations.errors import (
    AgentAnswerForged,
    AgentAnswerLate,
    AgentAnswerTaken,
    AgentEnded,
    AgentMessageMalformed,
    AgentNotConfirmed,
    UnknownAgent,
    UnknownAgentSession,
)
from citizencard.workstations.messages import fingerprint
from citizencard.workstations.relay import Given, Handed
from citizencard.workstations.steps import ANSWER_LIFE, STEP_LIFE
from hardware.emulator import TearPhase
from tests.citizencard.cards.make_cards import application, blank, issue_card, stored_card
from tests.citizencard.residents.make_residents import PASSWORD
from tests.citizencard.staff.make_staff import CHEAP
from tests.citizencard.workstations.desk import CLERK, SUPERVISOR, Counter, Desk, at_desk


def blank_in_reader(counter: Counter) -> Card:
    """An application, and a blank chip in the slot."""
    card = application(counter.sessions, counter.hsm, counter.now)
    counter.desk.put_in(blank(counter.sessions, counter.hsm, counter.now))
    return card


def test_card_is_personalised_through_the_agent(counter: Counter) -> None:
    """A clerk puts a blank into the reader and gets a finished card, by steps that the server signed and the agent carried."""
    card = blank_in_reader(counter)
    first = counter.begin(counter.confirm(), PERSONALISE, card.id)
    assert first.signed is not None
    assert (first.signed["step"], first.signed["apdus"], first.job_id) == (1, [], "")
    second = counter.step(first)
    assert second.job_id.startswith("job_")
    assert second.signed is not None
    assert {words for expected in second.signed["expected"] for words in expected} == {"9000"}
    end = counter.finish(second)
    assert (end.outcome, end.job_id) == (PERSONALISED, second.job_id)
    assert stored_card(counter.sessions, card.id).state == CardState.PERSONALISED
    assert end.document() == {
        "object": "agent_step",
        "signed": None,
        "job_id": second.job_id,
        "token": None,
        "done": True,
        "outcome": PERSONALISED,
        "ticks": list(end.ticks),
    }


@pytest.mark.parametrize("phase", get_args(TearPhase))
def test_torn_card_goes_on_where_it_was(counter: Counter, phase: TearPhase) -> None:
    """The card slips out of the reader in the middle: put in again, it becomes a good card."""
    card = blank_in_reader(counter)
    agent_id = counter.confirm()
    handed = counter.begin(agent_id, PERSONALISE, card.id)
    for _ in range(9):
        handed = counter.step(handed)
    counter.desk.slot.card.tear(1, phase)
    torn = counter.desk.carry(handed.signed)
    assert torn["torn"]
    assert counter.answer(torn, handed.token).outcome == "torn"
    assert counter.finish(counter.begin(agent_id, PERSONALISE, card.id)).outcome == PERSONALISED


def test_lost_answer_costs_a_new_session_and_nothing_else(counter: Counter) -> None:
    """The browser crashes with an answer in its hands: the job is begun again and goes on by what the card says."""
    card = blank_in_reader(counter)
    agent_id = counter.confirm()
    handed = counter.begin(agent_id, PERSONALISE, card.id)
    for _ in range(7):
        handed = counter.step(handed)
    lost = counter.desk.carry(handed.signed)
    again = counter.begin(agent_id, PERSONALISE, card.id)
    assert counter.finish(again).outcome == PERSONALISED
    with pytest.raises(CardStateForbids):
        counter.finish(counter.begin(agent_id, PERSONALISE, card.id))
    assert lost["step"] == 8


def test_answer_is_taken_once(counter: Counter) -> None:
    """A page that sends an answer again, at once or at the end of the job, moves nothing."""
    card = blank_in_reader(counter)
    handed = counter.begin(counter.confirm(), PERSONALISE, card.id)
    kept: list[tuple[dict[str, Any], str]] = []
    while not handed.done:
        answer = counter.desk.carry(handed.signed)
        kept.append((answer, handed.token))
        handed = counter.answer(answer, handed.token)
        with pytest.raises(AgentAnswerTaken):
            counter.answer(*kept[-1])
    for answer, token in kept:
        with pytest.raises(AgentAnswerTaken):
            counter.answer(answer, token)


def test_every_word_of_an_answer_counts(counter: Counter) -> None:
    """A page that changes one digit of what the card said is found out, and the true answer still counts afterwards."""
    card = blank_in_reader(counter)
    handed = counter.step(counter.begin(counter.confirm(), PERSONALISE, card.id))
    answer = counter.desk.carry(handed.signed)
    first, *others = answer["responses"]
    forged: tuple[dict[str, Any], ...] = (
        {"realm": "unproven"},
        {"atr": "3B01" + answer["atr"][4:]},
        {"responses": ["9000", *others] if first != "9000" else ["6A82", *others]},
        {"responses": answer["responses"][:-1]},
        {"responses": [*answer["responses"], "9000"]},
        {"torn": True},
        {"signature": "00" * 64},
        {"step": 1},
    )
    for change in forged:
        with pytest.raises((AgentAnswerForged, AgentAnswerTaken)):
            counter.answer({**answer, **change}, handed.token)
    for change in ({"step": 3}, {"session": "ags_00000000000000000000"}, {"agent": "agt_" + "0" * 32}):
        with pytest.raises(UnknownAgentSession):
            counter.answer({**answer, **change}, handed.token)
    for change in ({"step": "2"}, {"step": True}, {"responses": "9000"}, {"torn": "no"}, {"more": 1}, {"atr": "3b"}):
        with pytest.raises(AgentMessageMalformed):
            counter.answer({**answer, **change}, handed.token)
    assert not counter.answer({**answer, "reader": "another name"}, handed.token).done


def test_answer_of_another_desk_is_not_heard(counter: Counter, tmp_path: Path) -> None:
    """A clerk with a manipulated agent at home cannot answer for the card at the counter."""
    card = blank_in_reader(counter)
    agent_id = counter.confirm()
    with at_desk(tmp_path / "home", counter.now) as home:
        other = Counter(counter.sessions, counter.hsm, home)
        other_id = other.confirm()
        handed = counter.begin(agent_id, PERSONALISE, card.id)
        assert home.post("/steps", dict(handed.signed or {}))[1]["code"] == "step_for_other"
        answer = counter.desk.carry(handed.signed)
        signed = home.folder.sign(b"something").hex().upper()
        for change in ({"signature": signed}, {"agent": other_id}, {"agent": other_id, "signature": signed}):
            with pytest.raises((AgentAnswerForged, UnknownAgentSession)):
                counter.answer({**answer, **change})


def test_old_steps_and_old_answers_are_worth_nothing(counter: Counter) -> None:
    """What was signed this morning opens no card this afternoon, at the agent or here."""
    card = blank_in_reader(counter)
    agent_id = counter.confirm()
    stale = counter.begin(agent_id, PERSONALISE, card.id)
    assert stale.signed is not None
    assert stale.signed["exp"] == int((counter.now + STEP_LIFE).timestamp())
    counter.desk.now += STEP_LIFE
    assert counter.desk.post("/steps", stale.signed)[1]["code"] == "step_expired"
    answer = counter.desk.carry(counter.begin(agent_id, PERSONALISE, card.id).signed)
    counter.desk.now += ANSWER_LIFE
    with pytest.raises(AgentAnswerLate):
        counter.answer(answer)


def test_unconfirmed_and_ended_agents_do_not_work(counter: Counter) -> None:
    """An agent that nobody has compared gets no step; one that was ended in the middle of a job is not heard any more."""
    card = blank_in_reader(counter)
    with pytest.raises(UnknownAgent):
        counter.begin("agt_" + "0" * 32, PERSONALISE, card.id)
    agent_id = counter.pair()
    with pytest.raises(AgentNotConfirmed):
        counter.begin(agent_id, PERSONALISE, card.id)
    with transaction(counter.sessions) as session:
        shown = fingerprint(counter.desk.folder.public_key)
        pairing.confirm(session, agent_id, shown, SUPERVISOR, counter.now)
    handed = counter.step(counter.begin(agent_id, PERSONALISE, card.id))
    answer = counter.desk.carry(handed.signed)
    with transaction(counter.sessions) as session:
        pairing.end(session, agent_id, SUPERVISOR, counter.now)
    with pytest.raises(AgentEnded):
        counter.answer(answer, handed.token)
    with pytest.raises(AgentEnded):
        counter.begin(agent_id, PERSONALISE, card.id)


def test_job_belongs_to_who_began_it(counter: Counter) -> None:
    """A colleague cannot go on with somebody's job, nor can anybody without its token."""
    card = blank_in_reader(counter)
    handed = counter.begin(counter.confirm(), PERSONALISE, card.id)
    answer = counter.desk.carry(handed.signed)
    colleague = replace(CLERK, id="staff_other", person_id="P-9")
    with pytest.raises(UnknownAgentSession):
        relay.answer_job(counter.bench, Given(answer, "", colleague), counter.now)
    handed = counter.answer(answer)
    answer = counter.desk.carry(handed.signed)
    with pytest.raises(ReaderTokenWrong):
        counter.answer(answer, secrets.token_urlsafe(32))
    assert handed.token not in repr(handed) + repr(Given(answer, handed.token, CLERK))


def test_kind_of_an_answer_is_looked_up(counter: Counter) -> None:
    """Who may hand an answer in depends on the job; an answer to nothing belongs to nobody."""
    card = blank_in_reader(counter)
    handed = counter.begin(counter.confirm(), PERSONALISE, card.id)
    assert relay.kind_of(counter.sessions, handed.signed or {}) == PERSONALISE
    for answer in ({}, {"session": 5}, {"session": "a\0b"}, {"session": "ags_none"}):
        with pytest.raises(UnknownAgentSession):
            relay.kind_of(counter.sessions, answer)


def test_resident_proves_the_card_at_a_desk(counter: Counter) -> None:
    """A resident holds the card to the reader of a desk, and has a login; the same answer makes no second one."""
    card, chip = issue_card(counter.sessions, counter.hsm, counter.now)
    agent_id = counter.confirm()
    counter.desk.put_in(chip)
    asked = ask(counter.sessions, None, "register", counter.now)
    handed = relay.begin_proof(counter.sessions, counter.hsm, agent_id, (asked.id, asked.commands), counter.now)
    answer = counter.desk.carry(handed.signed)
    with pytest.raises(UnknownAgentSession):
        counter.answer(answer)
    with pytest.raises(AgentAnswerForged):
        relay.read_proof(counter.sessions, counter.hsm, {**answer, "torn": True}, counter.now)
    for _ in range(2):
        proof = relay.read_proof(counter.sessions, counter.hsm, answer, counter.now)
        assert (proof.subject_id, proof.agent_id, proof.torn) == (asked.id, agent_id, False)
    proved = ProvedCard(proof.subject_id, proof.responses)
    wish = NewLogin("wang.xm", PASSWORD)
    signed_in = register(counter.sessions, counter.hsm, CHEAP, proved, wish, counter.now)
    assert signed_in.person_id == card.person_id
    with pytest.raises(CardProofRefused):
        register(counter.sessions, counter.hsm, CHEAP, proved, wish, counter.now)


def test_answer_of_a_job_is_no_proof(counter: Counter) -> None:
    """What a clerk's job read from a card is not taken for a resident's proof."""
    card = blank_in_reader(counter)
    answer = counter.desk.carry(counter.begin(counter.confirm(), PERSONALISE, card.id).signed)
    with pytest.raises(UnknownAgentSession):
        relay.read_proof(counter.sessions, counter.hsm, answer, counter.now)


def test_one_of_many_copies_of_an_answer_counts(committed: Sessions, vault: SoftwareVault, desk: Desk) -> None:
    """A page that sends an answer eight times at once moves the job by one step."""
    counter = Counter(committed, vault, desk)
    card = blank_in_reader(counter)
    handed = counter.step(counter.begin(counter.confirm(), PERSONALISE, card.id))
    answer = desk.carry(handed.signed)
    start = Barrier(8)

    def send(_: int) -> Handed | None:
        start.wait(10)
        try:
            return counter.answer(answer, handed.token)
        except AgentAnswerTaken:
            return None

    with ThreadPoolExecutor(8) as pool:
        moved = [found for found in pool.map(send, range(8)) if found is not None]
    assert len(moved) == 1
    assert counter.finish(moved[0]).outcome == PERSONALISED
