"""The electronic purse of the emulated chip: load, purchase, compound purchase, proof (JR/T 0025).

INITIALIZE answers counter n, every MAC and TAC of the transaction uses n, the commit makes it n + 1, and log and proof carry n + 1.
"""

import hmac
from dataclasses import dataclass, replace

from hardware.card import crypto
from hardware.card.administration import KeyType
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.files import TransactionLogRecord
from hardware.card.fixed import cut
from hardware.card.profile import TAC_KID
from hardware.card.purse import (
    CreditForLoad,
    DebitForPurchase,
    GetTransactionProve,
    LoadInitialization,
    PurchaseInitialization,
)
from hardware.card.status import StatusWord
from hardware.emulator import security
from hardware.emulator.file_commands import (
    RECORD_BY_IDENTIFIER,
    RECORD_BY_NUMBER,
    RECORD_MODE_MASK,
    changed_record,
    sfi_of,
)
from hardware.emulator.file_system import ElementaryFile, KeyRecord, Lifecycle, Proof, Purse, Structure
from hardware.emulator.state import (
    BegunTransaction,
    CachedRecord,
    Chip,
    Refused,
    answer,
    require_le,
    require_length,
    require_parameters,
)

PASSBOOK, ELECTRONIC_PURSE = 0x01, 0x02
LOAD, PURCHASE, COMPOUND_PURCHASE = 0x00, 0x01, 0x03  # P1 of INITIALIZE
TTI_PASSBOOK_PURCHASE = 0x05
MAX_BALANCE_FEN = 0x7FFF_FFFF  # bit 31 is a flag for some readers
MAX_SEQUENCE = 0xFFFF
MAX_WRONG_MACS = 0xFFFF
MAX_CACHED_RECORDS = 8
RANDOM_BYTES = 4
INITIALIZE_BYTES = 11
LOAD_ANSWER_BYTES, PURCHASE_ANSWER_BYTES = 16, 15

TYPES = {
    (LOAD, PASSBOOK): crypto.ED_TTI_LOAD,
    (LOAD, ELECTRONIC_PURSE): crypto.TTI_LOAD,
    (PURCHASE, PASSBOOK): TTI_PASSBOOK_PURCHASE,
    (PURCHASE, ELECTRONIC_PURSE): crypto.TTI_PURCHASE,
    (COMPOUND_PURCHASE, ELECTRONIC_PURSE): crypto.TTI_COMPOUND_PURCHASE,
}
LOAD_TYPES = {crypto.ED_TTI_LOAD, crypto.TTI_LOAD}


@dataclass(frozen=True, slots=True)
class _Committed:
    """What a completed transaction leaves in the card: the purse after it, and what log and proof say about it."""

    purse: Purse
    sequence: int
    mac: bytes
    tac: bytes
    date: bytes
    time: bytes


def initialize(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """INITIALIZE FOR LOAD, PURCHASE or CAPP PURCHASE 80 50: nothing changes yet, the counter does not move.

    Refuses, in this order: 6A86, 6700, 6985 no such purse, 6982, 9403 key index, 9402 counter at its end, then 6985 a load over the
    maximum, 9401 a purchase over the balance, 6A80 a plain purchase of nothing.
    """
    tti = TYPES.get((command.p1, command.p2))
    if tti is None:
        raise Refused(StatusWord.WRONG_P1P2)
    require_length(command, INITIALIZE_BYTES)
    index, amount, terminal = cut("INITIALIZE", command.data, 1, 4, 6)
    purse = _purse(chip, command.p2)
    chip.require(purse.use)
    key = chip.directory.key(KeyType.LOAD if tti in LOAD_TYPES else KeyType.PURCHASE, index[0])
    if key is None:
        raise Refused(StatusWord.KEY_INDEX_UNSUPPORTED)
    chip.require(key.use)
    sequence = purse.online_sequence if tti in LOAD_TYPES else purse.offline_sequence
    if sequence >= MAX_SEQUENCE:
        raise Refused(StatusWord.COUNTER_AT_MAXIMUM)
    begun = BegunTransaction(
        purse=command.p2,
        type=tti,
        amount_fen=int.from_bytes(amount),
        terminal=terminal,
        sequence=sequence,
        random=chip.random(RANDOM_BYTES),
        key=key.value,
    )
    answer_of = _begin_load if tti in LOAD_TYPES else _begin_purchase
    return answer_of(chip, command, key, begun)


def _begin_load(chip: Chip, command: CommandApdu, key: KeyRecord, begun: BegunTransaction) -> ResponseApdu:
    require_le(command, LOAD_ANSWER_BYTES)
    purse = _purse(chip, begun.purse)
    if purse.balance_fen + begun.amount_fen > MAX_BALANCE_FEN:
        raise Refused(StatusWord.CONDITIONS_OF_USE)
    session_key = crypto.load_session_key(begun.key, begun.random, begun.sequence)
    mac1 = crypto.load_mac1(session_key, purse.balance_fen, begun.amount_fen, begun.type, begun.terminal)
    chip.ram.begun = begun
    told = LoadInitialization(purse.balance_fen, begun.sequence, key.version, key.algorithm, begun.random, mac1)
    return answer(command, told.encode())


def _begin_purchase(chip: Chip, command: CommandApdu, key: KeyRecord, begun: BegunTransaction) -> ResponseApdu:
    require_le(command, PURCHASE_ANSWER_BYTES)
    purse = _purse(chip, begun.purse)
    if begun.amount_fen > purse.balance_fen + purse.overdraft_fen:
        raise Refused(StatusWord.INSUFFICIENT_BALANCE)
    if begun.amount_fen == 0 and begun.type != crypto.TTI_COMPOUND_PURCHASE:
        raise Refused(StatusWord.WRONG_DATA)
    chip.ram.begun = begun
    told = PurchaseInitialization(
        purse.balance_fen, begun.sequence, purse.overdraft_fen, key.version, key.algorithm, begun.random
    )
    return answer(command, told.encode())


def credit_for_load(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """CREDIT FOR LOAD 80 52: the host's MAC2 credits the purse; the answer is the TAC. 6985 without INITIALIZE, 9302 wrong MAC2."""
    require_parameters(command, 0, 0)
    require_le(command, crypto.MAC_BYTES)
    begun = _begun(chip, LOAD_TYPES)
    require_length(command, 11)
    order = CreditForLoad.from_command(command)
    purse = _purse(chip, begun.purse)
    session_key = crypto.load_session_key(begun.key, begun.random, begun.sequence)
    expected = crypto.load_mac2(session_key, begun.amount_fen, begun.type, begun.terminal, order.date, order.time)
    _require_mac(chip, begun, expected, order.mac2)
    balance_fen = purse.balance_fen + begun.amount_fen
    tac = crypto.load_tac(
        _tac_key(chip),
        balance_fen,
        begun.sequence,
        begun.amount_fen,
        begun.type,
        begun.terminal,
        order.date,
        order.time,
    )
    after = replace(purse, balance_fen=balance_fen, online_sequence=begun.sequence + 1)
    _stage(chip, begun, _Committed(after, begun.sequence + 1, order.mac2, tac, order.date, order.time))
    return answer(command, tac)


def debit_for_purchase(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """DEBIT FOR PURCHASE 80 54, plain and compound: the PSAM's MAC1 debits the purse and writes the cached records.

    Answers TAC and MAC2. Refuses 6985 without INITIALIZE, 9302 wrong MAC1: then the balance is untouched.
    """
    require_parameters(command, 1, 0)
    require_le(command, 2 * crypto.MAC_BYTES)
    begun = _begun(chip, set(TYPES.values()) - LOAD_TYPES)
    require_length(command, 15)
    order = DebitForPurchase.from_command(command)
    purse = _purse(chip, begun.purse)
    session_key = crypto.purchase_session_key(begun.key, begun.random, begun.sequence, order.terminal_seq)
    expected = crypto.purchase_mac1(session_key, begun.amount_fen, begun.type, begun.terminal, order.date, order.time)
    _require_mac(chip, begun, expected, order.mac1)
    mac2 = crypto.purchase_mac2(session_key, begun.amount_fen)
    signed = crypto.purchase_tac_input(
        begun.amount_fen, begun.type, begun.terminal, order.terminal_seq, order.date, order.time
    )
    tac = crypto.tac(_tac_key(chip), signed)
    after = replace(purse, balance_fen=purse.balance_fen - begun.amount_fen, offline_sequence=begun.sequence + 1)
    _stage(chip, begun, _Committed(after, begun.sequence + 1, mac2, tac, order.date, order.time))
    return answer(command, tac + mac2)


def update_compound_cache(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """UPDATE CAPP DATA CACHE 80 DC: hold a record in RAM until the compound DEBIT writes it. 6985 outside a compound purchase."""
    require_le(command, 0)
    begun = chip.ram.begun
    if command.p2 & RECORD_MODE_MASK not in {RECORD_BY_IDENTIFIER, RECORD_BY_NUMBER}:
        raise Refused(StatusWord.WRONG_P1P2)
    if begun is None or begun.type != crypto.TTI_COMPOUND_PURCHASE or len(begun.cache) >= MAX_CACHED_RECORDS:
        raise Refused(StatusWord.CONDITIONS_OF_USE)
    file = chip.record_file(sfi_of(command.p2))
    if file.sfi == _purse(chip, begun.purse).log_sfi:
        raise Refused(StatusWord.SECURITY_STATUS)
    number = _record_number(file, command)
    extended = (*begun.cache, CachedRecord(file.file_id, number, command.data))
    _files_after(chip, extended)
    chip.ram.begun = replace(begun, cache=extended)
    return answer(command)


def _record_number(file: ElementaryFile, command: CommandApdu) -> int:
    """Number of the record that P1 names; in a file of variable records P1 is the record's first byte."""
    if file.structure is Structure.VARIABLE:
        return file.record_named(command.p1) or 0
    return command.p1


def get_balance(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """GET BALANCE 80 5C: P1 00 and 03 the balance, 01 the overdraft limit, 02 what of it is used (T-Union; always none)."""
    require_length(command, 0)
    purse = _purse(chip, command.p2)
    values = {0x00: purse.balance_fen, 0x01: purse.overdraft_fen, 0x02: 0, 0x03: purse.balance_fen}
    if command.p1 not in values:
        raise Refused(StatusWord.WRONG_P1P2)
    return answer(command, values[command.p1].to_bytes(4))


def get_transaction_prove(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """GET TRANSACTION PROVE 80 5A 00 TTI: MAC and TAC of the last transaction of this type, if its counter is the one asked for."""
    if command.p1:
        raise Refused(StatusWord.WRONG_P1P2)
    require_length(command, 2)
    asked = GetTransactionProve.from_command(command)
    proofs = [purse.proofs.get(asked.tti) for purse in chip.directory.purses.values()]
    for proof in proofs:
        if proof is not None and proof.sequence == asked.seq:
            tac_first = chip.image.options.proof_order == "tac_first"
            return answer(command, proof.tac + proof.mac if tac_first else proof.mac + proof.tac)
    raise Refused(StatusWord.PROOF_NOT_AVAILABLE)


def _purse(chip: Chip, number: int) -> Purse:
    purse = chip.directory.purses.get(number)
    if purse is None:
        raise Refused(StatusWord.CONDITIONS_OF_USE)
    return purse


def _begun(chip: Chip, types: set[int]) -> BegunTransaction:
    begun = chip.ram.begun
    if begun is None or begun.type not in types:
        raise Refused(StatusWord.CONDITIONS_OF_USE)
    return begun


def _tac_key(chip: Chip) -> bytes:
    return crypto.fold_tac_key(security.find_key(chip.directory, KeyType.INTERNAL, TAC_KID).value)


def _require_mac(chip: Chip, begun: BegunTransaction, expected: bytes, given: bytes) -> None:
    """9302 for a wrong MAC; too many in a row lock the application for good, so that MACs cannot be guessed."""
    if hmac.compare_digest(expected, given):
        return
    purse = _purse(chip, begun.purse)
    wrong = min(purse.wrong_macs + 1, MAX_WRONG_MACS)
    chip.journal.put(chip.directory.purses, begun.purse, replace(purse, wrong_macs=wrong))
    limit = chip.image.options.wrong_mac_limit
    if limit and wrong >= limit:
        chip.journal.assign(chip.directory, "lifecycle", Lifecycle.LOCKED)
        raise Refused(StatusWord.PERMANENTLY_LOCKED)
    raise Refused(StatusWord.MAC_INVALID)


def _stage(chip: Chip, begun: BegunTransaction, done: _Committed) -> None:
    """Stage balance, counter, log record, cached records and proof as one change; then the DF must be authenticated anew."""
    files = _files_after(chip, begun.cache)
    log = chip.directory.file_by_sfi(done.purse.log_sfi)  # never among the cached ones
    if log is not None:
        record = TransactionLogRecord(
            sequence=done.sequence,
            overdraft_fen=done.purse.overdraft_fen,
            amount_fen=begun.amount_fen,
            type=begun.type,
            terminal=begun.terminal,
            date=done.date,
            time=done.time,
        )
        files[log.file_id] = log.with_new_record(record.encode())
    for file_id, file in files.items():
        chip.journal.put(chip.directory.files, file_id, file)
    proofs = {**done.purse.proofs, begun.type: Proof(done.sequence, done.mac, done.tac)}
    chip.journal.put(chip.directory.purses, begun.purse, replace(done.purse, proofs=proofs, wrong_macs=0))
    chip.reach_state(0)


def _files_after(chip: Chip, cache: tuple[CachedRecord, ...]) -> dict[int, ElementaryFile]:
    """The files that these cached records change, as they will be; refuses what does not fit as UPDATE RECORD would."""
    files: dict[int, ElementaryFile] = {}
    for cached in cache:
        file = files.get(cached.file_id) or chip.directory.files[cached.file_id]
        files[cached.file_id] = changed_record(file, cached.number, RECORD_BY_NUMBER, cached.data)
    return files
