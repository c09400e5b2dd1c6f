"""PIN commands."""

import pytest

from hardware.card.apdu import CommandApdu
from hardware.card.dialect import PinUnblockForm
from hardware.card.pin import (
    ChangePin,
    ReloadPin,
    UnblockPin,
    VerifyPin,
    change_pin,
    reload_pin,
    reload_pin_mac,
    unblock_pin,
    unpack_pin,
)
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


def test_both_forms_of_unblocking_name_the_pin() -> None:
    """Makers disagree whether P1 or P2 names the PIN; the dialect says it, and each form reads its own."""
    for form, header in ((PinUnblockForm.KID_IN_P2, "84240001"), (PinUnblockForm.KID_IN_P1, "84240100")):
        command = unblock_pin("123456", bytes(16), bytes(4), 1, form)
        assert command.header() == bytes.fromhex(header)
        assert UnblockPin.from_command(command, form).kid == 1
        other = next(each for each in PinUnblockForm if each is not form)
        with pytest.raises(MalformedCardData):
            UnblockPin.from_command(command, other)


def test_a_packed_pin_is_read_in_its_one_form() -> None:
    """Odd numbers of digits end in F, and nothing else does."""
    assert unpack_pin(bytes.fromhex("12345F")) == "12345"
    for wrong in ("12", "123456789012FF", "1F3456", "1234FF", "12AB", ""):
        with pytest.raises(MalformedCardData):
            unpack_pin(bytes.fromhex(wrong))


def test_a_change_without_separator_is_refused() -> None:
    """A card never takes a part of the old PIN for the new one."""
    with pytest.raises(MalformedCardData):
        ChangePin.from_command(CommandApdu(0x80, 0x5E, 1, 0, bytes.fromhex("123456654321")))


def test_no_pin_value_shows_its_pin() -> None:
    """A failed assertion in a log holds no PIN."""
    for value in (VerifyPin("123456"), ChangePin("123456", "654321"), ReloadPin("123456", bytes(4))):
        assert "3456" not in repr(value)
