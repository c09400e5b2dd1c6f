"""A simulated terminal in a folder: settings, PSAM image, device key, outbox, device table and hotlist, put together.

device.json    where it is and whom it calls      key.pem         its own key, 0600
psam.json      image of its security module       outbox.sqlite   what is not yet acknowledged
clock.json     what the server's time is ahead    …               what it fetched: `device_lists`
key.next.pem   a key that is about to take the place of key.pem; whoever finds it finishes that first
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from hardware.card.channel import CardChannel
from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from hardware.errors import HardwareError
from hardware.terminal.batch import Batch
from hardware.terminal.device_clock import DeviceClock
from hardware.terminal.device_files import read_object, write_object
from hardware.terminal.device_key import DeviceKey, change_key, enrolling_key, move, next_key
from hardware.terminal.device_lists import DeviceLists
from hardware.terminal.errors import DeviceInvalid, ModuleHotlisted
from hardware.terminal.outbox import Outbox
from hardware.terminal.receipts import BatchReceipt
from hardware.terminal.recovery import tapped_at
from hardware.terminal.shifts import Condition, Gap, Orders, SignIn, SignOut
from hardware.terminal.uplink import Patience, Uplink
from hardware.terminal.validator import BusValidator, TapResult, ValidatorSettings

FORMAT: Final = 1
SETTINGS_FILE, PSAM_FILE, KEY_FILE = "device.json", "psam.json", "key.pem"
OUTBOX_FILE, CLOCK_FILE = "outbox.sqlite", "clock.json"
SOFTWARE: Final = "reference validator 1"
MAX_BATCHES_PER_UPLOAD: Final = 100
MAX_ANSWERED: Final = 100
"""Ranges in one answer about gaps."""
_OCTETS: Final = {"terminal_number": 6, "psam_serial": 10, "issuer": 8, "acquirer": 8, "city_factor": 8}


class Device:
    """A terminal that lives in a folder.

    Args:
        folder: where; made by `create`.
        clock: the device's own clock (aware UTC); what it is wrong by is kept with the folder.
        patience: how long it waits for the server.

    Raises:
        DeviceInvalid: the folder does not hold a usable terminal.
        OutboxInvalid: its outbox cannot be used.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC), patience: Patience | None = None
    ) -> None:
        self.folder = folder
        document = read_object(folder / SETTINGS_FILE)
        self.settings = _settings(folder / SETTINGS_FILE, document)
        self._key = DeviceKey.read(folder / KEY_FILE)
        self._psam: EmulatedCard | None = None
        self._validator: BusValidator | None = None
        self.clock = DeviceClock(folder / CLOCK_FILE, clock)
        self.uplink = Uplink(str(document.get("server")), self.settings.terminal_number, self._key, clock, patience)
        self.uplink.clock_offset, self.uplink.told_time = self.clock.offset, self.clock.told
        self.lists = DeviceLists(folder, self.uplink)
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
        write_object(folder / SETTINGS_FILE, {"format": FORMAT, "server": server, **values})

    @staticmethod
    def call(folder: Path, server: str) -> None:
        """Let a terminal that was set up before call another server address from now on.

        Raises:
            DeviceInvalid: the folder does not hold a terminal.
        """
        document = read_object(folder / SETTINGS_FILE)
        if document.get("server") != server:
            write_object(folder / SETTINGS_FILE, {**document, "server": server})

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
        """Start a shift, or go on with the open one: take the time and the batch number, fetch what is new, answer what is missing.

        Raises:
            UplinkRefused, UplinkUnavailable: see `Uplink`.
            DeviceTableInvalid, HotlistInvalid, MalformedCardData: what the server sent is not understood; the old stays in force.
        """
        self._finish_change_of_key()
        works_with = self.lists.versions(self.clock.now())
        sign_in = self.uplink.sign_in(self.settings.psam_serial, SOFTWARE, works_with)
        self._set_clock(sign_in.server_time)
        self.outbox.raise_next_batch(sign_in.batch)
        self.outbox.begin_shift(sign_in.batch)
        self._answer(sign_in.gaps)
        self.lists.fetch(sign_in.versions, sign_in.upcoming, self.clock.now())
        return sign_in

    def heartbeat(self, faults: str = "") -> Orders:
        """Say how the device is and what it works with, and do what the server asks for but for uploads and a new key.

        Raises:
            UplinkRefused, UplinkUnavailable: see `Uplink`.
            DeviceTableInvalid, HotlistInvalid, MalformedCardData: as in `sign_in`.
        """
        waiting = self.outbox.waiting(1)
        condition = Condition(
            records_waiting=self.outbox.counts().waiting,
            oldest_waiting_at=tapped_at(waiting[0]) if waiting else None,
            device_time=self.clock.reads(),
            free_kb=self.outbox.room_kb(),
            faults=faults,
        )
        orders = self.uplink.heartbeat(SOFTWARE, self.lists.versions(self.clock.now()), condition)
        self._set_clock(orders.server_time)
        self._answer(orders.gaps)
        self.lists.fetch(orders.versions, orders.upcoming, self.clock.now())
        return orders

    def sign_out(self) -> SignOut | None:
        """End the shift with its totals; None when none is open. What the server misses waits to be uploaded, and the shift stays open.

        Raises:
            UplinkRefused, UplinkUnavailable: see `Uplink`; the shift stays open.
        """
        totals = self.outbox.shift()
        if totals is None:
            return None
        answer = self.uplink.sign_out(self.settings.psam_serial, totals)
        for first, last in answer.missing:
            self.outbox.send_again(Gap(self.settings.terminal_number, first, last))
        if answer.agrees:
            self.outbox.end_shift()
        return answer

    def tap(self, card: CardChannel, at: datetime) -> TapResult:
        """Take one ride; see `BusValidator.tap`.

        Raises:
            ClockNotSet: the device was never told the time, or lost it.
            DeviceInvalid: the device has no table yet.
            ModuleHotlisted: its security module is on the hotlist.
            CardImageInvalid, CardImageInUse: its PSAM image cannot be used.
        """
        validator = self._working_validator(at)
        return validator.tap(card, at)

    def next_batch(self, at: datetime) -> Batch | None:
        """The batch to be sent next, built now if none is open; None when nothing waits. Its bytes stay the same until it is done."""
        versions = self.lists.versions(at)
        head = self.settings.batch_head(versions.parameters, versions.hotlist, at)
        return self.outbox.build_batch(head, self._key.sign)

    def upload(self, at: datetime, *, as_json: bool = False) -> list[BatchReceipt]:
        """Send everything that waits, batch after batch, and forget what the server has judged.

        Stops at a batch that the server did not judge entirely: what has no verdict is sent again next time.

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
            if receipt.kept or self.outbox.open_batch() is not None:
                break
        return receipts

    def _finish_change_of_key(self) -> None:
        """A change of the key that was begun goes first: which of the two keys counts, only the server knows."""
        if next_key(self.folder / KEY_FILE).exists():
            self.change_key()

    def _set_clock(self, server_time: datetime) -> None:
        self.clock.told(server_time)
        self.uplink.clock_offset = self.clock.offset

    def _answer(self, gaps: Sequence[Gap]) -> None:
        """Let what the server misses wait for the next upload, and say of which sequences nothing was debited."""
        ours = [gap for gap in gaps if gap.terminal_number == self.settings.terminal_number]
        for gap in ours:
            self.outbox.send_again(gap)
        unused = [part for gap in ours for part in self.outbox.unused(gap)]
        for start in range(0, len(unused), MAX_ANSWERED):
            self.uplink.no_debit(unused[start : start + MAX_ANSWERED])

    def _working_validator(self, at: datetime) -> BusValidator:
        table, hotlist = self.lists.table_at(at), self.lists.hotlist
        if table is None:
            raise DeviceInvalid(self.folder, "no device table yet; sign in first")
        self.clock.demand_set()
        if hotlist.refuses_module(self.settings.terminal_number):
            raise ModuleHotlisted("the security module of this terminal is on the hotlist")
        if self._validator is None:
            self._psam = EmulatedCard(CardImage.load(self.folder / PSAM_FILE))
            self._validator = BusValidator(self._psam, self.outbox, table, self.settings, hotlist)
        self._validator.table, self._validator.hotlist = table, hotlist
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
