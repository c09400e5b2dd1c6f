"""Protected commands: what a card accepts was made by the key's holder for this card, now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.card.apdu import CommandApdu
from hardware.card.protection import protect, unprotect
from hardware.errors import MalformedCardData
from tests.vectors import key_writing_regression, purse_regression

keys = st.binary(min_size=16, max_size=16)
challenges = st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=8, max_size=8))


def test_write_key_commands_have_their_bytes() -> None:
    """The vault's WRITE KEY is, byte for byte, what the card expects (regression set)."""
    v = key_writing_regression
    control = protect(bytes.fromhex("84D43900"), v.CMK_RECORD_HEADER + v.CMK, v.KT, v.CHALLENGE, encrypt=True)
    assert control.to_bytes() == v.WRITE_CMK
    load = protect(bytes.fromhex("84D40101"), v.DLK_RECORD_HEADER + v.DLK, v.AMK, v.CHALLENGE, encrypt=True)
    assert load.to_bytes() == v.WRITE_DLK


def test_application_block_has_its_bytes() -> None:
    """A lost card is blocked by the holder of DAMK only (regression set)."""
    v = purse_regression
    assert protect(bytes.fromhex("841E0000"), b"", v.DAMK, v.BLOCK_CHALLENGE).to_bytes() == v.BLOCK_COMMAND


@given(keys, challenges, st.binary(max_size=200), st.booleans())
def test_a_card_reads_what_its_host_protected(key: bytes, challenge: bytes, data: bytes, encrypted: bool) -> None:
    """Protected data arrives unchanged, encrypted or not."""
    command = protect(bytes.fromhex("84D40101"), data, key, challenge, encrypt=encrypted)
    assert unprotect(command, key, challenge, encrypted=encrypted) == data


@given(st.integers(0, 8 * 37 - 1), st.booleans())
def test_no_bit_can_be_changed_on_the_way(position: int, encrypted: bool) -> None:
    """A workstation that changes one bit of header, data or MAC is found out."""
    key, challenge = bytes(range(16)), bytes(4)
    raw = protect(
        bytes.fromhex("84D40101"), bytes(21 if encrypted else 28), key, challenge, encrypt=encrypted
    ).to_bytes()
    flipped = bytearray(raw)
    flipped[position // 8 % len(raw)] ^= 1 << position % 8
    with pytest.raises(MalformedCardData):
        unprotect(CommandApdu.from_bytes(bytes(flipped)), key, challenge, encrypted=encrypted)


def test_a_command_is_good_for_one_challenge_and_one_key() -> None:
    """A recorded command is worth nothing later or on another card."""
    command = protect(bytes.fromhex("04D69500"), bytes(30), bytes(range(16)), bytes(4))
    with pytest.raises(MalformedCardData):
        unprotect(command, bytes(range(16)), b"\x00\x00\x00\x01")
    with pytest.raises(MalformedCardData):
        unprotect(command, bytes(16), bytes(4))


def test_what_is_not_protected_is_refused() -> None:
    """A command without the announcement or without a MAC never passes as protected."""
    with pytest.raises(MalformedCardData):
        protect(bytes.fromhex("00D69500"), bytes(30), bytes(16), bytes(4))
    with pytest.raises(MalformedCardData):
        protect(b"\x84", bytes(30), bytes(16), bytes(4))
    with pytest.raises(MalformedCardData):
        unprotect(CommandApdu(0x84, 0x1E, 0, 0, bytes(3)), bytes(16), bytes(4))
    with pytest.raises(MalformedCardData):
        unprotect(CommandApdu(0x80, 0x1E, 0, 0, bytes(4)), bytes(16), bytes(4))
