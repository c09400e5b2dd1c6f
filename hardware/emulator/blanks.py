"""Blank chips as a maker delivers them: a master file, the transport key of the batch, and an ATR that shows the chip serial."""

from typing import Final

from hardware.card.administration import KEY_BYTES, KeyType
from hardware.card.profile import (
    CONTROL_KID,
    CONTROL_STATE,
    FREE,
    MASTER_AUTHENTICATED,
    MASTER_FID,
    MASTER_NAME,
    THREE_TRIES,
)
from hardware.emulator.file_system import MAX_MEMORY_BYTES, DedicatedFile, KeyRecord
from hardware.emulator.image import CardImage
from hardware.emulator.image_format import CHIP_SERIAL_BYTES, ChipOptions, ImageContent

# TS 3B (direct convention), T0 6D: TB1 and TC1 follow, 13 historical bytes; the last 8 of them are the chip serial.
ATR_HEADER: Final = bytes.fromhex("3B6D0000") + b"CCARD"
MASTER_KEY_FILE_BYTES: Final = 0x0100


def blank_card(chip_serial: bytes, transport_key: bytes, options: ChipOptions | None = None) -> CardImage:
    """A blank card in memory; `save(path)` makes a file of it.

    Args:
        chip_serial: 8 bytes.
        transport_key: 16 bytes, KT = diversify(batch transport master, chip serial).
        options: how the chip's operating system behaves where makers differ.

    Raises:
        ValueError: a wrong length.
    """
    return _blank("card", chip_serial, transport_key, options)


def blank_psam(chip_serial: bytes, transport_key: bytes, options: ChipOptions | None = None) -> CardImage:
    """A blank PSAM, as `blank_card`: the same operating system, personalised with other files and keys."""
    return _blank("psam", chip_serial, transport_key, options)


def _blank(kind: str, chip_serial: bytes, transport_key: bytes, options: ChipOptions | None) -> CardImage:
    if len(chip_serial) != CHIP_SERIAL_BYTES or len(transport_key) != KEY_BYTES:
        raise ValueError("a chip serial has 8 bytes, a transport key 16")
    key = KeyRecord(KeyType.EXTERNAL_AUTHENTICATION, CONTROL_KID, FREE, FREE, CONTROL_STATE, THREE_TRIES, transport_key)
    master_file = DedicatedFile(
        file_id=MASTER_FID,
        name=MASTER_NAME,
        create=MASTER_AUTHENTICATED,
        erase=MASTER_AUTHENTICATED,
        capacity=MAX_MEMORY_BYTES,
        key_change=MASTER_AUTHENTICATED,
        key_capacity=MASTER_KEY_FILE_BYTES,
        keys={(key.kind, key.identifier): key},
    )
    return CardImage(ImageContent(kind, chip_serial, ATR_HEADER + chip_serial, master_file, options or ChipOptions()))
