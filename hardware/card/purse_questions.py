"""What a purse answers without a transaction: GET BALANCE and GET TRANSACTION PROVE (JR/T 0025), as the card's dialect has them.

All raise MalformedCardData for a field or an answer of the wrong length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from hardware.card.apdu import CommandApdu
from hardware.card.command_form import CLA_PURSE, PURSE_EP, require_header, require_no_data, require_purse
from hardware.card.dialect import BalanceMeaning, Dialect, ProofOrder
from hardware.card.fixed import cut, require, unsigned
from hardware.errors import MalformedCardData

_BALANCE_MASK: Final = 0x7FFF_FFFF
_ASKED: Final = {
    BalanceMeaning.PLAIN: (0x00,),
    BalanceMeaning.LESS_OVERDRAWN: (0x03, 0x02),
    BalanceMeaning.LESS_NEXT: (0x00, 0x01),
}


class TransactionProof(NamedTuple):
    """What GET TRANSACTION PROVE answers: the last MAC2 (or MAC1) and TAC, 4 bytes each."""

    mac: bytes
    tac: bytes

    def encode(self, order: ProofOrder = ProofOrder.MAC_FIRST) -> bytes:
        """The 8 bytes as a card of this order sends them."""
        what = "GET TRANSACTION PROVE answer"
        mac, tac = require(what, "MAC", self.mac, 4), require(what, "TAC", self.tac, 4)
        return mac + tac if order is ProofOrder.MAC_FIRST else tac + mac

    @classmethod
    def decode(cls, data: bytes, order: ProofOrder = ProofOrder.MAC_FIRST) -> Self:
        """Read the 8 bytes of a card of this order."""
        first, second = cut("GET TRANSACTION PROVE answer", data, 4, 4)
        return cls(first, second) if order is ProofOrder.MAC_FIRST else cls(second, first)


@dataclass(frozen=True, slots=True)
class GetTransactionProve:
    """GET TRANSACTION PROVE, 80 5A 00: what the last committed transaction proved, for when its answer was lost.

    Args:
        tti: type of the transaction (02 load, 06 purchase, 09 CAPP purchase).
        seq: n + 1, where n is what its INITIALIZE answered.

    Refusals of the card: 9406 that transaction is not the last of its type.
    """

    tti: int
    seq: int

    def command(self) -> CommandApdu:
        """The command, Le 8."""
        return CommandApdu(CLA_PURSE, 0x5A, 0, self.tti, unsigned("GET TRANSACTION PROVE", "counter", self.seq, 2), 8)

    @staticmethod
    def parse(response_data: bytes, order: ProofOrder = ProofOrder.MAC_FIRST) -> TransactionProof:
        """Read MAC and TAC in the order of the card's dialect; public sources do not settle it."""
        return TransactionProof.decode(response_data, order)

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("GET TRANSACTION PROVE", command, bytes((CLA_PURSE, 0x5A, 0, command.p2)))
        return cls(command.p2, int.from_bytes(cut("GET TRANSACTION PROVE", command.data, 2)[0]))


@dataclass(frozen=True, slots=True)
class GetBalance:
    """GET BALANCE, 80 5C: shown to people, decides nothing.

    Args:
        purse: 01 passbook, 02 purse.
        p1: 00; other values ask other amounts in some dialects (`balance`).

    Refusals of the card: 6985 no such purse, 6A86, 6982.
    """

    purse: int = PURSE_EP
    p1: int = 0

    def command(self) -> CommandApdu:
        """The command, Le 4."""
        return CommandApdu(CLA_PURSE, 0x5C, self.p1, require_purse("GET BALANCE", self.purse), le=4)

    @staticmethod
    def parse(response_data: bytes, *, flag: bool = True) -> int:
        """Read the amount in fen; with `flag` bit 31 is masked, as it is a flag on some cards."""
        amount = int.from_bytes(cut("GET BALANCE answer", response_data, 4)[0])
        return amount & _BALANCE_MASK if flag else amount

    @classmethod
    def from_command(cls, command: CommandApdu) -> Self:
        """Read the command as a card does."""
        require_header("GET BALANCE", command, bytes((CLA_PURSE, 0x5C, command.p1, command.p2)))
        require_no_data("GET BALANCE", command)
        return cls(require_purse("GET BALANCE", command.p2), command.p1)


def balance_questions(dialect: Dialect, purse: int = PURSE_EP) -> tuple[GetBalance, ...]:
    """What to ask a card of this dialect for the balance that people know."""
    return tuple(GetBalance(purse, p1) for p1 in _ASKED[dialect.balance_meaning])


def shown_balance_fen(dialect: Dialect, answers: Sequence[bytes]) -> int:
    """The balance that people know, from the answers to `balance_questions`; negative when the card is overdrawn.

    Raises:
        MalformedCardData: another number of answers, or one that is not 4 bytes.
    """
    if len(answers) != len(_ASKED[dialect.balance_meaning]):
        raise MalformedCardData("GET BALANCE answer", f"{len(answers)} answers")
    held, *less = (GetBalance.parse(answer, flag=dialect.balance_flag) for answer in answers)
    return held - sum(less)
