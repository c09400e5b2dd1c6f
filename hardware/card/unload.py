"""Unloading (圈提): money goes from the chip back to the account, ordered by the host and proved by MAC3 (JR/T 0025).

The same shape as a load, with the unload key, type 03 and the counter of loads.
All raise MalformedCardData for a field or an answer of the wrong length.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import PURSE_ED, PURSE_EP, build, require_header, require_purse
from hardware.card.fixed import cut, require
from hardware.card.purse import LoadInitialization, initialize_data

TTI_UNLOAD: Final = 0x03


@dataclass(frozen=True, slots=True)
class InitializeForUnload:
    """INITIALIZE FOR UNLOAD, 80 50 05: announce an unload, get MAC1 and what MAC2 is made from.

    Refusals of the card: 9403 unknown key index, 6982 PIN not verified, 9401 less in the purse than asked, 9402 counter at its end,
    6985 wrong state.

    Args:
        key_index, amount_fen: which unload key, how much.
        terminal: 6 bytes.
        purse: 01 passbook as the standard has it, 02 purse as ours.
    """

    key_index: int
    amount_fen: int
    terminal: bytes
    purse: int = PURSE_EP

    _HEADER: ClassVar[bytes] = bytes.fromhex("805005")

    def command(self) -> CommandApdu:
        """The command, Le 16."""
        header = self._HEADER + bytes((require_purse("INITIALIZE FOR UNLOAD", self.purse),))
        return build(header, initialize_data(self.key_index, self.amount_fen, self.terminal), 16)

    @staticmethod
    def parse(response_data: bytes) -> LoadInitialization:
        """Read the card's 16 bytes: the same layout as before a load."""
        return LoadInitialization.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        what = "INITIALIZE FOR UNLOAD"
        require_header(what, command, *(cls._HEADER + bytes((purse,)) for purse in (PURSE_ED, PURSE_EP)))
        index, amount, terminal = cut(what, command.data, 1, 4, 6)
        return cls(index[0], int.from_bytes(amount), terminal, command.p2)


@dataclass(frozen=True, slots=True)
class DebitForUnload:
    """DEBIT FOR UNLOAD, 80 54 03 00: the host's MAC2 orders the card to give the money back; the answer is MAC3.

    Refusals of the card: 9302 wrong MAC2, 6985 no INITIALIZE FOR UNLOAD before it.
    """

    date: bytes
    time: bytes
    mac2: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("80540300")

    def command(self) -> CommandApdu:
        """The command, Le 4."""
        what = "DEBIT FOR UNLOAD"
        data = require(what, "date", self.date, 4) + require(what, "time", self.time, 3)
        return build(self._HEADER, data + require(what, "MAC2", self.mac2, 4), 4)

    @staticmethod
    def parse(response_data: bytes) -> bytes:
        """Read the 4-byte MAC3: only after it may anybody be paid."""
        return cut("DEBIT FOR UNLOAD answer", response_data, 4)[0]

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("DEBIT FOR UNLOAD", command, cls._HEADER)
        return cls(*cut("DEBIT FOR UNLOAD", command.data, 4, 3, 4))
