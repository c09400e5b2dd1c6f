"""The pairing code: easy to read out, hard to guess, soon dead."""

import re
from datetime import timedelta

import pytest

from hardware.agent.errors import PairingCodeDead, PairingCodeWrong
from hardware.agent.pairing import CODE_LIFE, PairingCode
from tests.hardware.agent.workstation import NOW


def test_code_is_readable_and_works_once() -> None:
    """Eight signs that nobody mistakes for others; used once, until just before its end."""
    code = PairingCode(NOW)
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", code.shown())
    assert code.shown() != PairingCode(NOW).shown()
    assert code.shown() not in repr(code)
    code.use(code.shown(), NOW + CODE_LIFE - timedelta(seconds=1))
    with pytest.raises(PairingCodeDead):
        code.use(code.shown(), NOW)


def test_code_dies_of_age_and_of_guessing() -> None:
    """After five minutes, or five wrong tries, also the right code is refused; setting the clock back does not revive it."""
    old = PairingCode(NOW)
    for at in (NOW + CODE_LIFE, NOW):
        with pytest.raises(PairingCodeDead):
            old.use(old.shown(), at)
    guessed = PairingCode(NOW)
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(PairingCodeWrong) as wrong:
            guessed.use("", NOW)
        assert wrong.value.tries_left == left
    with pytest.raises(PairingCodeDead):
        guessed.use(guessed.shown(), NOW)
