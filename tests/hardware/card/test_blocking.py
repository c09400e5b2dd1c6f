"""Blocking and unblocking."""

import pytest

from hardware.card import blocking
from hardware.errors import MalformedCardData
from tests.vectors import purse_regression as v


def test_blocking_has_its_bytes() -> None:
    """A lost card's application is blocked by the regression set's command."""
    command = blocking.block_application(v.DAMK, v.BLOCK_CHALLENGE)
    assert command.to_bytes() == v.BLOCK_COMMAND
    assert blocking.BlockApplication.from_command(command) == blocking.BlockApplication(v.BLOCK_COMMAND[5:])
    assert blocking.block_application(v.DAMK, v.BLOCK_CHALLENGE, permanent=True).header() == bytes.fromhex("841E0001")
    assert blocking.unblock_application(v.DAMK, bytes(8)).header() == bytes.fromhex("84180000")
    assert blocking.block_card(v.DAMK, bytes(4)).header() == bytes.fromhex("84160000")


def test_the_mac_belongs_to_its_command() -> None:
    """A recorded block cannot be played as an unblock, nor one for a time as one for ever."""
    made = (
        blocking.block_application(v.DAMK, bytes(4)),
        blocking.block_application(v.DAMK, bytes(4), permanent=True),
        blocking.unblock_application(v.DAMK, bytes(4)),
        blocking.block_card(v.DAMK, bytes(4)),
    )
    assert len({command.data for command in made}) == 4
    with pytest.raises(MalformedCardData):
        blocking.UnblockApplication.from_command(made[0])
