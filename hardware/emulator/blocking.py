"""Blocking an application for a time or for good, and the whole card (JR/T 0025)."""

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.status import StatusWord
from hardware.emulator import security
from hardware.emulator.file_system import Lifecycle
from hardware.emulator.state import Chip, Refused, answer, require_le, require_length, require_parameters

TEMPORARY, PERMANENT = 0x00, 0x01


def block_application(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """APPLICATION BLOCK 84 1E 00 P2: P2 00 until it is unblocked, 01 for ever; MAC under the line-protection key."""
    if command.p1 or command.p2 not in {TEMPORARY, PERMANENT}:
        raise Refused(StatusWord.WRONG_P1P2)
    _require_mac(chip, command)
    state = Lifecycle.LOCKED if command.p2 == PERMANENT else Lifecycle.BLOCKED
    chip.journal.assign(chip.directory, "lifecycle", state)
    return answer(command)


def unblock_application(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """APPLICATION UNBLOCK 84 18: as above; when the last try is spent on a wrong MAC the application is locked for good (9303)."""
    require_parameters(command, 0, 0)
    if chip.directory.lifecycle is Lifecycle.LOCKED:
        raise Refused(StatusWord.PERMANENTLY_LOCKED)
    if chip.directory.lifecycle is not Lifecycle.BLOCKED:
        raise Refused(StatusWord.CONDITIONS_OF_USE)
    key = security.line_key(chip.directory)
    try:
        _require_mac(chip, command)
    except Refused as refused:
        if refused.sw == StatusWord.MAC_WRONG and key.counts_errors and key.after_failure().blocked:
            chip.journal.assign(chip.directory, "lifecycle", Lifecycle.LOCKED)
            raise Refused(StatusWord.PERMANENTLY_LOCKED) from None
        raise
    chip.journal.assign(chip.directory, "lifecycle", Lifecycle.WORKING)
    return answer(command)


def block_card(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """CARD BLOCK 84 16: no command works any more, for ever."""
    require_parameters(command, 0, 0)
    _require_mac(chip, command)
    chip.journal.assign(chip.image.master_file, "lifecycle", Lifecycle.LOCKED)
    return answer(command)


def _require_mac(chip: Chip, command: CommandApdu) -> None:
    require_le(command, 0)
    require_length(command, security.MAC_BYTES)
    security.checked_data(chip, command, chip.directory, security.line_key(chip.directory))
