"""Cash withdrawal (取现) from the electronic passbook; the debit that completes it is that of a purchase (JR/T 0025)."""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import build, require_header
from hardware.card.fixed import cut
from hardware.card.purse import DebitForPurchase, PurchaseInitialization, initialize_data

TTI_CASH_WITHDRAW: Final = 0x04
DebitForCashWithdraw = DebitForPurchase
"""DEBIT FOR CASH WITHDRAW, 80 54 01 00: the very bytes of DEBIT FOR PURCHASE."""


@dataclass(frozen=True, slots=True)
class InitializeForCashWithdraw:
    """INITIALIZE FOR CASH WITHDRAW, 80 50 02 01: announce it, get what MAC1 is made from. The passbook only.

    Refusals of the card: 9403 unknown key index, 9401 less there than asked, 6982 PIN not verified, 9402, 6985 no passbook.

    Raises:
        MalformedCardData: from its methods, for a field or an answer of the wrong length.
    """

    key_index: int
    amount_fen: int
    terminal: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("80500201")

    def command(self) -> CommandApdu:
        """The command, Le 15."""
        return build(self._HEADER, initialize_data(self.key_index, self.amount_fen, self.terminal), 15)

    @staticmethod
    def parse(response_data: bytes) -> PurchaseInitialization:
        """Read the card's 15 bytes: the same layout as before a purchase."""
        return PurchaseInitialization.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("INITIALIZE FOR CASH WITHDRAW", command, cls._HEADER)
        index, amount, terminal = cut("INITIALIZE FOR CASH WITHDRAW", command.data, 1, 4, 6)
        return cls(index[0], int.from_bytes(amount), terminal)
