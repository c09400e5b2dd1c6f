"""The JSON form of a card image, read strictly: an image is input from outside, whoever wrote it."""

from dataclasses import Field, asdict, dataclass, field, fields
from typing import Any, Final, Literal

from hardware.card.dialect import (
    Dialect,
    LogCounter,
    PinUnblockForm,
    ProofOrder,
    PsamSequence,
    Sm4SessionKey,
    Sm4Tac,
    WriteKeyP1,
)
from hardware.emulator.file_system import (
    DedicatedFile,
    ElementaryFile,
    KeyRecord,
    Lifecycle,
    Proof,
    Purse,
    Structure,
)
from hardware.errors import MalformedCardData

FORMAT: Final = 1
REALM: Final = "test"
KINDS: Final = ("card", "psam")
TRANSPORTS: Final = ("T=1", "T=0")
PROTECTIONS: Final = ("3des", "sm4")
CHIP_SERIAL_BYTES: Final = 8
MAX_DIRECTORY_DEPTH: Final = 4
MAX_TABLE_ROWS: Final = 1024


@dataclass(frozen=True, slots=True)
class ChipOptions:
    """Where operating systems of different makers differ.

    The names, values and defaults of the first part are those of `hardware.card.dialect.Dialect`.

    Args:
        proof_order: what GET TRANSACTION PROVE answers first.
        log_counter: which counter log and proof carry.
        sequence_counts_at: whether a PSAM's terminal sequence counts at 8070 or only at a good 8072.
        purchase_factors: how many diversification levels lie between a PSAM's purchase root and a card's key.
        pin_unblock_form: where PIN UNBLOCK names the PIN.
        write_key_p1: P1 of the WRITE KEY that replaces a key.
        terminates_pin_after_purse: whether a completed purse transaction forgets the verified PIN.
        begun_survives_reads: whether an INITIALIZE outlives other commands than GET CHALLENGE and the CAPP cache.
        sm4_session_key: how SM4 session keys are made.
        sm4_tac: which key signs TACs under SM4.
        sm4_authentication_bytes: length of the challenge of EXTERNAL AUTHENTICATE under SM4.
        protection: algorithm of the keys whose record names none (line protection, authentication, PIN keys).
        wrong_mac_limit: so many wrong purse MACs in a row lock the application for good (9303); 0 = never.
        transport: `T=1` answers inline; `T=0` answers 61xx and waits for GET RESPONSE.

    Raises:
        ValueError: a value that there is not.
    """

    proof_order: Literal["mac_first", "tac_first"] = "mac_first"
    log_counter: Literal["after", "before"] = "after"
    sequence_counts_at: Literal["8070", "8072"] = "8070"
    purchase_factors: int = 2
    pin_unblock_form: Literal["kid_in_p2", "kid_in_p1"] = "kid_in_p2"
    write_key_p1: Literal["type", "01"] = "type"
    terminates_pin_after_purse: bool = True
    begun_survives_reads: bool = False
    sm4_session_key: Literal["padded", "complement"] = "padded"
    sm4_tac: Literal["full_key", "folded_des"] = "full_key"
    sm4_authentication_bytes: int = 8
    protection: Literal["3des", "sm4"] = "3des"
    wrong_mac_limit: int = 15
    transport: Literal["T=1", "T=0"] = "T=1"
    dialect: Dialect = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put the dialect together once; it checks its values."""
        if self.transport not in TRANSPORTS or self.protection not in PROTECTIONS or self.wrong_mac_limit < 0:
            raise ValueError("no such transport or protection")
        try:
            dialect = Dialect(
                proof_order=ProofOrder(self.proof_order),
                log_counter=LogCounter(self.log_counter),
                psam_sequence=PsamSequence(self.sequence_counts_at),
                purchase_factors=self.purchase_factors,
                pin_unblock_form=PinUnblockForm(self.pin_unblock_form),
                write_key_p1=WriteKeyP1(self.write_key_p1),
                terminates_pin_after_purse=self.terminates_pin_after_purse,
                begun_survives_reads=self.begun_survives_reads,
                sm4_session_key=Sm4SessionKey(self.sm4_session_key),
                sm4_tac=Sm4Tac(self.sm4_tac),
                sm4_authentication_bytes=self.sm4_authentication_bytes,
            )
        except MalformedCardData as error:
            raise ValueError(str(error)) from None
        object.__setattr__(self, "dialect", dialect)


@dataclass(slots=True)
class ImageContent:
    """Everything that an image file holds."""

    kind: str
    chip_serial: bytes
    atr: bytes
    master_file: DedicatedFile
    options: ChipOptions = field(default_factory=ChipOptions)


def document_from_content(content: ImageContent) -> dict[str, Any]:
    """The content as JSON values: bytes in upper-case hex."""
    return {
        "format": FORMAT,
        "realm": REALM,
        "kind": content.kind,
        "chip_serial": _hex(content.chip_serial),
        "atr": _hex(content.atr),
        "options": {option.name: getattr(content.options, option.name) for option in _chosen_options()},
        "master_file": _directory_document(content.master_file),
    }


def content_from_document(document: object) -> ImageContent:
    """Read what `document_from_content` wrote.

    Raises:
        ValueError: not such a document, or of another realm; the message never quotes content.
    """
    table = _Table(document, "image")
    if table.get("format", int) != FORMAT:
        raise ValueError("an unknown format")
    if table.get("realm", str) != REALM:
        raise ValueError("not of the realm test: an emulator accepts no other")
    kind = table.get("kind", str)
    chip_serial = table.bytes_of("chip_serial")
    if kind not in KINDS or len(chip_serial) != CHIP_SERIAL_BYTES:
        raise ValueError("neither a card nor a PSAM with an 8-byte chip serial")
    options = _Table(table.get("options", dict), "options")
    root = _directory(table.get("master_file", dict), depth=1)
    return ImageContent(kind, chip_serial, table.bytes_of("atr"), root, _options(options))


def _hex(value: bytes) -> str:
    return value.hex().upper()


class _Table:
    """One JSON object whose members are taken out with their types checked."""

    def __init__(self, value: object, what: str) -> None:
        if not isinstance(value, dict) or len(value) > MAX_TABLE_ROWS:
            raise ValueError(f"{what} is not a table")
        self._value: dict[str, Any] = value
        self._what = what

    def get(self, name: str, kind: type) -> Any:  # noqa: ANN401 - the type is checked here, against `kind`
        value = self._value.get(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ValueError(f"{self._what}: {name} is missing or not of type {kind.__name__}")
        return value

    def has(self, name: str) -> bool:
        return name in self._value

    def number(self, name: str, maximum: int) -> int:
        value: int = self.get(name, int)
        if not 0 <= value <= maximum:
            raise ValueError(f"{self._what}: {name} is out of range")
        return value

    def optional_number(self, name: str, maximum: int) -> int | None:
        return None if self._value.get(name) is None else self.number(name, maximum)

    def bytes_of(self, name: str) -> bytes:
        try:
            return bytes.fromhex(self.get(name, str))
        except ValueError:
            raise ValueError(f"{self._what}: {name} is missing or not hexadecimal") from None

    def rows(self, name: str) -> list["_Table"]:
        rows = self.get(name, list)
        if len(rows) > MAX_TABLE_ROWS:
            raise ValueError(f"{self._what}: {name} is too long")
        return [_Table(row, name) for row in rows]

    def texts(self, name: str) -> list[str]:
        values: list[str] = self.get(name, list)
        if len(values) > MAX_TABLE_ROWS or not all(isinstance(value, str) for value in values):
            raise ValueError(f"{self._what}: {name} is not a list of texts")
        return values


_BYTE: Final = 0xFF
_UINT16: Final = 0xFFFF
_UINT32: Final = 0xFFFF_FFFF


def _options(table: _Table) -> ChipOptions:
    """Options that an older image does not name have their defaults."""
    chosen = [option for option in _chosen_options() if table.has(option.name)]
    return ChipOptions(**{option.name: table.get(option.name, type(option.default)) for option in chosen})


def _chosen_options() -> list[Field[Any]]:
    return [option for option in fields(ChipOptions) if option.init]


def _directory_document(directory: DedicatedFile) -> dict[str, Any]:
    return {
        "file_id": directory.file_id,
        "name": _hex(directory.name),
        "create": directory.create,
        "erase": directory.erase,
        "capacity": directory.capacity,
        "sfi_of_public_data": directory.sfi_of_public_data,
        "key_change": directory.key_change,
        "key_capacity": directory.key_capacity,
        "terminal_sequence": directory.terminal_sequence,
        "wrong_macs": directory.wrong_macs,
        "lifecycle": directory.lifecycle.value,
        "files": [_file_document(file) for file in directory.files.values()],
        "keys": [{**asdict(key), "value": _hex(key.value)} for key in directory.keys.values()],
        "purses": [_purse_document(number, purse) for number, purse in directory.purses.items()],
        "directories": [_directory_document(child) for child in directory.directories.values()],
    }


def _directory(value: object, depth: int) -> DedicatedFile:
    if depth > MAX_DIRECTORY_DEPTH:
        raise ValueError("directories are nested too deep")
    table = _Table(value, "directory")
    files = [_file(row) for row in table.rows("files")]
    keys = [_key(row) for row in table.rows("keys")]
    children = [_directory(child, depth + 1) for child in table.get("directories", list)]
    return DedicatedFile(
        file_id=table.number("file_id", _UINT16),
        name=table.bytes_of("name"),
        create=table.number("create", _BYTE),
        erase=table.number("erase", _BYTE),
        capacity=table.number("capacity", _UINT16 + 1),
        sfi_of_public_data=table.optional_number("sfi_of_public_data", _BYTE),
        key_change=table.optional_number("key_change", _BYTE),
        key_capacity=table.number("key_capacity", _UINT16),
        terminal_sequence=table.number("terminal_sequence", _UINT32),
        wrong_macs=table.number("wrong_macs", _UINT16) if table.has("wrong_macs") else 0,  # older images have none
        lifecycle=Lifecycle(table.get("lifecycle", str)),
        files={file.file_id: file for file in files},
        directories={child.file_id: child for child in children},
        keys={(key.kind, key.identifier): key for key in keys},
        purses=dict(_purse(row) for row in table.rows("purses")),
    )


def _file_document(file: ElementaryFile) -> dict[str, Any]:
    plain = {
        name: getattr(file, name)
        for name in ("file_id", "read", "update", "protection_kid", "capacity", "record_bytes")
    }
    records = [_hex(record) for record in file.records]
    return {**plain, "structure": file.structure.value, "content": _hex(file.content), "records": records}


def _file(table: _Table) -> ElementaryFile:
    file = ElementaryFile(
        file_id=table.number("file_id", _UINT16),
        structure=Structure(table.get("structure", str)),
        read=table.number("read", _BYTE),
        update=table.number("update", _BYTE),
        protection_kid=table.optional_number("protection_kid", _BYTE),
        capacity=table.number("capacity", _UINT16),
        record_bytes=table.number("record_bytes", _BYTE),
        content=table.bytes_of("content"),
        records=tuple(bytes.fromhex(record) for record in table.texts("records")),
    )
    whole = len(file.content) == (file.capacity if file.structure is Structure.BINARY else 0)
    if not whole or not file.has_room_for(file.records) or not all(map(file.accepts_record, file.records)):
        raise ValueError("file: content and size do not fit")
    return file


def _key(table: _Table) -> KeyRecord:
    names = ("kind", "identifier", "use", "change", "version", "algorithm")
    return KeyRecord(**{name: table.number(name, _BYTE) for name in names}, value=table.bytes_of("value"))


def _purse_document(number: int, purse: Purse) -> dict[str, Any]:
    proofs = [
        {"type": tti, "sequence": proof.sequence, "mac": _hex(proof.mac), "tac": _hex(proof.tac)}
        for tti, proof in purse.proofs.items()
    ]
    numbers = {name: getattr(purse, name) for name in _PURSE_NUMBERS}
    return {"number": number, **numbers, "proofs": proofs}


_PURSE_NUMBERS: Final = {
    "log_sfi": _BYTE,
    "use": _BYTE,
    "balance_fen": _UINT32,
    "overdraft_fen": _UINT32,
    "online_sequence": _UINT16,
    "offline_sequence": _UINT16,
    "wrong_macs": _UINT16,
}


def _purse(table: _Table) -> tuple[int, Purse]:
    proofs = {
        row.number("type", _BYTE): Proof(row.number("sequence", _UINT16), row.bytes_of("mac"), row.bytes_of("tac"))
        for row in table.rows("proofs")
    }
    numbers = {name: table.number(name, maximum) for name, maximum in _PURSE_NUMBERS.items()}
    return table.number("number", _BYTE), Purse(**numbers, proofs=proofs)
