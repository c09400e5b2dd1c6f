"""A city whose keys are in a PKCS#11 token."""

from datetime import datetime
from pathlib import Path

import pytest

from citizencard.db import Sessions
from citizencard.keys.pkcs11.vault import TokenVault
from hardware.terminal.validator import Outcome
from tests.citizencard.keys.softhsm import SoftHsm
from tests.journeys.world import ADULT, ADULT_FEN, LOADED_FEN, SOON, World


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_card_is_made_loaded_and_ridden_on_a_token(
    sessions: Sessions, softhsm: SoftHsm, tmp_path: Path, now: datetime
) -> None:
    """Nothing of the city knows where the keys are: PSAMs and card are personalised, money goes onto the chip, a tap is believed."""
    token = TokenVault.create(softhsm.token("journey"), "test")
    world = World.found(sessions, token, tmp_path, now)
    rider = world.resident(ADULT, LOADED_FEN)
    world.pass_time(SOON)
    result = world.tap(world.bus1, rider)
    assert (result.outcome, result.amount_fen) == (Outcome.ACCEPTED, ADULT_FEN), result.text
    assert [str(one.verdict) for one in world.upload(world.bus1)] == ["accepted"]
    assert world.differences() == []
    world.close()
