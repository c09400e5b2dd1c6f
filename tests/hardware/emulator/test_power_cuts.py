"""No sequence of power cuts loses or makes a fen, and the card itself always tells what happened."""

import contextlib
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.card import crypto, profile
from hardware.card.purse import UpdateCompoundCache
from hardware.emulator import CardImage, EmulatedCard, TearPhase
from hardware.errors import CardRemoved
from tests.hardware.emulator.make_cards import personalised_card
from tests.hardware.emulator.transactions import (
    TRIP,
    answer,
    balance,
    begin_load,
    begin_purchase,
    card_in_field,
    credit_command,
    debit_command,
    proof_of,
    wake,
)

PHASES: tuple[TearPhase, ...] = ("before", "inside", "after")


@dataclass(frozen=True)
class Step:
    """One load or purchase, and the power cut in it: at which of its commands, and when."""

    load: bool
    amount_fen: int
    cut_at: int | None
    phase: TearPhase


steps = st.lists(
    st.builds(
        Step,
        load=st.booleans(),
        amount_fen=st.integers(0, 300),
        cut_at=st.none() | st.integers(0, 3),
        phase=st.sampled_from(PHASES),
    ),
    max_size=12,
)


def play(card: EmulatedCard, step: Step) -> int | None:
    """Play one transaction; returns its counter n, None if not even the INITIALIZE was answered."""
    sequence = None
    if step.cut_at is not None:
        card.tear(after_apdus=step.cut_at, phase=step.phase)
    with contextlib.suppress(CardRemoved):
        if step.load:
            loading = begin_load(card, step.amount_fen)
            sequence = loading.online_seq
            answer(card, credit_command(loading, step.amount_fen))
        else:
            paying = begin_purchase(card, step.amount_fen)
            sequence = paying.offline_seq
            answer(card, UpdateCompoundCache(profile.TRIP_SFI, 0, TRIP).command())
            answer(card, debit_command(paying, step.amount_fen))
    wake(card)
    return sequence


def happened(card: EmulatedCard, step: Step, sequence: int) -> bool:
    """Ask the card, as terminal and host do: the counter of a new INITIALIZE, and the proof."""
    following = begin_load(card, 0).online_seq if step.load else begin_purchase(card, 0).offline_seq
    proof = proof_of(card, crypto.TTI_LOAD if step.load else crypto.TTI_COMPOUND_PURCHASE, sequence + 1)
    assert (proof is not None) == (following == sequence + 1)
    return proof is not None


@given(steps=steps)
@settings(max_examples=60, deadline=None)
def test_any_sequence_of_power_cuts_neither_loses_nor_makes_a_fen(steps: list[Step]) -> None:
    """After every cut, re-INITIALIZE and GET TRANSACTION PROVE say whether it counted, and the balance is the sum of what did."""
    card = card_in_field(balance_fen=5_000)
    expected_fen, trips = 5_000, 0
    for step in steps:
        sequence = play(card, step)
        if sequence is not None and happened(card, step, sequence):
            expected_fen += step.amount_fen if step.load else -step.amount_fen
            trips += not step.load
        assert balance(card) == expected_fen
        stored = card.image.master_file.directories[profile.PURSE_ADF_FID].files[profile.TRIP_FID].records
        assert len(stored) == trips


PAYER = """
import sys
from tests.hardware.emulator.transactions import *
card = EmulatedCard(CardImage.load(sys.argv[1]))
send(card, select_application(profile.PURSE_AID))
print("ready", flush=True)
while True:
    began = begin_purchase(card, 3)
    send(card, UpdateCompoundCache(profile.TRIP_SFI, 0, TRIP).command())
    send(card, debit_command(began, 3))
"""


@pytest.mark.parametrize("after_s", [0.0, 0.013, 0.047])
def test_killed_terminal_leaves_a_whole_card(tmp_path: Path, after_s: float) -> None:
    """Kill -9 in the middle of paying is a power cut: the card file is whole, unlocked, and its money adds up."""
    path = tmp_path / "card.json"
    personalised_card(path, balance_fen=100_000).remove()
    with subprocess.Popen([sys.executable, "-c", PAYER, str(path)], stdout=subprocess.PIPE) as payer:
        assert payer.stdout is not None
        assert payer.stdout.readline() == b"ready\n"
        time.sleep(after_s)
        payer.kill()
    with EmulatedCard(CardImage.load(path)) as card:
        wake(card)
        paid = begin_purchase(card, 0).offline_seq
        assert balance(card) == 100_000 - 3 * paid
        trips = card.image.master_file.directories[profile.PURSE_ADF_FID].files[profile.TRIP_FID].records
        assert len(trips) == min(paid, profile.TRIP_RECORDS)
    assert not path.with_name("card.json.lock").exists()
