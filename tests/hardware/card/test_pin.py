"""PIN commands."""

import pytest

from hardware.card.pin import change_pin, reload_pin, reload_pin_mac, unblock_pin
from hardware.errors import MalformedCardData
from tests.vectors import purse_regression as v


def test_pin_unblock_has_its_bytes() -> None:
    """The issuer gives a forgetful holder his tries back, for both lengths of challenge (regression set)."""
    for challenge, mac in v.UNBLOCK_MACS.items():
        command = unblock_pin(v.PIN, v.DPUK, challenge)
        assert command.to_bytes() == bytes.fromhex("842400000C") + v.UNBLOCK_CIPHERTEXT + mac


def test_reload_pin_has_its_bytes() -> None:
    """The issuer sets a new PIN without knowing the old one (regression set)."""
    mac = reload_pin_mac(v.DRPK, v.PIN)
    assert mac == v.RELOAD_PIN_MAC
    assert reload_pin(v.PIN, mac).to_bytes() == bytes.fromhex("805E000007123456D6E200C1")


def test_change_pin_names_old_and_new() -> None:
    """The holder changes the PIN by showing the old one."""
    assert change_pin("123456", "4321").to_bytes() == bytes.fromhex("805E010006123456FF4321")
    with pytest.raises(MalformedCardData):
        change_pin("123456", "12")


def test_no_pin_is_shown() -> None:
    """A trace of the exchange holds no PIN."""
    for command in (
        change_pin("123456", "654321"),
        reload_pin("123456", bytes(4)),
        unblock_pin("123456", bytes(16), bytes(4)),
    ):
        assert "3456" not in repr(command)
