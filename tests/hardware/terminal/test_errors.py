"""Refusals of the terminal: each says in words what is wrong, and shows nothing that is secret."""

import pytest

from hardware.errors import HardwareError
from hardware.terminal import errors


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (errors.DeviceTableInvalid(4, "layout", "2 is not known"), "device table, byte 4, layout: 2 is not known"),
        (errors.DeviceTableNotInForce(3), "tariff version 3 is not yet in force"),
        (errors.UnknownLine(9), "the device table has no line 9"),
        (errors.UnknownCardClass(10), "the device table has no card class 0A"),
        (errors.PsamSequenceReused(4, 7), "the PSAM gave terminal sequence 4, but 7 is already used"),
        (errors.PsamMismatch("serial number"), "the PSAM in the slot has another serial number than this terminal"),
        (errors.ReceiptInvalid("no"), "batch receipt: no"),
        (errors.OutboxInvalid("a", "b"), "a: b"),
        (errors.DeviceInvalid("a", "b"), "a: b"),
    ],
)
def test_a_refusal_is_one_sentence(error: HardwareError, sentence: str) -> None:
    """What stands on the driver's display."""
    assert str(error) == sentence
    assert all(hasattr(error, name) for name in error.public)
