"""Files of the emulated chip: values that are replaced whole, so that one journal entry is one change.

Structures, permissions and limits follow the FMCOS-like profile in hardware/README.md; record 1 of a cyclic file is the newest.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from hardware.card.administration import ERROR_COUNTING

SFI_MASK = 0x1F
MAX_RECORD_BYTES = 255
MAX_RECORDS = 254  # numbers 00 and FF have other meanings
MAX_FILES_PER_DIRECTORY = 64
MAX_KEYS_PER_DIRECTORY = 64
MAX_MEMORY_BYTES = 65_536
FILE_HEADER_BYTES = 16  # what a file costs beside its content

ERRORS_NOT_COUNTED = 0xFF


class Structure(StrEnum):
    """How an elementary file is addressed."""

    BINARY = "binary"
    FIXED = "fixed"
    VARIABLE = "variable"
    CYCLIC = "cyclic"


@dataclass(frozen=True, slots=True)
class ElementaryFile:
    """One EF: its access rules and its whole content.

    Args:
        file_id: 2-byte identifier; its low five bits are the short file identifier (SFI).
        structure: how it is addressed.
        read: permission byte XY for reading; update: the same for writing.
        protection_kid: number of the line-protection key whose MAC every update must carry; None for free updates.
        capacity: bytes of a binary file and of a variable-record file, number of records of the two others.
        record_bytes: record length of fixed and cyclic files, 0 otherwise.
        content: the bytes of a binary file; records: the records of the others, record 1 first.
    """

    file_id: int
    structure: Structure
    read: int
    update: int
    protection_kid: int | None
    capacity: int
    record_bytes: int = 0
    content: bytes = field(default=b"", repr=False)
    records: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def sfi(self) -> int:
        """Short file identifier, 0 to 31."""
        return self.file_id & SFI_MASK

    @property
    def memory_bytes(self) -> int:
        """EEPROM that the file takes when it is created."""
        return FILE_HEADER_BYTES + self.capacity * (self.record_bytes or 1)

    def accepts_record(self, data: bytes) -> bool:
        """Whether `data` has a length that a record of this file can have."""
        if self.structure is Structure.VARIABLE:
            return 0 < len(data) <= MAX_RECORD_BYTES
        return len(data) == self.record_bytes

    def has_room_for(self, records: tuple[bytes, ...]) -> bool:
        """Whether these records fit in place of the present ones."""
        if self.structure is Structure.VARIABLE:
            return len(records) <= MAX_RECORDS and sum(len(record) for record in records) <= self.capacity
        return len(records) <= self.capacity

    def with_content(self, offset: int, data: bytes) -> "ElementaryFile":
        """The binary file with `data` written at `offset`; the caller has checked the bounds."""
        content = self.content[:offset] + data + self.content[offset + len(data) :]
        return replace(self, content=content)

    def with_record(self, number: int, data: bytes) -> "ElementaryFile":
        """The file with record `number` (from 1) replaced; the caller has checked that it exists."""
        records = (*self.records[: number - 1], data, *self.records[number:])
        return replace(self, records=records)

    def with_new_record(self, data: bytes) -> "ElementaryFile":
        """The file with one record more: a cyclic file gets a new record 1 and forgets its oldest, the others grow at the end."""
        if self.structure is Structure.CYCLIC:
            return replace(self, records=(data, *self.records)[: self.capacity])
        return replace(self, records=(*self.records, data))

    def record_named(self, identifier: int) -> int | None:
        """Number of the first record whose first byte is `identifier`, or None."""
        for number, record in enumerate(self.records, start=1):
            if record[0] == identifier:
                return number
        return None


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One key or PIN with its rules, as written by WRITE KEY: `type use change version algorithm value`.

    For the types that count errors (line protection, PIN, PIN unblock, PIN reload, external authentication) the fifth byte is the error
    counter (33 = three tries, three left; FF = not counted) and the fourth the security state that success gives.
    """

    kind: int
    identifier: int
    use: int
    change: int
    version: int
    algorithm: int
    value: bytes = field(repr=False)

    @property
    def counts_errors(self) -> bool:
        """Whether the fifth byte is an error counter that counts."""
        return self.kind in ERROR_COUNTING and self.algorithm != ERRORS_NOT_COUNTED

    @property
    def tries_left(self) -> int:
        """How many wrong tries are left, 0 to 15."""
        return self.algorithm & 0x0F

    @property
    def blocked(self) -> bool:
        """Whether too many wrong tries were made."""
        return self.counts_errors and self.tries_left == 0

    @property
    def next_state(self) -> int:
        """Security state that success gives: the low digit of the fourth byte."""
        return self.version & 0x0F

    def after_failure(self) -> "KeyRecord":
        """The record with one try less."""
        if not self.counts_errors or self.tries_left == 0:
            return self
        return replace(self, algorithm=self.algorithm - 1)

    def after_success(self) -> "KeyRecord":
        """The record with all its tries back."""
        if not self.counts_errors:
            return self
        tries = self.algorithm >> 4
        return replace(self, algorithm=tries << 4 | tries)


@dataclass(frozen=True, slots=True)
class Proof:
    """What GET TRANSACTION PROVE answers: the counter after the transaction (n + 1), its MAC2 and its TAC."""

    sequence: int
    mac: bytes
    tac: bytes


@dataclass(frozen=True, slots=True)
class Purse:
    """State of one purse: 1 is the passbook (电子存折 ED), 2 the electronic purse (电子钱包 EP)."""

    log_sfi: int
    use: int
    balance_fen: int = 0
    overdraft_fen: int = 0
    online_sequence: int = 0
    offline_sequence: int = 0
    wrong_macs: int = 0
    proofs: dict[int, Proof] = field(default_factory=dict)


class Lifecycle(StrEnum):
    """Whether an application works, is blocked for a time, or for good."""

    WORKING = "working"
    BLOCKED = "blocked"
    LOCKED = "locked"


@dataclass(slots=True)
class DedicatedFile:
    """A directory: the master file, an application (ADF), or a directory of applications (DDF).

    The five tables are what the journal writes to; their values are replaced, never changed in place.
    """

    file_id: int
    name: bytes
    create: int
    erase: int
    capacity: int
    sfi_of_public_data: int | None = None
    key_change: int | None = None  # permission to add keys; None until a key file exists
    key_capacity: int = 0
    lifecycle: Lifecycle = Lifecycle.WORKING
    terminal_sequence: int = (
        0  # of a PSAM, kept in its master file: it survives ERASE DF, so that no number comes twice
    )
    wrong_macs: int = 0  # wrong MAC2s in a row, of a PSAM's application
    files: dict[int, ElementaryFile] = field(default_factory=dict)
    directories: dict[int, "DedicatedFile"] = field(default_factory=dict)
    keys: dict[tuple[int, int], KeyRecord] = field(default_factory=dict)
    purses: dict[int, Purse] = field(default_factory=dict)

    def file_by_sfi(self, sfi: int) -> ElementaryFile | None:
        """The EF with this short identifier, or None."""
        return next((file for file in self.files.values() if file.sfi == sfi), None)

    def key(self, kind: int, identifier: int) -> KeyRecord | None:
        """The key of this type and identifier, or None."""
        return self.keys.get((kind, identifier))

    @property
    def memory_bytes(self) -> int:
        """EEPROM taken in this directory; a directory below it takes what was reserved for it."""
        own = sum(file.memory_bytes for file in self.files.values()) + self.key_capacity
        return own + sum(FILE_HEADER_BYTES + directory.capacity for directory in self.directories.values())
