"""Blank chips as a maker delivers them: a master file, the transport key of the batch, and an ATR that shows the chip serial."""

from typing import Final

from hardware.card.administration import KEY_BYTES, KeyType
from hardware.card.atr import AnswerToReset, InterfaceBytes
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

MAKER: Final = b"CCARD"
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
    chosen = options or ChipOptions()
    return CardImage(ImageContent(kind, chip_serial, answer_to_reset(chip_serial, chosen), master_file, chosen))


def answer_to_reset(chip_serial: bytes, options: ChipOptions) -> bytes:
    """The ATR of a blank (ISO 7816-3): TB1 and TC1, 13 historical bytes with the chip serial at their end.

    `3B 6D 00 00` … offers T=0 and has no check byte; `3B ED 00 00 01` … offers T=1 and ends with TCK.
    """
    first = InterfaceBytes(b=0, c=0, protocol=1 if options.transport == "T=1" else None)
    levels = (first, InterfaceBytes()) if options.transport == "T=1" else (first,)
    return AnswerToReset(MAKER + chip_serial, levels).encode()
