"""Cards over the air: the identifier and the answer to select that a contactless reader tells, and what its made-up ATR says of the card.

A contactless card has no ATR of its own; the reader makes one (PC/SC Workgroup, part 3, 3.1.3.2.3): `3B 8n 80 01`, the historical bytes,
a check byte. GET DATA `FF CA` is answered by the reader, not by the card (the same, 3.2.2.1.3).
"""

from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

from hardware.card.apdu import CommandApdu
from hardware.card.channel import CardChannel, exchange
from hardware.readers.errors import NotContactless

UID: Final = CommandApdu(0xFF, 0xCA, 0x00, 0x00, le=256)
ATS: Final = CommandApdu(0xFF, 0xCA, 0x01, 0x00, le=256)

ATR_BEGIN: Final = 0x3B
MAX_HISTORICAL_BYTES: Final = 15
HEADER_BYTES: Final = 4
STORAGE_CARD: Final = bytes.fromhex("804F0CA000000306")  # category, length, the identifier of the PC/SC Workgroup
STORAGE_HISTORICAL_BYTES: Final = 15
TYPE_B_HISTORICAL_BYTES: Final = 8

STANDARDS: Final = {
    0x01: "ISO 14443 A, part 1",
    0x02: "ISO 14443 A, part 2",
    0x03: "ISO 14443 A, part 3",
    0x05: "ISO 14443 B, part 1",
    0x06: "ISO 14443 B, part 2",
    0x07: "ISO 14443 B, part 3",
    0x09: "ISO 15693, part 1",
    0x0A: "ISO 15693, part 2",
    0x0B: "ISO 15693, part 3",
    0x0C: "ISO 15693, part 4",
    0x11: "FeliCa",
}
STORAGE_CARDS: Final = {
    0x0001: "MIFARE Classic 1K",
    0x0002: "MIFARE Classic 4K",
    0x0003: "MIFARE Ultralight",
    0x0026: "MIFARE Mini",
    0x0036: "MIFARE Plus SL1 2K",
    0x0037: "MIFARE Plus SL1 4K",
    0x0038: "MIFARE Plus SL2 2K",
    0x0039: "MIFARE Plus SL2 4K",
    0x003A: "MIFARE Ultralight C",
    0x003B: "FeliCa",
}


@dataclass(frozen=True, slots=True)
class ContactlessCard:
    """What a contactless reader's ATR says of the card.

    Args:
        kind: in words.
        processor: whether the card speaks ISO 14443-4, so that commands reach it; a storage card does not.
        historical: the historical bytes: of the ATS (type A), or application data, protocol and MBLI (type B).
    """

    kind: str
    processor: bool
    historical: bytes


def contactless_card(atr: bytes) -> ContactlessCard | None:
    """Read the ATR that a contactless reader makes up; None for a card on contacts."""
    count = atr[1] & 0x0F if len(atr) > HEADER_BYTES else 0
    whole = len(atr) == HEADER_BYTES + count + 1 and reduce(xor, atr[1:]) == 0
    if not whole or atr[0] != ATR_BEGIN or atr[1] >> 4 != 0x8 or atr[2:4] != b"\x80\x01":  # noqa: PLR2004 # only TD1 follows
        return None
    historical = atr[HEADER_BYTES:-1]
    if historical.startswith(STORAGE_CARD) and count == STORAGE_HISTORICAL_BYTES:
        standard, name = historical[len(STORAGE_CARD)], int.from_bytes(historical[9:11])
        said = STORAGE_CARDS.get(name, f"card {name:04X}")
        return ContactlessCard(f"{said} ({STANDARDS.get(standard, f'standard {standard:02X}')})", False, historical)  # noqa: FBT003
    kind = "ISO 14443-4 type A or B" if count == TYPE_B_HISTORICAL_BYTES else "ISO 14443-4 type A"
    return ContactlessCard(kind, True, historical)  # noqa: FBT003


def uid(card: CardChannel) -> bytes:
    """The identifier: 4, 7 or 10 bytes (type A), 4 (type B), 8 (FeliCa, ISO 15693). Many chips make up another one each time.

    Raises:
        NotContactless: the reader gives none.
        CardRemoved: no answer came.
        MalformedCardData: the answer has no end.
    """
    return _told(card, UID, "no identifier")


def ats(card: CardChannel) -> bytes:
    """The historical bytes of the answer to select, or the whole answer, as the reader has it.

    Raises:
        NotContactless: the reader gives none: not contactless, or a card of type B.
        CardRemoved: no answer came.
        MalformedCardData: the answer has no end.
    """
    return _told(card, ATS, "no answer to select")


def _told(card: CardChannel, question: CommandApdu, missing: str) -> bytes:
    response = exchange(card, question)
    if not response.ok or not response.data:
        raise NotContactless(f"the reader tells {missing} ({response.sw:04X})")
    return response.data
