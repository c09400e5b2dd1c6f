"""The medical account in a social-security card's DF04: balances and the start of a load (LD/T 32; one public source).

All raise MalformedCardData for a field or an answer of the wrong length. The load's MACs are those of the purse: the session key
from the card's random, its counter and 8000, TACs under the folded DTK.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final, Self

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import build, require_header, require_no_data
from hardware.card.fixed import cut
from hardware.card.purse import LoadInitialization, initialize_data
from hardware.errors import MalformedCardData

CLA_MEDICAL: Final = 0xB0


class MedicalAccount(IntEnum):
    """P2 of the balance question; the source names them CIA, SPIP and SPFP and says no more."""

    INDIVIDUAL = 0x01
    """CIA, 4 bytes."""
    POOLED_IN_PATIENT = 0x02
    """SPIP, 6 bytes."""
    POOLED_OUT_PATIENT = 0x03
    """SPFP, 6 bytes."""

    @property
    def balance_bytes(self) -> int:
        """How many bytes the balance has."""
        return 4 if self is MedicalAccount.INDIVIDUAL else 6


@dataclass(frozen=True, slots=True)
class GetMedicalBalance:
    """GET BALANCE, B0 26 00 account. Refusals: 6A86 no such account, 6982."""

    account: MedicalAccount = MedicalAccount.INDIVIDUAL

    def command(self) -> CommandApdu:
        """The command, Le 4 or 6."""
        return build(bytes((CLA_MEDICAL, 0x26, 0, self.account)), le=self.account.balance_bytes)

    def parse(self, response_data: bytes) -> int:
        """Read the balance in fen."""
        return int.from_bytes(cut("medical balance", response_data, self.account.balance_bytes)[0])

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("medical balance", command, bytes((CLA_MEDICAL, 0x26, 0, command.p2)))
        require_no_data("medical balance", command)
        if command.p2 not in set(MedicalAccount):
            raise MalformedCardData("medical balance", f"there is no account {command.p2:02X}")
        return cls(MedicalAccount(command.p2))


@dataclass(frozen=True, slots=True)
class InitializeMedicalLoad:
    """INITIALIZE ACCOUNT LOAD, B0 28 00 01: announce a load of the individual account.

    Refusals: 9403 unknown key index, 6982, 9402 counter at its end.
    """

    key_index: int
    amount_fen: int
    terminal: bytes

    _HEADER: ClassVar[bytes] = bytes.fromhex("B0280001")

    def command(self) -> CommandApdu:
        """The command, Le 16."""
        return build(self._HEADER, initialize_data(self.key_index, self.amount_fen, self.terminal), 16)

    @staticmethod
    def parse(response_data: bytes) -> LoadInitialization:
        """Read the card's 16 bytes: the same layout as before a load of the purse."""
        return LoadInitialization.decode(response_data)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("INITIALIZE ACCOUNT LOAD", command, cls._HEADER)
        index, amount, terminal = cut("INITIALIZE ACCOUNT LOAD", command.data, 1, 4, 6)
        return cls(index[0], int.from_bytes(amount), terminal)
