"""The cards' bench measures genuine records, real DES and whole taps."""

import random
import shutil
from pathlib import Path

import pytest

from bench.cards import circuits, taps
from bench.cards.libcrypto import CLoop, NotMeasured
from bench.cards.measuring import _asked, _one_by_one
from bench.cards.profiles import profile
from bench.cards.records import Upload, check_plainly, checked
from citizencard.keys import tacs
from citizencard.keys.vault import SoftwareVault
from hardware.card import des_circuits
from tests.citizencard.keys.make_vault import regression_vault

UPLOAD = Upload.of(60, 25)


@pytest.fixture
def regression(tmp_path: Path) -> SoftwareVault:
    return regression_vault(tmp_path)


def test_the_records_are_genuine_and_as_many_cards_as_said(regression: SoftwareVault) -> None:
    """All ways that are compared do the same work, on records that are good under the city's key."""
    questions = UPLOAD.questions
    assert len({question.card_serial for question in questions}) == UPLOAD.cards
    assert check_plainly(questions) == _asked(regression, questions) == len(questions)
    assert _one_by_one(regression, questions, 3) == 3 * len(questions)


def test_the_threshold_is_as_it_was(regression: SoftwareVault) -> None:
    """The bench switches the common computation off for a comparison only."""
    before = tacs.MANY
    _one_by_one(regression, UPLOAD.questions)
    assert before == tacs.MANY


def test_refused_records_make_no_figure() -> None:
    """Whoever finds genuine taps bad quickly is not fast."""
    assert checked(60, 60) == 60
    with pytest.raises(AssertionError, match="only 59 of 60"):
        checked(59, 60)


def test_c_computes_the_same_tacs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop in C does the whole work; without a compiler it is said that it was not measured."""
    loop = CLoop.build(tmp_path, UPLOAD)
    assert all(rate > 0 for rate in loop.rates())
    loop.tacs[0] = "00000000"
    with pytest.raises(AssertionError, match="other TACs"):
        loop.rates()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(NotMeasured, match="no C compiler"):
        CLoop.build(tmp_path, UPLOAD)


def test_each_tap_takes_its_fare() -> None:
    """A tap that is timed is a whole purchase: card debited, MAC1 and MAC2 checked by chip and module."""
    spent = taps.in_process(5)
    assert len(spent) == 5
    card, gate = taps.loaded_card(), taps.Gate.open()
    gate.tap(card)
    gate.taps += 1
    with pytest.raises(AssertionError, match="not debited"):
        gate.check(card)


def test_the_circuits_can_be_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the search prints is what the cipher is wired from, and computes the box that was asked for."""
    found = circuits.attempt(3, random.Random(1), circuits.LARGEST)
    assert found is not None
    gates, text = found
    monkeypatch.setattr(des_circuits, "CIRCUITS", [text])
    wiring = des_circuits.wired.__wrapped__(0)
    held = {("ones", 0): circuits.ALL, **{("in", bit): table for bit, table in enumerate(circuits.INPUTS)}}
    for gate in wiring:
        held[gate.result] = circuits._applied(gate.operation, held[gate.left], held[gate.right])
    assert len(wiring) == gates
    assert [held["out", bit] for bit in range(4)] == circuits.outputs(3)
    assert circuits.attempt(3, random.Random(1), 20) is None


def test_a_profile_names_what_costs(regression: SoftwareVault) -> None:
    """Whoever makes it faster learns where to begin."""
    lines = profile("A TAC", lambda: _asked(regression, UPLOAD.questions, 20))
    assert lines[0].startswith("A TAC: ")
    assert any("tacs.py" in line for line in lines)
