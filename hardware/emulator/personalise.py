"""Personalisation commands: CREATE FILE, ERASE DF and WRITE KEY (FMCOS-like profile, hardware/README.md).

A key comes in only encrypted and MACed under the control key: `84 D4`. The plain `80 D4` answers 6982 always.
"""

from typing import Final

from hardware.card import administration
from hardware.card.administration import ADD_KEY, KEY_BYTES, KEY_HEADER_BYTES, DirectoryBody, FileBody, FileKind
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.dialect import WriteKeyP1
from hardware.card.profile import CONTROL_KID, KEY_FID
from hardware.card.status import StatusWord
from hardware.emulator import security
from hardware.emulator.file_system import (
    FILE_HEADER_BYTES,
    MAX_FILES_PER_DIRECTORY,
    MAX_KEYS_PER_DIRECTORY,
    SFI_MASK,
    DedicatedFile,
    ElementaryFile,
    KeyRecord,
    Purse,
    Structure,
)
from hardware.emulator.state import Chip, Refused, answer, require_le, require_length, require_parameters
from hardware.errors import MalformedCardData

PURSE_FILE_IDS: Final = {0x0001: 0x01, 0x0002: 0x02, 0x0011: 0x11, 0x0012: 0x12, 0x0013: 0x13}
"""ED, EP, and the three accounts of a medical application: individual, pooled in-patient, pooled out-patient."""
STRUCTURES: Final = {
    FileKind.BINARY: Structure.BINARY,
    FileKind.FIXED: Structure.FIXED,
    FileKind.VARIABLE: Structure.VARIABLE,
    FileKind.CYCLIC: Structure.CYCLIC,
}
BY_COUNT: Final = frozenset({Structure.FIXED, Structure.CYCLIC})
MAX_DEPTH: Final = 3
STORED_KEY_BYTES: Final = (
    KEY_HEADER_BYTES + KEY_BYTES + 3
)  # with length, kind of record and identifier, as FMCOS counts


def create_file(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """CREATE FILE 80 E0 fid: a directory, a key file, a purse or an EF under the current DF, as its create permission allows.

    Refuses: 6982, 6A80 malformed body, 6A89 exists already, 6A84 no room.
    """
    require_le(command, 0)
    chip.require(chip.directory.create)
    file_id = command.p1 << 8 | command.p2
    try:
        body = administration.parse_file_body(command.data)
    except MalformedCardData:
        raise Refused(StatusWord.WRONG_DATA) from None
    if isinstance(body, DirectoryBody):
        _create_directory(chip, file_id, body)
    elif body.kind is FileKind.KEY:
        _create_key_file(chip, file_id, body)
    elif body.kind is FileKind.PURSE:
        _create_purse(chip, file_id, body)
    else:
        _create_elementary_file(chip, file_id, body)
    return answer(command)


def _create_directory(chip: Chip, file_id: int, body: DirectoryBody) -> None:
    """A directory's identifier is unique beside its siblings, its name in the whole card."""
    if file_id in _taken_identifiers(chip.directory) or body.name in _names(chip.image.master_file):
        raise Refused(StatusWord.FILE_EXISTS)
    if len(chip.ram.path) >= MAX_DEPTH:
        raise Refused(StatusWord.NO_SPACE)
    _require_room(chip, body.size + FILE_HEADER_BYTES)
    directory = DedicatedFile(
        file_id=file_id,
        name=body.name,
        create=body.create,
        erase=body.erase,
        capacity=body.size,
        sfi_of_public_data=body.fci_sfi,
    )
    chip.journal.put(chip.directory.directories, file_id, directory)


def _names(directory: DedicatedFile) -> set[bytes]:
    return {directory.name}.union(*(_names(child) for child in directory.directories.values()))


def _taken_identifiers(directory: DedicatedFile) -> set[int]:
    return {directory.file_id, *directory.files, *directory.directories}


def _create_key_file(chip: Chip, file_id: int, body: FileBody) -> None:
    if file_id != KEY_FID:
        raise Refused(StatusWord.WRONG_DATA)
    if chip.directory.key_change is not None:
        raise Refused(StatusWord.FILE_EXISTS)
    _require_room(chip, body.size)
    chip.journal.assign(chip.directory, "key_change", body.write)
    chip.journal.assign(chip.directory, "key_capacity", body.size)


def _create_purse(chip: Chip, file_id: int, body: FileBody) -> None:
    number = PURSE_FILE_IDS.get(file_id)
    if number is None or body.log_sfi is None:
        raise Refused(StatusWord.WRONG_DATA)
    if number in chip.directory.purses:
        raise Refused(StatusWord.FILE_EXISTS)
    _require_room(chip, FILE_HEADER_BYTES)
    chip.journal.put(chip.directory.purses, number, Purse(log_sfi=body.log_sfi & SFI_MASK, use=body.read))


def _create_elementary_file(chip: Chip, file_id: int, body: FileBody) -> None:
    if file_id in _taken_identifiers(chip.directory) or chip.directory.file_by_sfi(file_id & SFI_MASK) is not None:
        raise Refused(StatusWord.FILE_EXISTS)
    structure = STRUCTURES[body.kind]
    by_count = structure in BY_COUNT
    capacity = body.record_count if by_count else body.size
    if capacity == 0 or (by_count and body.record_bytes == 0):
        raise Refused(StatusWord.WRONG_DATA)
    file = ElementaryFile(
        file_id=file_id,
        structure=structure,
        read=body.read,
        update=body.write,
        protection_kid=body.protection_kid,
        capacity=capacity,
        record_bytes=body.record_bytes if by_count else 0,
    )
    _require_room(chip, file.memory_bytes)  # before the content is made: a size is only a claim of the host
    if structure is Structure.BINARY:
        file = file.with_content(0, bytes(capacity))
    chip.journal.put(chip.directory.files, file_id, file)


def _require_room(chip: Chip, needed_bytes: int) -> None:
    directory = chip.directory
    count = len(directory.files) + len(directory.directories)
    if count >= MAX_FILES_PER_DIRECTORY or directory.memory_bytes + needed_bytes > directory.capacity:
        raise Refused(StatusWord.NO_SPACE)


def erase_directory(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """ERASE DF 80 0E: everything below the current DF goes; the DF itself, and the master file's keys, stay."""
    require_parameters(command, 0, 0)
    require_length(command, 0)
    require_le(command, 0)
    directory = chip.directory
    chip.require(directory.erase)
    chip.journal.replace_table(directory.files, {})
    chip.journal.replace_table(directory.directories, {})
    chip.journal.replace_table(directory.purses, {})
    if len(chip.ram.path) > 1:
        chip.journal.replace_table(directory.keys, {})
        chip.journal.assign(directory, "key_change", None)
        chip.journal.assign(directory, "key_capacity", 0)
    chip.ram.file_id = None
    return answer(command)


def refuse_plain_key(_chip: Chip, _command: CommandApdu) -> ResponseApdu:
    """WRITE KEY 80 D4: never; a key does not travel in the clear."""
    raise Refused(StatusWord.SECURITY_STATUS)


def write_key(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """WRITE KEY 84 D4: P1 01 adds a key of identifier P2, its type (by dialect 01) replaces it; encrypted and MACed under the control key.

    Refuses: 6987, 6984, 6983, 6988 as every MAC; 6982 not permitted; 6A80 malformed record; 6A86; 6A88 nothing to replace;
    6A82 no key file; 6A89 exists already; 6A84 no room.
    """
    require_le(command, 0)
    owner, control = _control_key(chip)
    record = security.decrypted(chip, control, security.checked_data(chip, command, owner, control))
    key = key_from_record(record, command.p2)
    present = chip.directory.key(key.kind, key.identifier)
    always_01 = chip.image.options.dialect.write_key_p1 is WriteKeyP1.ALWAYS_ADD
    if command.p1 == ADD_KEY and not (always_01 and present):
        _require_addition(chip, present)
    elif command.p1 != (ADD_KEY if always_01 else key.kind):
        raise Refused(StatusWord.WRONG_P1P2)
    elif present is None:
        raise Refused(StatusWord.KEY_NOT_FOUND)
    else:
        chip.require(present.change)
    chip.journal.put(chip.directory.keys, (key.kind, key.identifier), key)
    return answer(command)


def _control_key(chip: Chip) -> tuple[DedicatedFile, KeyRecord]:
    """The key that protects WRITE KEY here: the current DF's control key, or its parent's as long as the DF has none."""
    for directory in reversed(chip.ram.path):
        key = directory.key(security.EXTERNAL_AUTHENTICATION, CONTROL_KID)
        if key is not None:
            return directory, key
    raise Refused(StatusWord.KEY_NOT_FOUND)


def _require_addition(chip: Chip, present: KeyRecord | None) -> None:
    directory = chip.directory
    if directory.key_change is None:
        raise Refused(StatusWord.FILE_NOT_FOUND)
    chip.require(directory.key_change)
    if present is not None:
        raise Refused(StatusWord.FILE_EXISTS)
    needed = (len(directory.keys) + 1) * STORED_KEY_BYTES
    if len(directory.keys) >= MAX_KEYS_PER_DIRECTORY or needed > directory.key_capacity:
        raise Refused(StatusWord.NO_SPACE)


def key_from_record(record: bytes, identifier: int) -> KeyRecord:
    """The chip's form of a plain key record; 6A80 when it is malformed."""
    try:
        plain = administration.KeyRecord.decode(record)
    except MalformedCardData:
        raise Refused(StatusWord.WRONG_DATA) from None
    return KeyRecord(
        kind=plain.key_type,
        identifier=identifier,
        use=plain.use,
        change=plain.change,
        version=plain.fourth,
        algorithm=plain.fifth,
        value=plain.value,
    )
