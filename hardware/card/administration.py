"""Making a card: CREATE FILE, WRITE KEY and ERASE DF with the bodies of our documented profile (hardware/README.md).

The shapes follow FMCOS; where makers differ, this is what our cards and the emulator agree on.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Self

from hardware.card.apdu import CommandApdu
from hardware.card.crypto import check_value
from hardware.card.dialect import WriteKeyP1
from hardware.card.fixed import cut, unsigned
from hardware.errors import MalformedCardData

PROTECTED_KIND: Final = 0x80
NONE: Final = 0xFF
DF_KIND: Final = 0x38
EF_BODY_BYTES: Final = 7
DF_FIXED_BYTES: Final = 8
NAME_MIN_BYTES: Final = 5
NAME_MAX_BYTES: Final = 16
KEY_BYTES: Final = 16
KEY_HEADER_BYTES: Final = 5
ADD_KEY: Final = 0x01


class FileKind(IntEnum):
    """First byte of a CREATE FILE body; 80 is added when writing wants line protection."""

    BINARY = 0x28
    FIXED = 0x2A
    VARIABLE = 0x2C
    CYCLIC = 0x2E
    PURSE = 0x2F
    KEY = 0x3F


class KeyType(IntEnum):
    """First byte of a key record (FMCOS)."""

    INTERNAL = 0x34
    LINE_PROTECTION = 0x36
    PIN_UNBLOCK = 0x37
    PIN_RELOAD = 0x38
    EXTERNAL_AUTHENTICATION = 0x39
    PIN = 0x3A
    OVERDRAFT = 0x3C
    UNLOAD = 0x3D
    PURCHASE = 0x3E
    LOAD = 0x3F


ERROR_COUNTING: Final = frozenset(
    {KeyType.LINE_PROTECTION, KeyType.PIN_UNBLOCK, KeyType.PIN_RELOAD, KeyType.EXTERNAL_AUTHENTICATION, KeyType.PIN}
)
"""Key types whose fourth byte is the state that success gives and whose fifth is the error counter (33 = 3 of 3 left)."""


@dataclass(frozen=True, slots=True)
class DirectoryBody:
    """CREATE FILE body of a DF: `38 ‖ size 2 ‖ create ‖ erase ‖ FCI file ‖ FF FF ‖ name 5–16`.

    Args:
        size: bytes reserved for everything in it.
        create, erase: access bytes: who may create files in it, who may erase it.
        name: the application's name.
        fci_sfi: short id of the binary file shown in the answer to SELECT; None for none.
    """

    size: int
    create: int
    erase: int
    name: bytes
    fci_sfi: int | None = None

    def encode(self) -> bytes:
        """The body.

        Raises:
            MalformedCardData: a value that does not fit in its field.
        """
        what = "CREATE FILE DF"
        if not NAME_MIN_BYTES <= len(self.name) <= NAME_MAX_BYTES:
            raise MalformedCardData(what, f"name has {len(self.name)} bytes")
        if self.fci_sfi is not None and not 1 <= self.fci_sfi < 1 << 5:
            raise MalformedCardData(what, "the FCI file is no short id")
        return (
            bytes((DF_KIND,))
            + unsigned(what, "size", self.size, 2)
            + unsigned(what, "create access", self.create, 1)
            + unsigned(what, "erase access", self.erase, 1)
            + bytes((NONE if self.fci_sfi is None else 0x80 | self.fci_sfi, NONE, NONE))
            + self.name
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the body.

        Raises:
            MalformedCardData: not such a body.
        """
        what = "CREATE FILE DF"
        kind, size, create, erase, fci, reserve = cut(what, data[:DF_FIXED_BYTES], 1, 2, 1, 1, 1, 2)
        name = data[DF_FIXED_BYTES:]
        known_fci = fci[0] == NONE or 0x80 < fci[0] < 0xA0  # noqa: PLR2004 - 80 | SFI 1 to 31
        if kind[0] != DF_KIND or reserve != bytes((NONE, NONE)) or not known_fci:
            raise MalformedCardData(what, "kind, FCI file or reserve byte")
        if not NAME_MIN_BYTES <= len(name) <= NAME_MAX_BYTES:
            raise MalformedCardData(what, f"name has {len(name)} bytes")
        return cls(int.from_bytes(size), create[0], erase[0], name, None if fci[0] == NONE else fci[0] & 0x1F)


@dataclass(frozen=True, slots=True)
class FileBody:
    """CREATE FILE body of an EF, 7 bytes: `kind ‖ size 2 ‖ read ‖ write ‖ line-protection kid ‖ log SFI`.

    Args:
        kind: what kind of file.
        size: bytes (binary, variable records, keys); for fixed and cyclic records `count × 256 + record length`;
            0208 for a purse.
        read, write: access bytes; for a key file write is who may add keys.
        protection_kid: number of the line-protection key (type 36) whose MAC every update must carry; None for free updates.
        log_sfi: of a purse: the cyclic file that its transactions are logged in; None otherwise.
    """

    kind: FileKind
    size: int
    read: int
    write: int
    protection_kid: int | None = None
    log_sfi: int | None = None

    @classmethod
    def records(cls, kind: FileKind, count: int, length: int, read: int, write: int) -> Self:
        """Body of a file of `count` records of `length` bytes each.

        Raises:
            MalformedCardData: count or length is not 1 to 255.
        """
        if not 1 <= count <= 0xFF or not 1 <= length <= 0xFF:  # noqa: PLR2004 - one byte each
            raise MalformedCardData("CREATE FILE EF", "count and length must be 1 to 255")
        return cls(kind, count << 8 | length, read, write)

    @property
    def record_count(self) -> int:
        """Number of records of a fixed or cyclic file."""
        return self.size >> 8

    @property
    def record_bytes(self) -> int:
        """Record length of a fixed or cyclic file."""
        return self.size & 0xFF

    def encode(self) -> bytes:
        """The 7 bytes.

        Raises:
            MalformedCardData: a value that does not fit in its field.
        """
        what = "CREATE FILE EF"
        return (
            bytes((self.kind | (0 if self.protection_kid is None else PROTECTED_KIND),))
            + unsigned(what, "size", self.size, 2)
            + unsigned(what, "read access", self.read, 1)
            + unsigned(what, "write access", self.write, 1)
            + unsigned(what, "protection kid", NONE if self.protection_kid is None else self.protection_kid, 1)
            + unsigned(what, "log SFI", NONE if self.log_sfi is None else self.log_sfi, 1)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 7 bytes.

        Raises:
            MalformedCardData: not such a body.
        """
        kind, size, read, write, kid, log = cut("CREATE FILE EF", data, 1, 2, 1, 1, 1, 1)
        known = {value.value for value in FileKind}
        protected = bool(kind[0] & PROTECTED_KIND)
        if kind[0] & ~PROTECTED_KIND not in known or protected == (kid[0] == NONE):
            raise MalformedCardData("CREATE FILE EF", f"kind {kind[0]:02X} with protection kid {kid[0]:02X}")
        return cls(
            FileKind(kind[0] & ~PROTECTED_KIND),
            int.from_bytes(size),
            read[0],
            write[0],
            kid[0] if protected else None,
            None if log[0] == NONE else log[0],
        )


def parse_file_body(data: bytes) -> DirectoryBody | FileBody:
    """Read a CREATE FILE body of either kind, as a card does.

    Raises:
        MalformedCardData: neither.
    """
    return DirectoryBody.decode(data) if data[:1] == bytes((DF_KIND,)) else FileBody.decode(data)


def create_file(fid: int, body: DirectoryBody | FileBody) -> CommandApdu:
    """CREATE FILE, 80 E0 fid, in the current DF. Refusals: 6982, 6A89 exists, 6A84 no space, 6A80 body."""
    return CommandApdu(0x80, 0xE0, fid >> 8, fid & 0xFF, body.encode())


def erase_directory() -> CommandApdu:
    """ERASE DF, 80 0E: with the master file current, remove every file below it but its key file. Refusals: 6982, 6985."""
    return CommandApdu(0x80, 0x0E, 0, 0)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """Plain content of a WRITE KEY: `type ‖ use ‖ change ‖ fourth ‖ fifth ‖ value`.

    Args:
        key_type: what the key is for.
        use, change: access bytes: who may use it, who may replace it.
        fourth, fifth: key version and algorithm; for the types in ERROR_COUNTING the next state and the error counter.
        value: 16 bytes; for a PIN 2 to 6 packed bytes.
    """

    key_type: KeyType
    use: int
    change: int
    fourth: int
    fifth: int
    value: bytes = field(repr=False)

    def encode(self) -> bytes:
        """The record: 21 bytes, for a PIN 7 to 11. It holds a secret."""
        what = "key record"
        header = bytes((self.key_type,))
        for name, value in (("use", self.use), ("change", self.change), ("fourth", self.fourth), ("fifth", self.fifth)):
            header += unsigned(what, name, value, 1)
        return header + _value(self.key_type, self.value)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the record, as a card does.

        Raises:
            MalformedCardData: an unknown type, or a value of a length that the type does not have.
        """
        header = data[:KEY_HEADER_BYTES]
        if len(header) != KEY_HEADER_BYTES or header[0] not in {value.value for value in KeyType}:
            raise MalformedCardData("key record", "no such type")
        key_type = KeyType(header[0])
        _, use, change, fourth, fifth = header
        return cls(key_type, use, change, fourth, fifth, _value(key_type, data[KEY_HEADER_BYTES:]))

    @property
    def check_value(self) -> str:
        """What may be shown of a key: its check value; of a PIN nothing."""
        return "PIN" if self.key_type is KeyType.PIN else check_value(self.value).hex().upper()


def _value(key_type: KeyType, value: bytes) -> bytes:
    allowed = range(2, 7) if key_type is KeyType.PIN else range(KEY_BYTES, KEY_BYTES + 1)
    if len(value) not in allowed:
        raise MalformedCardData("key record", f"a value of {len(value)} bytes for type {key_type:02X}")
    return value


def write_key_header(
    key_type: KeyType, kid: int, *, replace: bool = False, form: WriteKeyP1 = WriteKeyP1.TYPE
) -> bytes:
    """P1 and P2 of WRITE KEY: P1 01 adds a key; its type replaces it on cards of that form, 01 on others. P2 is its number."""
    return bytes((key_type if replace and form is WriteKeyP1.TYPE else ADD_KEY, kid))
