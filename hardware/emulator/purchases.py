"""Transactions that a terminal's PSAM orders off line: purchase, compound purchase (复合消费) and cash from a passbook (JR/T 0025).

All count the off-line counter. A compound purchase holds records in RAM until the debit writes them together with the balance.
"""

from dataclasses import replace
from typing import Final

from hardware.card import crypto, signed_inputs
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.cash import TTI_CASH_WITHDRAW
from hardware.card.profile import VERIFIED
from hardware.card.purse import DebitForPurchase, PurchaseInitialization
from hardware.card.signed_inputs import Terms
from hardware.card.status import StatusWord
from hardware.emulator.file_commands import RECORD_BY_IDENTIFIER, RECORD_BY_NUMBER, RECORD_MODE_MASK, sfi_of
from hardware.emulator.file_system import ElementaryFile, Structure
from hardware.emulator.purse_changes import (
    Committed,
    algorithm_for,
    begun_of,
    files_after,
    purse_of,
    require_mac,
    stage,
    tac,
)
from hardware.emulator.state import (
    BegunTransaction,
    CachedRecord,
    Chip,
    Refused,
    answer,
    require_le,
    require_length,
)

TTI_PASSBOOK_PURCHASE: Final = 0x05
DEBIT_TYPES: Final = frozenset(
    {TTI_CASH_WITHDRAW, TTI_PASSBOOK_PURCHASE, crypto.TTI_PURCHASE, crypto.TTI_COMPOUND_PURCHASE}
)
PURCHASE_ANSWER_BYTES: Final = 15
DEBIT_BYTES: Final = 15
MAX_CACHED_RECORDS: Final = 8


def begin_purchase(chip: Chip, command: CommandApdu, begun: BegunTransaction) -> ResponseApdu:
    """INITIALIZE FOR PURCHASE, CAPP PURCHASE and CASH WITHDRAW 80 50 01, 03, 02.

    Refuses 6982 cash without the PIN, 9401 more than there is, 6A80 nothing (only a compound purchase may cost 0 fen).
    """
    require_le(command, PURCHASE_ANSWER_BYTES)
    purse = purse_of(chip, begun.purse)
    if begun.type == TTI_CASH_WITHDRAW:
        chip.require(VERIFIED)
    if begun.amount_fen > purse.balance_fen:
        raise Refused(StatusWord.INSUFFICIENT_BALANCE)
    if begun.amount_fen == 0 and begun.type != crypto.TTI_COMPOUND_PURCHASE:
        raise Refused(StatusWord.WRONG_DATA)
    chip.ram.begun = begun
    version, algorithm = begun.key.version, begun.key.algorithm
    told = PurchaseInitialization(
        purse.balance_fen, begun.sequence, purse.overdraft_fen, version, algorithm, begun.random
    )
    return answer(command, told.encode())


def debit_for_purchase(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """DEBIT FOR PURCHASE 80 54 01 00, also for cash: the PSAM's MAC1 debits the purse and writes the cached records.

    Answers TAC and MAC2. Refuses 6985 without INITIALIZE, 9302 wrong MAC1: then the balance is untouched.
    """
    require_le(command, 2 * crypto.MAC_BYTES)
    begun = begun_of(chip, DEBIT_TYPES)
    require_length(command, DEBIT_BYTES)
    order = DebitForPurchase.from_command(command)
    purse, key = purse_of(chip, begun.purse), begun.key
    terms = Terms(begun.amount_fen, begun.type, begun.terminal, order.date, order.time)
    algorithm = algorithm_for(chip, key)
    session_key = algorithm.purchase_session_key(key.value, begun.random, begun.sequence, order.terminal_seq)
    require_mac(chip, begun, algorithm.mac(session_key, signed_inputs.order(terms)), order.mac1)
    mac2 = algorithm.mac(session_key, signed_inputs.debit_proof(begun.amount_fen))
    proof = tac(chip, signed_inputs.purchase_record(terms, order.terminal_seq))
    after = replace(purse, balance_fen=purse.balance_fen - begun.amount_fen, offline_sequence=begun.sequence + 1)
    stage(chip, begun, Committed(after, mac2, proof, order.date, order.time))
    return answer(command, proof + mac2)


def update_compound_cache(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """UPDATE CAPP DATA CACHE 80 DC: hold a record in RAM until the compound DEBIT writes it. 6985 outside a compound purchase."""
    require_le(command, 0)
    begun = chip.ram.begun
    if command.p2 & RECORD_MODE_MASK not in {RECORD_BY_IDENTIFIER, RECORD_BY_NUMBER}:
        raise Refused(StatusWord.WRONG_P1P2)
    if begun is None or begun.type != crypto.TTI_COMPOUND_PURCHASE or len(begun.cache) >= MAX_CACHED_RECORDS:
        raise Refused(StatusWord.CONDITIONS_OF_USE)
    file = chip.record_file(sfi_of(command.p2))
    if file.sfi == purse_of(chip, begun.purse).log_sfi:
        raise Refused(StatusWord.SECURITY_STATUS)
    number = _record_number(file, command)
    extended = (*begun.cache, CachedRecord(file.file_id, number, command.data))
    files_after(chip, extended)
    chip.ram.begun = replace(begun, cache=extended)
    return answer(command)


def _record_number(file: ElementaryFile, command: CommandApdu) -> int:
    """Number of the record that P1 names; in a file of variable records P1 is the record's first byte."""
    if file.structure is Structure.VARIABLE:
        return file.record_named(command.p1) or 0
    return command.p1
