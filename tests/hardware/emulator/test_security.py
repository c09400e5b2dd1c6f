"""Command MACs: missing, wrong, stale, blocked."""

import pytest

from hardware.card import profile, protection
from hardware.card.channel import send
from hardware.card.purse import get_challenge
from hardware.emulator import EmulatedCard
from hardware.emulator.file_system import DedicatedFile, KeyRecord
from hardware.emulator.security import line_key
from hardware.emulator.state import Refused
from tests.hardware.emulator.make_cards import CHIP_SERIAL, KEYS
from tests.hardware.emulator.transactions import answer, card_in_field, sw

DAMK = KEYS.key("application_maintenance", chip_serial=CHIP_SERIAL)
HEADER = bytes.fromhex("04D69700")  # EF17 from its start
DATA = bytes(60)


def protected(card: EmulatedCard, key: bytes = DAMK, length: int = 4) -> str:
    challenge = send(card, get_challenge(length))
    return sw(card, protection.protect(HEADER, DATA, key, challenge))


@pytest.mark.parametrize("length", [4, 8])
def test_protected_update_needs_the_right_mac(length: int) -> None:
    """The issuer's MAC over a fresh challenge of either length writes the file; a wrong one is refused with 6988."""
    card = card_in_field()
    assert protected(card, bytes(16), length) == "6988"
    assert answer(card, "00B097000B").data != bytes(11)
    assert protected(card, DAMK, length) == "9000"
    assert answer(card, "00B097003C").data == DATA


def test_missing_mac_and_missing_challenge_are_told_apart() -> None:
    """6987: a protected file is written without MAC. 6984: a MAC without a challenge just before it."""
    card = card_in_field()
    assert sw(card, "00D69700 02 0000") == "6987"
    assert sw(card, "04D69700 03 000000") == "6987"
    command = protection.protect(HEADER, DATA, DAMK, send(card, get_challenge(4)))
    answer(card, "805C000204")
    assert sw(card, command) == "6984"
    command = protection.protect(HEADER, DATA, DAMK, send(card, get_challenge(4)))
    assert sw(card, command) == "9000"
    assert sw(card, command) == "6984"


def test_mac_covers_header_and_data() -> None:
    """A MAC made for one place or content does not write another."""
    card = card_in_field()
    for raw in (bytes.fromhex("04D69600"), bytes.fromhex("04D69701")):
        made = protection.protect(HEADER, DATA[:50], DAMK, send(card, get_challenge(4)))
        moved = raw + made.to_bytes()[4:]
        assert sw(card, moved.hex()) == "6988"
        assert protected(card) == "9000"


def test_three_wrong_macs_block_the_key() -> None:
    """MACs cannot be guessed: after the third wrong one in a row the key is dead (6983)."""
    card = card_in_field()
    assert [protected(card, bytes(16)) for _ in range(2)] == ["6988", "6988"]
    assert protected(card) == "9000"
    assert [protected(card, bytes(16)) for _ in range(4)] == ["6988", "6988", "6988", "6983"]
    assert protected(card) == "6983"


def test_line_protection_key_is_that_of_the_file() -> None:
    """A file names its key; block commands use the lowest number."""
    keys = {(0x36, kid): KeyRecord(0x36, kid, 0xF0, 0xF0, 0xFF, 0x33, bytes(16)) for kid in (3, 1, 2)}
    directory = DedicatedFile(0x1001, b"", 0xF0, 0xF0, 0, keys=keys)
    assert line_key(directory).identifier == 1
    assert line_key(directory, 2).identifier == 2
    with pytest.raises(Refused, match="6A88"):
        line_key(directory, 0)
    with pytest.raises(Refused, match="6A88"):
        line_key(DedicatedFile(profile.MASTER_FID, b"", 0xF0, 0xF0, 0))
