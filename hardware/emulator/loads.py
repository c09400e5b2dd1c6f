"""Transactions that the host orders on line: load (圈存), unload (圈提) and a new overdraft limit (JR/T 0025).

All three count the on-line counter. INITIALIZE shows MAC1, by which the host knows the card; MAC2 is the host's order.
"""

from dataclasses import replace
from typing import Final

from hardware.card import crypto, signed_inputs
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.overdraft import TTI_UPDATE_OVERDRAFT, OverdraftInitialization, UpdateOverdrawLimit
from hardware.card.purse import CreditForLoad, LoadInitialization
from hardware.card.signed_inputs import Terms
from hardware.card.status import StatusWord
from hardware.card.unload import TTI_UNLOAD, DebitForUnload
from hardware.emulator.file_system import Purse
from hardware.emulator.purse_changes import (
    MAX_BALANCE_FEN,
    Committed,
    algorithm_for,
    begun_of,
    purse_of,
    require_mac,
    stage,
    tac,
)
from hardware.emulator.state import (
    BegunTransaction,
    Chip,
    Refused,
    answer,
    require_le,
    require_length,
    require_parameters,
)

LOAD_TYPES: Final = frozenset({crypto.ED_TTI_LOAD, crypto.TTI_LOAD})
UNLOAD_TYPES: Final = frozenset({TTI_UNLOAD})
OVERDRAFT_TYPES: Final = frozenset({TTI_UPDATE_OVERDRAFT})
LOAD_ANSWER_BYTES, OVERDRAFT_ANSWER_BYTES = 16, 19
ORDER_BYTES, OVERDRAFT_ORDER_BYTES = 11, 14


def own_money_fen(purse: Purse) -> int:
    """What is the holder's in the purse: the balance without the overdraft limit, 0 when part of the limit is used."""
    return max(purse.balance_fen - purse.overdraft_fen, 0)


def begin_load(chip: Chip, command: CommandApdu, begun: BegunTransaction) -> ResponseApdu:
    """INITIALIZE FOR LOAD 80 50 00. Refuses 6985 a balance over the maximum."""
    require_le(command, LOAD_ANSWER_BYTES)
    if purse_of(chip, begun.purse).balance_fen + begun.amount_fen > MAX_BALANCE_FEN:
        raise Refused(StatusWord.CONDITIONS_OF_USE)
    return _announce(chip, command, begun)


def begin_unload(chip: Chip, command: CommandApdu, begun: BegunTransaction) -> ResponseApdu:
    """INITIALIZE FOR UNLOAD 80 50 05. Refuses 9401 more than there is; an overdraft cannot be taken home."""
    require_le(command, LOAD_ANSWER_BYTES)
    if begun.amount_fen > own_money_fen(purse_of(chip, begun.purse)):
        raise Refused(StatusWord.INSUFFICIENT_BALANCE)
    return _announce(chip, command, begun)


def _announce(chip: Chip, command: CommandApdu, begun: BegunTransaction) -> ResponseApdu:
    balance_fen = purse_of(chip, begun.purse).balance_fen
    signed = signed_inputs.announcement(balance_fen, begun.amount_fen, begun.type, begun.terminal)
    mac1 = algorithm_for(chip, begun.key).mac(_session_key(chip, begun), signed)
    chip.ram.begun = begun
    version, algorithm = begun.key.version, begun.key.algorithm
    told = LoadInitialization(balance_fen, begun.sequence, version, algorithm, begun.random, mac1)
    return answer(command, told.encode())


def begin_overdraft(chip: Chip, command: CommandApdu, begun: BegunTransaction) -> ResponseApdu:
    """INITIALIZE FOR UPDATE 80 50 04: shows the present limit."""
    require_le(command, OVERDRAFT_ANSWER_BYTES)
    purse = purse_of(chip, begun.purse)
    signed = signed_inputs.overdraft_announcement(purse.balance_fen, purse.overdraft_fen, begun.terminal)
    told = OverdraftInitialization(
        balance_fen=purse.balance_fen,
        online_seq=begun.sequence,
        old_limit_fen=purse.overdraft_fen,
        key_version=begun.key.version,
        algorithm=begun.key.algorithm,
        random=begun.random,
        mac1=algorithm_for(chip, begun.key).mac(_session_key(chip, begun), signed),
    )
    chip.ram.begun = begun
    return answer(command, told.encode())


def _session_key(chip: Chip, begun: BegunTransaction) -> bytes:
    return algorithm_for(chip, begun.key).load_session_key(begun.key.value, begun.random, begun.sequence)


def _terms(begun: BegunTransaction, date: bytes, time: bytes) -> Terms:
    return Terms(begun.amount_fen, begun.type, begun.terminal, date, time)


def credit_for_load(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """CREDIT FOR LOAD 80 52: the host's MAC2 credits the purse; the answer is the TAC. 6985 without INITIALIZE, 9302 wrong MAC2."""
    require_parameters(command, 0, 0)
    require_le(command, crypto.MAC_BYTES)
    begun = begun_of(chip, LOAD_TYPES)
    require_length(command, ORDER_BYTES)
    order = CreditForLoad.from_command(command)
    purse, terms = purse_of(chip, begun.purse), _terms(begun, order.date, order.time)
    expected = algorithm_for(chip, begun.key).mac(_session_key(chip, begun), signed_inputs.order(terms))
    require_mac(chip, begun, expected, order.mac2)
    balance_fen = purse.balance_fen + begun.amount_fen
    proof = tac(chip, signed_inputs.settlement(balance_fen, begun.sequence, terms))
    after = replace(purse, balance_fen=balance_fen, online_sequence=begun.sequence + 1)
    stage(chip, begun, Committed(after, order.mac2, proof, order.date, order.time))
    return answer(command, proof)


def debit_for_unload(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """DEBIT FOR UNLOAD 80 54 03 00: the host's MAC2 takes the money off the chip; the answer is MAC3.

    GET TRANSACTION PROVE 03 answers this MAC3, and as TAC what the TAC key says of the same bytes.
    Refuses 6985 without INITIALIZE FOR UNLOAD, 9302 wrong MAC2: then the balance is untouched.
    """
    require_le(command, crypto.MAC_BYTES)
    begun = begun_of(chip, UNLOAD_TYPES)
    require_length(command, ORDER_BYTES)
    order = DebitForUnload.from_command(command)
    purse, terms = purse_of(chip, begun.purse), _terms(begun, order.date, order.time)
    algorithm, session_key = algorithm_for(chip, begun.key), _session_key(chip, begun)
    require_mac(chip, begun, algorithm.mac(session_key, signed_inputs.order(terms)), order.mac2)
    balance_fen = purse.balance_fen - begun.amount_fen
    settled = signed_inputs.settlement(balance_fen, begun.sequence, terms)
    mac3 = algorithm.mac(session_key, settled)
    after = replace(purse, balance_fen=balance_fen, online_sequence=begun.sequence + 1)
    stage(chip, begun, Committed(after, mac3, tac(chip, settled), order.date, order.time))
    return answer(command, mac3)


def update_overdraw_limit(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """UPDATE OVERDRAW LIMIT 80 58: the host's MAC2 sets a new limit; the balance, which holds it, moves by the difference.

    Answers the TAC. Refuses 6985 without INITIALIZE FOR UPDATE and for a limit below what is used or over the maximum, 9302 wrong MAC2.
    """
    require_parameters(command, 0, 0)
    require_le(command, crypto.MAC_BYTES)
    begun = begun_of(chip, OVERDRAFT_TYPES)
    require_length(command, OVERDRAFT_ORDER_BYTES)
    order = UpdateOverdrawLimit.from_command(command)
    purse, terms = purse_of(chip, begun.purse), _terms(begun, order.date, order.time)
    signed = signed_inputs.overdraft_order(order.limit_fen, terms)
    require_mac(chip, begun, algorithm_for(chip, begun.key).mac(_session_key(chip, begun), signed), order.mac2)
    balance_fen = purse.balance_fen - purse.overdraft_fen + order.limit_fen
    if not 0 <= balance_fen <= MAX_BALANCE_FEN:
        raise Refused(StatusWord.CONDITIONS_OF_USE)
    proof = tac(chip, signed_inputs.overdraft_record(balance_fen, begun.sequence, order.limit_fen, terms))
    sequence = begun.sequence + 1
    after = replace(purse, balance_fen=balance_fen, overdraft_fen=order.limit_fen, online_sequence=sequence)
    stage(chip, begun, Committed(after, order.mac2, proof, order.date, order.time))
    return answer(command, proof)
