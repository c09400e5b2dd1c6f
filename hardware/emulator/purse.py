"""The electronic purse and passbook of the emulated chip: what begins a transaction, and what it answers without one (JR/T 0025)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hardware.card import crypto
from hardware.card.administration import KeyType
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.cash import TTI_CASH_WITHDRAW
from hardware.card.fixed import cut
from hardware.card.overdraft import TTI_UPDATE_OVERDRAFT
from hardware.card.purse import GetTransactionProve
from hardware.card.purse_questions import TransactionProof
from hardware.card.social_account import MedicalAccount
from hardware.card.status import StatusWord
from hardware.card.unload import TTI_UNLOAD
from hardware.emulator.loads import begin_load, begin_overdraft, begin_unload, debit_for_unload, own_money_fen
from hardware.emulator.purchases import TTI_PASSBOOK_PURCHASE, begin_purchase, debit_for_purchase
from hardware.emulator.purse_changes import ELECTRONIC_PURSE, MAX_SEQUENCE, PASSBOOK, RANDOM_BYTES, purse_of
from hardware.emulator.state import BegunTransaction, Chip, Refused, answer, require_length, require_parameters

TERMINAL_BYTES: Final = 6
DEBIT_PURCHASE, DEBIT_UNLOAD = (0x01, 0x00), (0x03, 0x00)  # P1 P2 of DEBIT


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of transaction: its type, the type of its key, what answers its INITIALIZE."""

    tti: int
    key: KeyType
    begin: Callable[[Chip, CommandApdu, BegunTransaction], ResponseApdu]

    @property
    def online(self) -> bool:
        """Whether the host orders it, and so which counter it counts."""
        return self.key is not KeyType.PURCHASE

    @property
    def has_amount(self) -> bool:
        """Whether INITIALIZE names an amount."""
        return self.tti != TTI_UPDATE_OVERDRAFT


_UNLOAD: Final = _Kind(TTI_UNLOAD, KeyType.UNLOAD, begin_unload)
_OVERDRAFT: Final = _Kind(TTI_UPDATE_OVERDRAFT, KeyType.OVERDRAFT, begin_overdraft)
KINDS: Final = {
    (0x00, PASSBOOK): _Kind(crypto.ED_TTI_LOAD, KeyType.LOAD, begin_load),
    (0x00, ELECTRONIC_PURSE): _Kind(crypto.TTI_LOAD, KeyType.LOAD, begin_load),
    (0x01, PASSBOOK): _Kind(TTI_PASSBOOK_PURCHASE, KeyType.PURCHASE, begin_purchase),
    (0x01, ELECTRONIC_PURSE): _Kind(crypto.TTI_PURCHASE, KeyType.PURCHASE, begin_purchase),
    (0x02, PASSBOOK): _Kind(TTI_CASH_WITHDRAW, KeyType.PURCHASE, begin_purchase),
    (0x03, ELECTRONIC_PURSE): _Kind(crypto.TTI_COMPOUND_PURCHASE, KeyType.PURCHASE, begin_purchase),
    (0x04, PASSBOOK): _OVERDRAFT,
    (0x04, ELECTRONIC_PURSE): _OVERDRAFT,
    (0x05, PASSBOOK): _UNLOAD,
    (0x05, ELECTRONIC_PURSE): _UNLOAD,
}
MEDICAL: Final = 0x10  # number of a medical account's purse, less its P2
MEDICAL_LOAD: Final = KINDS[0x00, ELECTRONIC_PURSE]


def initialize(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """INITIALIZE 80 50 for every transaction: nothing changes yet, the counter does not move.

    Refuses, in this order: 6A86, 6700, 6985 no such purse, 6982, 9403 key index, 6982 the key wants a PIN, 9402 counter at its end;
    then what the kind of transaction refuses.
    """
    kind = KINDS.get((command.p1, command.p2))
    if kind is None:
        raise Refused(StatusWord.WRONG_P1P2)
    return _initialize(chip, command, kind, command.p2)


def initialize_medical_load(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """INITIALIZE ACCOUNT LOAD B0 28 00 01 of the medical application: as for the purse; CREDIT FOR LOAD completes it.

    Public sources give this command and no completion. Our rule: type 02, and 80 52 with MAC2 and TAC as for the purse.
    """
    require_parameters(command, 0, 1)
    return _initialize(chip, command, MEDICAL_LOAD, MEDICAL + MedicalAccount.INDIVIDUAL)


def get_medical_balance(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """GET BALANCE B0 26 00 account: 4 bytes of the individual account, 6 of the two pooled ones. 6A86 no such account."""
    require_length(command, 0)
    purse = chip.directory.purses.get(MEDICAL + command.p2)
    if command.p1 or command.p2 not in set(MedicalAccount) or purse is None:
        raise Refused(StatusWord.WRONG_P1P2)
    chip.require(purse.use)
    return answer(command, purse.balance_fen.to_bytes(MedicalAccount(command.p2).balance_bytes))


def _initialize(chip: Chip, command: CommandApdu, kind: _Kind, number: int) -> ResponseApdu:
    lengths = (1, 4, TERMINAL_BYTES) if kind.has_amount else (1, 0, TERMINAL_BYTES)
    require_length(command, sum(lengths))
    index, amount, terminal = cut("INITIALIZE", command.data, *lengths)
    purse = purse_of(chip, number)
    chip.require(purse.use)
    key = chip.directory.key(kind.key, index[0])
    if key is None:
        raise Refused(StatusWord.KEY_INDEX_UNSUPPORTED)
    chip.require(key.use)
    sequence = purse.online_sequence if kind.online else purse.offline_sequence
    if sequence >= MAX_SEQUENCE:
        raise Refused(StatusWord.COUNTER_AT_MAXIMUM)
    begun = BegunTransaction(
        purse=number,
        type=kind.tti,
        amount_fen=int.from_bytes(amount),
        terminal=terminal,
        sequence=sequence,
        random=chip.random(RANDOM_BYTES),
        key=key,
    )
    return kind.begin(chip, command, begun)


def debit(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """DEBIT 80 54: P1 01 completes purchases and cash, P1 03 an unload."""
    parameters = (command.p1, command.p2)
    if parameters == DEBIT_PURCHASE:
        return debit_for_purchase(chip, command)
    if parameters == DEBIT_UNLOAD:
        return debit_for_unload(chip, command)
    raise Refused(StatusWord.WRONG_P1P2)


def get_balance(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """GET BALANCE 80 5C, P1 by P1 as the readers of each kind of card ask.

    00 the balance with its overdraft limit, 01 that limit (00 − 01 is shown), 03 the holder's own money, 02 how much of the limit is
    used (03 − 02 is shown). Without an overdraft 00 and 03 are the same.
    """
    require_length(command, 0)
    purse = purse_of(chip, command.p2)
    used_fen = max(purse.overdraft_fen - purse.balance_fen, 0)
    values = {0x00: purse.balance_fen, 0x01: purse.overdraft_fen, 0x02: used_fen, 0x03: own_money_fen(purse)}
    if command.p1 not in values:
        raise Refused(StatusWord.WRONG_P1P2)
    return answer(command, values[command.p1].to_bytes(4))


def get_transaction_prove(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """GET TRANSACTION PROVE 80 5A 00 TTI: MAC and TAC of the last transaction of this type, if its counter is the one asked for."""
    if command.p1:
        raise Refused(StatusWord.WRONG_P1P2)
    require_length(command, 2)
    asked = GetTransactionProve.from_command(command)
    for purse in chip.directory.purses.values():
        proof = purse.proofs.get(asked.tti)
        if proof is not None and proof.sequence == asked.seq:
            told = TransactionProof(proof.mac, proof.tac)
            return answer(command, told.encode(chip.image.options.dialect.proof_order))
    raise Refused(StatusWord.PROOF_NOT_AVAILABLE)
