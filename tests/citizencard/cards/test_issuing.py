"""The stages by which chips are made, without a chip: their order, and what is made of odd answers."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from citizencard.cards.issuing import psam_proof
from citizencard.cards.issuing.card_plan import CardPlan
from citizencard.cards.issuing.kinds import ISSUING_JOBS
from citizencard.cards.issuing.proof import begin_proof, go_on_proving, purchase_proved
from citizencard.cards.issuing.psam_plan import PsamPlan
from citizencard.cards.issuing.stages import Writer, make_directory
from citizencard.cards.issuing.writing import AGAIN, FRESH, begin_writing, go_on_writing
from citizencard.cards.models import Card, CardState, PsamOrder, PsamState
from citizencard.cards.reader_jobs import CardAnswer
from citizencard.keys.hsm import CardKeyHolder, HolderKind, ProofPurchase
from citizencard.keys.vault import SoftwareVault
from citizencard.people.identity import DocumentType
from citizencard.people.registry import PersonalData
from hardware.card.apdu import ResponseApdu
from hardware.card.dialect import OUR_CARD, WriteKeyP1
from hardware.card.profile import CardProfile
from hardware.card.psam import InitSamForPurchase

CHIP = bytes.fromhex("0000000011223344")
SERIAL = bytes.fromhex("03103302000000000014")
TERMINAL = bytes.fromhex("330200000001")
HOLDER = PersonalData("per_1", DocumentType.CN_ID, "11010519491231002X", "王小明", None)
REFUSED = ResponseApdu(b"", 0x63C2)


def _card(now: datetime) -> Card:
    return Card(
        id="card_1",
        person_id="per_1",
        card_class=1,
        state=CardState.APPLIED,
        serial=SERIAL,
        chip_serial=CHIP,
        key_version=1,
        valid_from=date(2026, 1, 1),
        valid_until=date(2036, 1, 1),
        applied_at=now,
        changed_at=now,
    )


def _plan(vault: SoftwareVault, now: datetime) -> CardPlan:
    return CardPlan(Writer(vault, CardKeyHolder(CHIP, SERIAL)), _card(now), lambda: HOLDER, None)


def _psam_plan(vault: SoftwareVault, now: datetime) -> PsamPlan:
    order = PsamOrder(
        id="psam_1",
        serial=SERIAL,
        terminal_number=TERMINAL,
        chip_serial=CHIP,
        state=PsamState.ORDERED,
        ordered_at=now,
        changed_at=now,
    )
    return PsamPlan(Writer(vault, CardKeyHolder(CHIP, kind=HolderKind.PSAM)), order, date(2026, 1, 1))


def _challenges(count: int, length: int) -> CardAnswer:
    return CardAnswer((*[ResponseApdu()] * (count - 1), ResponseApdu(bytes(length))), torn=False)


def test_fresh_chip_loses_its_transport_key_first(vault: SoftwareVault, now: datetime) -> None:
    """Before anything of ours is on the chip, the maker's key is replaced; every command after a challenge is protected (84, 04 or 82)."""
    for plan in (_plan(vault, now), _psam_plan(vault, now)):
        commands = [stage.command(bytes(stage.challenge_bytes)) for stage in plan.stages(FRESH)]
        assert [command.header().hex() for command in commands[:3]] == ["00820000", "84d43900", "00820000"]
        assert all(command.header()[:2].hex() in {"0082", "84d4", "04d6", "04dc"} for command in commands)
        again = plan.stages(AGAIN)
        assert again[1].before[0].header().hex() == "800e0000"
        assert len(again) == len(plan.stages(FRESH)) - 2


def test_chips_of_another_dialect_are_written_in_theirs(vault: SoftwareVault, now: datetime) -> None:
    """A maker with challenges of 8 bytes and 01 for every WRITE KEY gets them, and nothing else changes."""
    dialect = replace(OUR_CARD, challenge_bytes=8, write_key_p1=WriteKeyP1.ALWAYS_ADD)
    ours = _plan(vault, now)
    theirs = replace(ours, writer=replace(ours.writer, dialect=dialect))
    assert {stage.challenge_bytes for stage in ours.stages(FRESH)} == {8, 4}
    assert {stage.challenge_bytes for stage in theirs.stages(FRESH)} == {8}
    headers = [plan.stages(FRESH)[1].command(bytes(8)).header().hex() for plan in (ours, theirs)]
    assert headers == ["84d43900", "84d40100"]


def test_chip_in_doubt_gets_each_control_key_once(vault: SoftwareVault, now: datetime) -> None:
    """Our key refused: the maker's is tried; that refused too: the job ends, for a chip takes three wrong tries only."""
    plan = _plan(vault, now)
    asked = begin_writing(plan, AGAIN)
    ours = go_on_writing(plan, asked.state, _challenges(len(asked.commands), 8))
    makers = go_on_writing(plan, ours.state, CardAnswer((REFUSED,), torn=False))
    assert (makers.state["mode"], makers.state["stage"]) == (FRESH, 0)
    tried = go_on_writing(plan, makers.state, _challenges(len(makers.commands), 8))
    assert go_on_writing(plan, tried.state, CardAnswer((REFUSED,), torn=False)).outcome == "card_refused"


def test_key_that_is_there_already_counts_as_written(vault: SoftwareVault, now: datetime) -> None:
    """ERASE leaves the keys of a PSAM's master file; a second job goes on after 6A89, and after no other refusal."""
    plan = _psam_plan(vault, now)
    asked = begin_writing(plan, AGAIN)
    opened = go_on_writing(plan, asked.state, _challenges(len(asked.commands), 8))
    writing = go_on_writing(plan, opened.state, _challenges(len(opened.commands), 4))
    there = go_on_writing(plan, writing.state, CardAnswer((ResponseApdu(b"", 0x6A89),), torn=False))
    assert (there.outcome, there.state["leading"]) == ("", 0)
    assert go_on_writing(plan, writing.state, CardAnswer((REFUSED,), torn=False)).outcome == "card_refused"


def test_challenge_of_a_wrong_length_ends_the_job(vault: SoftwareVault, now: datetime) -> None:
    """A workstation cannot make the vault work on a challenge of its own length."""
    plan = _plan(vault, now)
    asked = begin_writing(plan, FRESH)
    for length in (0, 4, 9):
        answer = _challenges(len(asked.commands), length)
        assert go_on_writing(plan, asked.state, answer).outcome == "card_refused"


@pytest.mark.parametrize("length", [0, 3, 16, 15, 8])
def test_answers_of_wrong_lengths_prove_nothing(vault: SoftwareVault, now: datetime, length: int) -> None:
    """Malformed answers to the proof are no proof and no error."""
    begun = begin_proof()
    answer = CardAnswer((ResponseApdu(),) + (ResponseApdu(bytes(length)),) * 3, torn=False)
    assert go_on_proving(vault, _card(now), begun.state, answer, now).outcome == "not_proved"
    asked = {"random": "00000000", "offline_seq": 0, "date": "20260101", "time": "080000"}
    assert not purchase_proved(vault, _card(now), asked, answer)


def test_proofs_never_ask_the_same_twice(now: datetime) -> None:
    """What was recorded at one proof fits no other."""
    assert begin_proof().state != begin_proof().state
    assert psam_proof.ask(now).state != psam_proof.ask(now).state


def test_module_with_another_terminal_number_is_not_proved(vault: SoftwareVault, now: datetime) -> None:
    """MAC1 covers the terminal number in the module: one that carries another number fails its proof."""
    move = psam_proof.ask(now)
    asked = InitSamForPurchase.from_command(move.commands[0])
    question = ProofPurchase(
        card_serial=bytes.fromhex("0310") + asked.factors[0],
        key_version=asked.key_version,
        algorithm=asked.algorithm,
        random=asked.random,
        offline_seq=asked.card_seq,
        terminal=TERMINAL,
        terminal_seq=1,
        date=asked.date,
        time=asked.time,
    )
    answer = (1).to_bytes(4) + vault.proof_purchase_mac1(question)
    assert psam_proof.is_proved(vault, TERMINAL, move.state, answer)
    assert not psam_proof.is_proved(vault, bytes.fromhex("330200000002"), move.state, answer)
    assert not psam_proof.is_proved(vault, TERMINAL, move.state, answer[:7])


def test_only_directories_are_made_as_directories() -> None:
    """A profile in which an application is no directory is a mistake of ours, told at once."""
    with pytest.raises(TypeError):
        make_directory(CardProfile().purse_files[0], ())


def test_jobs_of_issuing() -> None:
    """The names that workstations and pages use."""
    assert set(ISSUING_JOBS) == {"personalise", "personalise_psam"}
