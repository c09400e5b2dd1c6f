"""SELECT, READ and UPDATE of files and records, free or under line protection (ISO 7816-4)."""

from hardware.card import tlv
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.profile import MASTER_FID
from hardware.card.status import StatusWord
from hardware.emulator import security
from hardware.emulator.file_system import (
    MAX_RECORD_BYTES,
    SFI_MASK,
    DedicatedFile,
    ElementaryFile,
    Lifecycle,
    Structure,
)
from hardware.emulator.state import MAX_LE, Chip, Refused, WrongLe, answer, require_le, require_length

BY_FILE_ID, BY_NAME = 0x00, 0x04
FILE_ID_BYTES = 2
PROTECTED_CLASS = 0x04
# Low three bits of P2 in record commands.
RECORD_BY_IDENTIFIER, RECORD_BY_NUMBER, RECORDS_FROM_NUMBER = 0b000, 0b100, 0b101
RECORD_MODE_MASK = 0b111
_SFI_SHIFT = 3


def select(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """SELECT 00 A4 by file identifier (P1 00) or by name (P1 04): the FCI of a directory, nothing for an EF.

    Refuses: 6A82 not found, 6A81 application locked for good; a blocked one is selected and answers its FCI with 6283.
    """
    if command.p2 or command.p1 not in {BY_FILE_ID, BY_NAME}:
        raise Refused(StatusWord.WRONG_P1P2)
    if command.p1 == BY_NAME:
        path = _path_by_name(chip, command.data)
    else:
        if len(command.data) != FILE_ID_BYTES:
            raise Refused(StatusWord.WRONG_LENGTH)
        file_id = int.from_bytes(command.data)
        if file_id in chip.directory.files:
            require_le(command, 0)
            chip.ram.file_id = file_id
            return answer(command)
        path = _path_by_identifier(chip, file_id)
    return _enter(chip, command, path)


def _enter(chip: Chip, command: CommandApdu, path: list[DedicatedFile]) -> ResponseApdu:
    directory = path[-1]
    if directory.lifecycle is Lifecycle.LOCKED:
        raise Refused(StatusWord.NOT_SUPPORTED)
    response = answer(command, _control_information(directory))
    chip.enter(path)
    if directory.lifecycle is Lifecycle.BLOCKED:
        return ResponseApdu(response.data, StatusWord.FILE_INVALID)
    return response


def _path_by_name(chip: Chip, name: bytes) -> list[DedicatedFile]:
    """Path to the directory of this name anywhere in the card; names are unique because CREATE FILE refuses a second one."""
    waiting = [[chip.image.master_file]]
    while waiting:  # bounded by the number of directories in the image
        path = waiting.pop()
        if path[-1].name and path[-1].name == name:
            return path
        waiting.extend([*path, child] for child in path[-1].directories.values())
    raise Refused(StatusWord.FILE_NOT_FOUND)


def _path_by_identifier(chip: Chip, file_id: int) -> list[DedicatedFile]:
    """The master file, a child of the current DF, its parent, or a sibling."""
    path = chip.ram.path
    if file_id == MASTER_FID:
        return path[:1]
    if file_id in path[-1].directories:
        return [*path, path[-1].directories[file_id]]
    above = path[:-1]
    if above and above[-1].file_id == file_id:
        return above
    if above and file_id in above[-1].directories:
        return [*above, above[-1].directories[file_id]]
    raise Refused(StatusWord.FILE_NOT_FOUND)


def _control_information(directory: DedicatedFile) -> bytes:
    """FCI of a directory: name, and for a purse application its public data, byte for byte (tag 9F0C)."""
    if directory.file_id == MASTER_FID:
        return tlv.directory_fci(directory.name)
    public = directory.file_by_sfi(directory.sfi_of_public_data) if directory.sfi_of_public_data else None
    return tlv.application_fci(directory.name, public.content if public else b"")


def read_binary(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """READ BINARY 00 B0: from an offset of the current file or of an SFI (P1 80 | SFI). 6B00 past the end, 6Cxx too long."""
    require_length(command, 0)
    file, offset = chip.binary_file(command)
    chip.require(file.read)
    if offset >= len(file.content):
        raise Refused(StatusWord.WRONG_OFFSET)
    rest = file.content[offset : offset + MAX_LE]
    if command.le not in {None, MAX_LE} and command.le > len(rest):
        raise WrongLe(len(rest))
    chip.ram.file_id = file.file_id
    return ResponseApdu(rest if command.le is None else rest[: command.le], StatusWord.OK)


def read_record(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """READ RECORD 00 B2: by number, by identifier (P2 low bits 000), or all from a number on (low bits 101) as far as they fit."""
    require_length(command, 0)
    file = chip.record_file(command.p2 >> _SFI_SHIFT)
    chip.require(file.read)
    mode = command.p2 & RECORD_MODE_MASK
    if mode == RECORDS_FROM_NUMBER:
        _require_record(file, command.p1)
        data = _whole_records(file.records[command.p1 - 1 :], command.le or MAX_LE)
    else:
        data = file.records[_record_number(file, command.p1, mode) - 1]
    response = answer(command, data)
    chip.ram.file_id = file.file_id
    return response


def _whole_records(records: tuple[bytes, ...], limit: int) -> bytes:
    """As many whole records as an answer of `limit` bytes holds, at least one."""
    data = records[0]
    for record in records[1:]:
        if len(data) + len(record) > limit:
            break
        data += record
    return data


def _record_number(file: ElementaryFile, p1: int, mode: int) -> int:
    if mode == RECORD_BY_IDENTIFIER:
        number = file.record_named(p1)
        if number is None:
            raise Refused(StatusWord.RECORD_NOT_FOUND)
        return number
    if mode != RECORD_BY_NUMBER:
        raise Refused(StatusWord.WRONG_P1P2)
    _require_record(file, p1)
    return p1


def _require_record(file: ElementaryFile, number: int) -> None:
    if not 1 <= number <= len(file.records):
        raise Refused(StatusWord.RECORD_NOT_FOUND)


def update_binary(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """UPDATE BINARY 00 D6, or 04 D6 with a MAC under the line-protection key."""
    file, offset = chip.binary_file(command)
    data = _permitted_data(chip, command, file)
    if not data or offset + len(data) > len(file.content):
        raise Refused(StatusWord.WRONG_OFFSET)
    chip.journal.put(chip.directory.files, file.file_id, file.with_content(offset, data))
    chip.ram.file_id = file.file_id
    return answer(command)


def update_record(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """UPDATE RECORD 00 DC, or 04 DC with a MAC; number 0 appends, so does the first free number."""
    file = chip.record_file(command.p2 >> _SFI_SHIFT)
    data = _permitted_data(chip, command, file)
    chip.journal.put(chip.directory.files, file.file_id, changed_record(file, command.p1, command.p2, data))
    chip.ram.file_id = file.file_id
    return answer(command)


def append_record(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """APPEND RECORD 00 E2 (04 E2 with a MAC): a new record; in a cyclic file it becomes number 1."""
    if command.p1:
        raise Refused(StatusWord.WRONG_P1P2)
    file = chip.record_file(command.p2 >> _SFI_SHIFT)
    data = _permitted_data(chip, command, file)
    chip.journal.put(chip.directory.files, file.file_id, changed_record(file, 0, RECORD_BY_NUMBER, data))
    chip.ram.file_id = file.file_id
    return answer(command)


def _permitted_data(chip: Chip, command: CommandApdu, file: ElementaryFile) -> bytes:
    """What may be written: 6982 not permitted, 6987 a protected file without a MAC, 6984, 6983 and 6988 as `checked_data`."""
    require_le(command, 0)
    chip.require(file.update)
    if command.cla == PROTECTED_CLASS:
        key = security.line_key(chip.directory, file.protection_kid)
        return security.checked_data(chip, command, chip.directory, key)
    if file.protection_kid is not None:
        raise Refused(StatusWord.MAC_MISSING)
    return command.data


def changed_record(file: ElementaryFile, p1: int, p2: int, data: bytes) -> ElementaryFile:
    """The file with the record that P1 and P2 name replaced, or appended for number 0 and the first free number.

    Refuses: 6700 a length that no record of the file has, 6A83 no such record, 6A84 no room.
    """
    if not file.accepts_record(data) or len(data) > MAX_RECORD_BYTES:
        raise Refused(StatusWord.WRONG_LENGTH)
    named = p2 & RECORD_MODE_MASK == RECORD_BY_IDENTIFIER and file.structure is Structure.VARIABLE and p1
    number = (file.record_named(p1) or 0) if named else p1
    grows = file.structure is not Structure.CYCLIC or not file.records  # a newest record of a cyclic file is number 0
    if number == 0 or (grows and number == len(file.records) + 1):
        changed = file.with_new_record(data)
        overflow = file.structure is not Structure.CYCLIC and not file.has_room_for((*file.records, data))
    else:
        _require_record(file, number)
        changed = file.with_record(number, data)
        overflow = not file.has_room_for(changed.records)
    if overflow:
        raise Refused(StatusWord.NO_SPACE)
    return changed


def sfi_of(p2: int) -> int:
    """Short file identifier in P2 of a record command."""
    return p2 >> _SFI_SHIFT & SFI_MASK
