"""Answers to reset."""

import pytest

from hardware.card.atr import AnswerToReset, InterfaceBytes, chip_serial_of
from hardware.errors import MalformedCardData


def test_a_card_with_both_protocols_is_read() -> None:
    """An ATR with T=0 and T=1 gives protocols, interface bytes and historical bytes, and its check byte is checked."""
    raw = bytes.fromhex("3B888001 8091E131 80000000 48")  # TS T0 TD1 TD2, 8 historical bytes, TCK
    read = AnswerToReset.decode(raw)
    assert read.protocols == (0, 1)
    assert read.historical == raw[4:12]
    assert read.encode() == raw
    with pytest.raises(MalformedCardData, match="must be"):
        AnswerToReset.decode(raw[:-1])
    with pytest.raises(MalformedCardData, match="check byte"):
        AnswerToReset.decode(raw[:-1] + b"\x00")


def test_a_simple_card_has_no_check_byte() -> None:
    """A card that speaks T=0 only sends none; the tail of its historical bytes is the chip serial."""
    card = AnswerToReset(b"CITY" + bytes(range(8)))
    assert card.encode() == bytes.fromhex("3B0C") + b"CITY" + bytes(range(8))
    assert card.protocols == (0,)
    assert chip_serial_of(card.encode()) == bytes(range(8))
    with pytest.raises(MalformedCardData, match="historical"):
        chip_serial_of(AnswerToReset(b"short").encode())


def test_interface_bytes_stand_in_their_order() -> None:
    """TA, TB and TC of each level and the protocol of the next are told apart."""
    levels = (
        InterfaceBytes(a=0x95, c=0xFF, protocol=1),
        InterfaceBytes(a=0xFE, b=0x45, protocol=15),
        InterfaceBytes(a=3),
    )
    card = AnswerToReset(b"x", levels, 0x3F)
    assert AnswerToReset.decode(card.encode()) == card
    assert card.protocols == (1,)


@pytest.mark.parametrize(
    "broken",
    [
        AnswerToReset(bytes(16)),
        AnswerToReset(b"", convention=0x3C),
        AnswerToReset(b"", ()),
        AnswerToReset(b"", (InterfaceBytes(protocol=1),)),
        AnswerToReset(b"", (InterfaceBytes(), InterfaceBytes())),
        AnswerToReset(bytes(15), (*[InterfaceBytes(1, 2, 3, 1)] * 6, InterfaceBytes())),
    ],
)
def test_what_is_no_atr_is_not_written(broken: AnswerToReset) -> None:
    """An emulated card never answers what no reader understands."""
    with pytest.raises(MalformedCardData):
        broken.encode()


@pytest.mark.parametrize("raw", ["", "3B", "3C00", "3B01", "3B0000", "3B80", "3B10", "3B" + "F0010203" * 8 + "00"])
def test_what_is_no_atr_is_not_read(raw: str) -> None:
    """A loose contact is told from a card."""
    with pytest.raises(MalformedCardData):
        AnswerToReset.decode(bytes.fromhex(raw))
