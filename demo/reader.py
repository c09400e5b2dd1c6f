"""The demo's card reader: it counts what passes, and can tear a card away at a chosen command."""

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import send
from hardware.card.profile import PURSE_AID
from hardware.card.purse import GetBalance, select_application
from hardware.emulator.card import EmulatedCard

CREDIT_FOR_LOAD = 0x52
DEBIT_FOR_PURCHASE = 0x54


class Reading:
    """A card in the reader, as a channel for commands.

    Args:
        chip: the inserted card.
        torn_at: the instruction byte at which the card is torn away, after it carried the command out and before its answer is heard.
    """

    def __init__(self, chip: EmulatedCard, torn_at: int | None = None) -> None:
        self._chip = chip
        self._torn_at = torn_at
        self.exchanged = 0

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        return self._chip.atr

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        """Pass one command on.

        Raises:
            CardRemoved: this was the command at which the card was to be torn away.
        """
        if command.ins == self._torn_at:
            self._chip.tear(0, "after")
        self.exchanged += 1
        return self._chip.transmit(command)


def balance_fen(chip: EmulatedCard) -> int:
    """What the chip itself says that it holds."""
    send(chip, select_application(PURSE_AID))
    return GetBalance.parse(send(chip, GetBalance().command()))
