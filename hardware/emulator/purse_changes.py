"""What every purse transaction of the emulated chip has in common: whose it is, its MACs, and the one change that completes it.

INITIALIZE answers counter n, every MAC and TAC of the transaction uses n, the commit makes it n + 1, and log and proof carry what the
dialect says (n + 1). A passbook's balance holds its overdraft limit (透支限额), as JR/T 0025 has it, so that no balance is below zero.
"""

import hmac
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from hardware.card.administration import KeyType
from hardware.card.algorithm import Algorithm, algorithm_of
from hardware.card.files import TransactionLogRecord
from hardware.card.profile import TAC_KID
from hardware.card.status import StatusWord
from hardware.emulator import security
from hardware.emulator.file_commands import RECORD_BY_NUMBER, changed_record
from hardware.emulator.file_system import ElementaryFile, KeyRecord, Lifecycle, Proof, Purse
from hardware.emulator.state import BegunTransaction, CachedRecord, Chip, Refused
from hardware.errors import MalformedCardData

PASSBOOK, ELECTRONIC_PURSE = 0x01, 0x02
MAX_BALANCE_FEN: Final = 0x7FFF_FFFF  # bit 31 is a flag for some readers
MAX_SEQUENCE: Final = 0xFFFF
MAX_WRONG_MACS: Final = 0xFFFF
RANDOM_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Committed:
    """What a completed transaction leaves in the card: the purse after it, and what log and proof say about it."""

    purse: Purse
    mac: bytes
    tac: bytes
    date: bytes
    time: bytes


def purse_of(chip: Chip, number: int) -> Purse:
    """The purse of this number in the current DF; 6985 when there is none."""
    purse = chip.directory.purses.get(number)
    if purse is None:
        raise Refused(StatusWord.CONDITIONS_OF_USE)
    return purse


def begun_of(chip: Chip, types: AbstractSet[int]) -> BegunTransaction:
    """The begun transaction, if it is of one of these types; 6985 otherwise."""
    begun = chip.ram.begun
    if begun is None or begun.type not in types:
        raise Refused(StatusWord.CONDITIONS_OF_USE)
    return begun


def algorithm_for(chip: Chip, key: KeyRecord) -> Algorithm:
    """The algorithm that a purse key names in its record; 6A88 for one that there is not."""
    try:
        return algorithm_of(key.algorithm, chip.image.options.dialect)
    except MalformedCardData:
        raise Refused(StatusWord.KEY_NOT_FOUND) from None


def tac(chip: Chip, signed: bytes) -> bytes:
    """TAC of the current application over what a transaction signs."""
    key = security.find_key(chip.directory, KeyType.INTERNAL, TAC_KID)
    return algorithm_for(chip, key).tac(key.value, signed)


def require_mac(chip: Chip, begun: BegunTransaction, expected: bytes, given: bytes) -> None:
    """9302 for a wrong MAC; too many in a row lock the application for good (9303), so that MACs cannot be guessed.

    The try is counted before the MAC is looked at; a right one counts from zero again, at once.
    """
    purse, limit = purse_of(chip, begun.purse), chip.image.options.wrong_mac_limit
    wrong = min(purse.wrong_macs + 1, MAX_WRONG_MACS)
    if limit:
        if wrong > limit:
            raise _locked(chip)
        _count(chip, begun.purse, replace(purse, wrong_macs=wrong))
    if hmac.compare_digest(expected, given):
        if limit:
            _count(chip, begun.purse, replace(purse, wrong_macs=0))
        return
    if limit and wrong == limit:
        raise _locked(chip)
    raise Refused(StatusWord.MAC_INVALID)


def _count(chip: Chip, number: int, purse: Purse) -> None:
    chip.journal.put(chip.directory.purses, number, purse)
    chip.commit_tries()


def _locked(chip: Chip) -> Refused:
    """Lock the application for good; also when power was lost between the last count and the lock."""
    chip.journal.assign(chip.directory, "lifecycle", Lifecycle.LOCKED)
    return Refused(StatusWord.PERMANENTLY_LOCKED)


def stage(chip: Chip, begun: BegunTransaction, done: Committed) -> None:
    """Stage balance, counter, log record, cached records and proof as one change; then the PIN must be given anew."""
    dialect = chip.image.options.dialect
    sequence = dialect.logged_counter(begun.sequence)
    files = files_after(chip, begun.cache)
    log = chip.directory.file_by_sfi(done.purse.log_sfi)  # never among the cached ones
    if log is not None:
        record = TransactionLogRecord(
            sequence=sequence,
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
    proofs = {**done.purse.proofs, begun.type: Proof(sequence, done.mac, done.tac)}
    chip.journal.put(chip.directory.purses, begun.purse, replace(done.purse, proofs=proofs, wrong_macs=0))
    if dialect.terminates_pin_after_purse:
        chip.reach_state(0)


def files_after(chip: Chip, cache: tuple[CachedRecord, ...]) -> dict[int, ElementaryFile]:
    """The files that these cached records change, as they will be; refuses what does not fit as UPDATE RECORD would."""
    files: dict[int, ElementaryFile] = {}
    for cached in cache:
        file = files.get(cached.file_id) or chip.directory.files[cached.file_id]
        files[cached.file_id] = changed_record(file, cached.number, RECORD_BY_NUMBER, cached.data)
    return files
