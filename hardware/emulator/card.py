"""The emulated chip behind its contacts: one table from class and instruction to handler, one commit per command, power cuts.

The chip trusts nobody: every length, class, parameter and Le is checked before a handler acts, and whatever a handler
changes becomes true at one point, `Journal.commit`, which for an image file is the atomic save of the file.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.status import StatusWord
from hardware.emulator import (
    authentication,
    blocking,
    file_commands,
    loads,
    personalise,
    psam,
    purchases,
    purse,
    sam_cipher,
)
from hardware.emulator.file_system import Lifecycle
from hardware.emulator.image import CardImage
from hardware.emulator.state import MAX_LE, Chip, Refused, WrongLe
from hardware.errors import CardRemoved

Handler = Callable[[Chip, CommandApdu], ResponseApdu]
TearPhase = Literal["before", "inside", "after"]

GET_RESPONSE: Final = (0x00, 0xC0)
GET_CHALLENGE: Final = (0x00, 0x84)

HANDLERS: Final[dict[tuple[int, int], Handler]] = {
    (0x00, 0xA4): file_commands.select,
    (0x00, 0xB0): file_commands.read_binary,
    (0x00, 0xB2): file_commands.read_record,
    (0x00, 0xD6): file_commands.update_binary,
    (0x04, 0xD6): file_commands.update_binary,
    (0x00, 0xDC): file_commands.update_record,
    (0x04, 0xDC): file_commands.update_record,
    (0x00, 0xE2): file_commands.append_record,
    (0x04, 0xE2): file_commands.append_record,
    GET_CHALLENGE: authentication.get_challenge,
    (0x00, 0x82): authentication.external_authenticate,
    (0x00, 0x88): authentication.internal_authenticate,
    (0x00, 0x20): authentication.verify_pin,
    (0x80, 0x5E): authentication.change_or_reload_pin,
    (0x84, 0x24): authentication.unblock_pin,
    (0x84, 0x1E): blocking.block_application,
    (0x84, 0x18): blocking.unblock_application,
    (0x84, 0x16): blocking.block_card,
    (0x80, 0x50): purse.initialize,
    (0x80, 0x52): loads.credit_for_load,
    (0x80, 0x54): purse.debit,
    (0x80, 0x58): loads.update_overdraw_limit,
    (0x80, 0xDC): purchases.update_compound_cache,
    (0x80, 0x5C): purse.get_balance,
    (0xB0, 0x26): purse.get_medical_balance,
    (0xB0, 0x28): purse.initialize_medical_load,
    (0x80, 0x5A): purse.get_transaction_prove,
    (0x80, 0xE0): personalise.create_file,
    (0x80, 0x0E): personalise.erase_directory,
    (0x80, 0xD4): personalise.refuse_plain_key,
    (0x84, 0xD4): personalise.write_key,
    (0x80, 0x70): psam.init_sam_for_purchase,
    (0x80, 0x72): psam.credit_sam_for_purchase,
    (0x80, 0x1A): sam_cipher.init_for_descrypt,
    (0xBF, 0xDE): sam_cipher.init_for_descrypt,
    (0x80, 0xFA): sam_cipher.des_crypt,
}
CLASSES: Final = frozenset(cla for cla, _ in HANDLERS)
INSTRUCTIONS: Final = frozenset(ins for _, ins in HANDLERS)
# Between INITIALIZE and its completion only these leave the begun transaction alone.
KEEP_TRANSACTION: Final = frozenset({GET_CHALLENGE, (0x80, 0xDC)})
COMPLETE_TRANSACTION: Final = frozenset({(0x80, 0x52), (0x80, 0x54), (0x80, 0x58)})
NEW_BEGINNING: Final = frozenset({(0x00, 0xA4), (0x80, 0x50), (0xB0, 0x28)})
PSAM_ONLY: Final = frozenset({(0x80, 0x70), (0x80, 0x72), (0x80, 0x1A), (0xBF, 0xDE), (0x80, 0xFA)})
# What a blocked application still does: show itself, prove its last transaction, be unblocked.
WHEN_BLOCKED: Final = frozenset(
    {(0x00, 0xA4), (0x00, 0xB0), (0x00, 0xB2), GET_CHALLENGE, (0x84, 0x18), (0x80, 0x5C), (0x80, 0x5A)}
)


@dataclass(slots=True)
class _Tear:
    """A power cut to come: after so many commands, or at the next one of an instruction."""

    phase: TearPhase
    apdus_left: int = 0
    instruction: int | None = None

    def is_now(self, command: CommandApdu) -> bool:
        """Whether this is the command that is torn; if not, it is counted."""
        if self.instruction is not None:
            return command.ins == self.instruction
        self.apdus_left -= 1
        return self.apdus_left < 0


class EmulatedCard:
    """A card or PSAM in the field: a `CardChannel` that can be torn out at any command.

    Args:
        image: the chip; one with a file is locked until `remove()`.
        random: where the chip's random numbers come from; a test injects its own.
        delay: called before each command is carried out, to let a chip take its time; by default it takes none.

    Raises:
        CardImageInUse: the image file is inserted elsewhere.
        CardImageInvalid: the image file cannot be used.
    """

    def __init__(
        self,
        image: CardImage,
        random: Callable[[int], bytes] = os.urandom,
        delay: Callable[[CommandApdu], None] | None = None,
    ) -> None:
        image.acquire()
        self._delay = delay
        self._image = image
        self._chip = Chip(image, random)
        self._powered = True
        self._present = True
        self._tear: _Tear | None = None

    def __repr__(self) -> str:
        return f"EmulatedCard({self._image!r}, {'powered' if self._powered else 'without power'})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def image(self) -> CardImage:
        """The chip's persistent memory."""
        return self._image

    @property
    def atr(self) -> bytes:
        """Answer to reset; its last 8 historical bytes are the chip serial."""
        return self._image.atr

    def reset(self, *, warm: bool = False) -> bytes:
        """Reset the chip: what was volatile is forgotten, what was committed is there. Returns the ATR.

        Args:
            warm: only the reset line is pulled (ISO 7816-3), so a chip without power stays mute; a cold reset gives power first.

        Raises:
            CardRemoved: the card is no longer in the reader, or a warm reset of a chip without power.
        """
        if not self._present or (warm and not self._powered):
            raise CardRemoved
        self._tear = None
        self._powered = True
        self._chip.power_on()
        return self.atr

    def power_off(self) -> None:
        """Take the power away: every command raises CardRemoved until `reset()`."""
        self._powered = False
        self._chip.power_on()

    def remove(self) -> None:
        """Take the card out for good and free its image file."""
        self.power_off()
        self._present = False
        self._image.release()

    def tear(self, after_apdus: int, phase: TearPhase) -> None:
        """Plan a power cut: `after_apdus` commands still work, the next one is torn (0 tears the very next).

        Args:
            after_apdus: commands that are still answered; GET RESPONSE counts as one.
            phase: `before`, the command never reaches the chip; `inside`, power fails before the commit point, so nothing has
                changed but a counter of tries, which goes down before its check; `after`, what the command changed is committed
                but the answer is lost. A card that leaves the field of a contactless reader is the same: no status word, no power.
        """
        if after_apdus < 0:
            raise ValueError("a power cut lies in the future")
        self._tear = _Tear(phase, after_apdus)

    def tear_at(self, instruction: int, phase: TearPhase) -> None:
        """Plan a power cut at the next command with this instruction byte, as `tear`: 0x54 is any DEBIT."""
        self._tear = _Tear(phase, instruction=instruction)

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        """Carry out one command.

        Raises:
            CardRemoved: no power, or a planned power cut.
        """
        if not self._powered:
            raise CardRemoved
        phase = self._tear.phase if self._tear is not None and self._tear.is_now(command) else None
        if phase == "before":
            raise self._torn()
        if self._delay is not None:
            self._delay(command)
        response = self._run(command, commit=phase != "inside")
        if phase is not None:
            raise self._torn()
        return response

    def _torn(self) -> CardRemoved:
        self._tear = None
        self.power_off()
        return CardRemoved("power was lost during the command")

    def _run(self, command: CommandApdu, *, commit: bool) -> ResponseApdu:
        if (command.cla, command.ins) == GET_RESPONSE:
            return self._get_response(command)
        self._chip.ram.waiting = None
        try:
            response = self._answer(command)
            self._forget(command)
            if commit:
                self._chip.commit()
        except WrongLe as wrong:
            self._chip.journal.discard()
            return ResponseApdu(b"", 0x6C00 | wrong.length % MAX_LE)
        except OSError:  # the file could not be written: the old state is in force, as after an EEPROM failure
            self._forget(command)
            return ResponseApdu(b"", StatusWord.MEMORY_FAILURE)
        self._chip.journal.discard()
        return self._as_transport_answers(command, response)

    def _answer(self, command: CommandApdu) -> ResponseApdu:
        try:
            return self._dispatch(command)
        except Refused as refused:
            return ResponseApdu(b"", refused.sw)

    def _dispatch(self, command: CommandApdu) -> ResponseApdu:
        """Find the handler and let it act. Refuses 6A81 and 9303 blocked, 6E00 class, 6D00 instruction."""
        name = (command.cla, command.ins)
        if self._image.master_file.lifecycle is Lifecycle.LOCKED:
            raise Refused(StatusWord.NOT_SUPPORTED)
        handler = HANDLERS.get(name)
        if handler is None or (name in PSAM_ONLY and self._image.kind != "psam"):
            known = command.cla in CLASSES and (command.ins not in INSTRUCTIONS or handler is not None)
            raise Refused(StatusWord.UNKNOWN_INS if known else StatusWord.UNKNOWN_CLA)
        if self._ends_what_was_begun(name):
            self._chip.ram.begun = None
        lifecycle = self._chip.directory.lifecycle
        if lifecycle is not Lifecycle.WORKING and name not in WHEN_BLOCKED:
            locked = lifecycle is Lifecycle.LOCKED
            raise Refused(StatusWord.PERMANENTLY_LOCKED if locked else StatusWord.NOT_SUPPORTED)
        return handler(self._chip, command)

    def _ends_what_was_begun(self, name: tuple[int, int]) -> bool:
        """Whether this command makes a begun transaction void: all but its own, or by the dialect SELECT and INITIALIZE only."""
        if self._image.options.begun_survives_reads:
            return name in NEW_BEGINNING
        return name not in KEEP_TRANSACTION and name not in COMPLETE_TRANSACTION

    def _forget(self, command: CommandApdu) -> None:
        """After a command was carried out or refused: challenges serve one command, a completed INITIALIZE is used up."""
        name = (command.cla, command.ins)
        if name != GET_CHALLENGE:
            self._chip.ram.challenge = None
        if name in COMPLETE_TRANSACTION or name not in HANDLERS:
            self._chip.ram.begun = None

    def _as_transport_answers(self, command: CommandApdu, response: ResponseApdu) -> ResponseApdu:
        """T=0 cannot carry data both ways in one command: the answer waits for GET RESPONSE."""
        if self._image.options.transport != "T=0" or not command.data or not response.data or not response.ok:
            return response
        self._chip.ram.waiting = response.data
        return ResponseApdu(b"", 0x6100 | len(response.data) % MAX_LE)

    def _get_response(self, command: CommandApdu) -> ResponseApdu:
        """GET RESPONSE 00 C0: fetch the waiting answer; 6Cxx for another length, 6985 when nothing waits."""
        waiting = self._chip.ram.waiting
        if command.p1 or command.p2:
            return ResponseApdu(b"", StatusWord.WRONG_P1P2)
        if waiting is None:
            return ResponseApdu(b"", StatusWord.CONDITIONS_OF_USE)
        if command.le not in {None, MAX_LE, len(waiting)}:
            return ResponseApdu(b"", 0x6C00 | len(waiting) % MAX_LE)
        self._chip.ram.waiting = None
        return ResponseApdu(waiting, StatusWord.OK)
