"""A simulated terminal in a folder: settings, PSAM image, device key, outbox, device table and hotlist, put together.

    device.json    where it is and whom it calls      key.pem         its own key, 0600
    psam.json      image of its security module       outbox.sqlite   what is not yet acknowledged
    table.bin      device table last fetched          hotlist.json    hotlist last fetched
    key.next.pem   a key that is about to take the place of key.pem; whoever finds it finishes that first

What was fetched is checked before it replaces what the device has, so a broken download leaves it working with the old.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from hardware.card.channel import CardChannel
from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from hardware.errors import HardwareError
from hardware.terminal.batch import Batch
from hardware.terminal.device_key import DeviceKey, change_key, enrolling_key, move, next_key
from hardware.terminal.errors import DeviceInvalid
from hardware.terminal.fares import DeviceTable
from hardware.terminal.hotlist import Hotlist
from hardware.terminal.outbox import Outbox
from hardware.terminal.receipts import BatchReceipt
from hardware.terminal.uplink import Patience, SignIn, Uplink
from hardware.terminal.validator import BusValidator, TapResult, ValidatorSettings

FORMAT: Final = 1
SETTINGS_FILE, PSAM_FILE, KEY_FILE = "device.json", "psam.json", "key.pem"
OUTBOX_FILE, TABLE_FILE, HOTLIST_FILE = "outbox.sqlite", "table.bin", "hotlist.json"
SOFTWARE: Final = "reference validator 1"
MAX_FILE_BYTES: Final = 16 * 2**20
MAX_BATCHES_PER_UPLOAD: Final = 100
_OCTETS: Final = {"terminal_number": 6, "psam_serial": 10, "issuer": 8, "acquirer": 8, "city_factor": 8}


class Device:
    """A terminal that lives in a folder.

    Args:
        folder: where; made by `create`.
        clock: the device's clock (aware UTC), for the signatures of its requests.
        patience: how long it waits for the server.

    Raises:
        DeviceInvalid: the folder does not hold a usable terminal.
        OutboxInvalid: its outbox cannot be used.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC), patience: Patience | None = None
    ) -> None:
        self.folder = folder
        document = _read_object(folder / SETTINGS_FILE)
        self.settings = _settings(folder / SETTINGS_FILE, document)
        self._key = DeviceKey.read(folder / KEY_FILE)
        self._psam: EmulatedCard | None = None
        self._validator: BusValidator | None = None
        table, hotlist = folder / TABLE_FILE, folder / HOTLIST_FILE
        self.table = DeviceTable.parse(read_bytes(table)) if table.exists() else None
        self.hotlist = Hotlist.parse(_read_object(hotlist)) if hotlist.exists() else Hotlist()
        self.uplink = Uplink(str(document.get("server")), self.settings.terminal_number, self._key, clock, patience)
        self.outbox = Outbox(folder / OUTBOX_FILE)

    @classmethod
    def create(cls, folder: Path, settings: ValidatorSettings, server: str) -> None:
        """Set a new terminal up: its settings and its own new key. The PSAM image is put beside them as `psam.json`.

        Raises:
            DeviceInvalid: there is a terminal in the folder already.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (folder / SETTINGS_FILE).exists():
            raise DeviceInvalid(folder, "there is a terminal already")
        if not (folder / KEY_FILE).exists():
            DeviceKey.create(folder / KEY_FILE)
        values = {
            name: value.hex().upper() if isinstance(value, bytes) else value for name, value in asdict(settings).items()
        }
        _write(folder / SETTINGS_FILE, {"format": FORMAT, "server": server, **values})

    @staticmethod
    def call(folder: Path, server: str) -> None:
        """Let a terminal that was set up before call another server address from now on.

        Raises:
            DeviceInvalid: the folder does not hold a terminal.
        """
        document = _read_object(folder / SETTINGS_FILE)
        if document.get("server") != server:
            _write(folder / SETTINGS_FILE, {**document, "server": server})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Switch it off: connections closed, PSAM image free."""
        self.uplink.close()
        self.outbox.close()
        if self._psam is not None:
            self._psam.remove()
            self._psam = self._validator = None

    @property
    def public_key_hex(self) -> str:
        """The device's public key, 64 hexadecimal digits."""
        return self._key.public_hex

    def enrol(self, code: str, *, with_new_key: bool = False) -> None:
        """Make the device known with its one-time code, with the key that it has or with a new one in its place.

        Raises:
            UplinkRefused, UplinkUnavailable: see `Uplink`; the key is the one before.
        """
        if not with_new_key:
            self.uplink.enrol(code)
            return
        key_file = self.folder / KEY_FILE
        new = DeviceKey.prepare(enrolling_key(key_file))
        self.uplink.use_key(new)
        try:
            self.uplink.enrol(code)
        except HardwareError:
            self.uplink.use_key(self._key)
            raise
        next_key(key_file).unlink(missing_ok=True)
        move(enrolling_key(key_file), key_file)
        self._key = new

    def change_key(self) -> None:
        """Have a new key from now on, made here; after a cut of power or a lost answer, the one that was begun.

        Raises:
            UplinkRefused, UplinkUnavailable: see `device_key.change_key`.
        """
        key_id = self.settings.terminal_number.hex().upper()
        self._key = change_key(self.folder / KEY_FILE, key_id, self.uplink.post)
        self.uplink.use_key(self._key)

    def sign_in(self) -> SignIn:
        """Start a shift: take the batch number, and fetch device table and hotlist when others are in force.

        Raises:
            UplinkRefused, UplinkUnavailable: see `Uplink`.
            DeviceTableInvalid, MalformedCardData: what the server sent is not understood; the old stays in force.
        """
        self._finish_change_of_key()
        sign_in = self.uplink.sign_in(self.settings.psam_serial, SOFTWARE)
        self.outbox.raise_next_batch(sign_in.batch)
        if sign_in.parameter_version and (self.table is None or self.table.version != sign_in.parameter_version):
            raw = self.uplink.device_table()
            self.table = DeviceTable.parse(raw)
            write_bytes(self.folder / TABLE_FILE, raw)
        if self.hotlist.version != sign_in.hotlist_version:
            document = self.uplink.hotlist()
            self.hotlist = Hotlist.parse(document)
            _write(self.folder / HOTLIST_FILE, document)
        return sign_in

    def tap(self, card: CardChannel, at: datetime) -> TapResult:
        """Take one ride; see `BusValidator.tap`.

        Raises:
            DeviceInvalid: the device has no table yet.
            CardImageInvalid, CardImageInUse: its PSAM image cannot be used.
        """
        validator = self._working_validator()
        return validator.tap(card, at)

    def next_batch(self, at: datetime) -> Batch | None:
        """The batch to be sent next, built now if none is open; None when nothing waits. Its bytes stay the same until it is done."""
        parameter_version = 0 if self.table is None else self.table.version
        head = self.settings.batch_head(parameter_version, self.hotlist.version, at)
        return self.outbox.build_batch(head, self._key.sign)

    def upload(self, at: datetime, *, as_json: bool = False) -> list[BatchReceipt]:
        """Send everything that waits, batch after batch, and forget what the server has judged.

        Stops at a batch that the server did not judge entirely: it stays open and is sent again next time.

        Raises:
            UplinkRefused, UplinkUnavailable, ReceiptInvalid: see `Uplink`; nothing is lost.
        """
        self._finish_change_of_key()
        receipts: list[BatchReceipt] = []
        for _ in range(MAX_BATCHES_PER_UPLOAD):
            batch = self.next_batch(at)
            if batch is None:
                break
            receipt = self.uplink.upload_json(batch.as_json()) if as_json else self.uplink.upload_batch(batch.data)
            self.outbox.apply_receipt(receipt)
            receipts.append(receipt)
            if self.outbox.open_batch() is not None:
                break
        return receipts

    def _finish_change_of_key(self) -> None:
        """A change of the key that was begun goes first: which of the two keys counts, only the server knows."""
        if next_key(self.folder / KEY_FILE).exists():
            self.change_key()

    def _working_validator(self) -> BusValidator:
        if self.table is None:
            raise DeviceInvalid(self.folder, "no device table yet; sign in first")
        if self._validator is None:
            self._psam = EmulatedCard(CardImage.load(self.folder / PSAM_FILE))
            self._validator = BusValidator(self._psam, self.outbox, self.table, self.settings, self.hotlist)
        self._validator.table, self._validator.hotlist = self.table, self.hotlist
        return self._validator


def _settings(path: Path, document: dict[str, Any]) -> ValidatorSettings:
    if document.get("format") != FORMAT:
        raise DeviceInvalid(path, f"format {document.get('format')!r} is not known, must be {FORMAT}")
    values: dict[str, Any] = {}
    for field in fields(ValidatorSettings):
        value = document.get(field.name)
        if field.name in _OCTETS:
            value = _octets(value, _OCTETS[field.name])
        elif type(value) is not (str if field.name == "city" else int):
            value = None
        if value is None:
            raise DeviceInvalid(path, f"{field.name} is missing or wrong")
        values[field.name] = value
    return ValidatorSettings(**values)


def _octets(text: object, length: int) -> bytes | None:
    try:
        value = bytes.fromhex(str(text))
    except ValueError:
        return None
    return value if len(value) == length else None


def read_bytes(path: Path) -> bytes:
    """What a file of a terminal holds, at most 16 MiB of it.

    Raises:
        DeviceInvalid: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES)
    except OSError:
        raise DeviceInvalid(path, "cannot be read") from None


def _read_object(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(read_bytes(path))
    except ValueError:
        raise DeviceInvalid(path, "is not JSON") from None
    if not isinstance(document, dict):
        raise DeviceInvalid(path, "is not a JSON object")
    return document


def _write(path: Path, document: dict[str, Any]) -> None:
    write_bytes(path, json.dumps(document, indent=1).encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file at one instant: a cut of power leaves the old or the new."""
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
