"""A simulated terminal that takes no records off line, in a folder: a shop's till, a gate of a parking lot, a fuel pump, a kiosk.

online.json    where it is and whom it calls      key.pem        its own key, 0600
traces.json    the names it has used              table.bin      device table last fetched, at a gate
holds.json     what a pump holds                  loads.json     what a kiosk puts on chips
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from hardware.card.channel import CardChannel
from hardware.terminal.device_files import read_bytes, write_bytes
from hardware.terminal.device_key import DeviceKey
from hardware.terminal.device_lists import TABLE_FILE
from hardware.terminal.errors import DeviceInvalid
from hardware.terminal.fares import DeviceTable, quote
from hardware.terminal.fares_parking import Stay, StayPrice
from hardware.terminal.holds import FuelPump
from hardware.terminal.kiosk import Kiosk
from hardware.terminal.online import Verdict, purchase, take_back_open
from hardware.terminal.parking import EntryGate, ExitGate, Passage
from hardware.terminal.shifts import SignIn
from hardware.terminal.traces import Traces
from hardware.terminal.uplink import Patience, Uplink

FORMAT: Final = 1
SETTINGS_FILE, KEY_FILE, TRACES_FILE = "online.json", "key.pem", "traces.json"
HOLDS_FILE, LOADS_FILE = "holds.json", "loads.json"
SOFTWARE: Final = "reference on-line terminal 1"
MAX_FILE_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class OnlineSettings:
    """Where a terminal is.

    Args:
        server: base address.
        terminal_number: 6 bytes BCD.
        psam_serial: 10 bytes; told at sign-in.
    """

    server: str
    terminal_number: bytes
    psam_serial: bytes


class OnlineDevice:
    """A terminal that lives in a folder.

    Args:
        folder: where; made by `create`.
        clock: the device's clock (aware UTC), for the signatures of its requests.
        patience: how long it waits for the server.

    Raises:
        DeviceInvalid: the folder does not hold a usable terminal.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC), patience: Patience | None = None
    ) -> None:
        self.settings = _settings(folder / SETTINGS_FILE)
        self._key = DeviceKey.read(folder / KEY_FILE)
        number = self.settings.terminal_number
        self.uplink = Uplink(self.settings.server, number, self._key, clock, patience)
        self.traces = Traces(folder / TRACES_FILE, number)
        self.pump = FuelPump(self.uplink, self.traces, folder / HOLDS_FILE)
        self.kiosk = Kiosk(self.uplink, self.traces, folder / LOADS_FILE)
        self._table_path = folder / TABLE_FILE

    @classmethod
    def create(cls, folder: Path, settings: OnlineSettings) -> None:
        """Set a terminal up, with a new key of its own; again with the same or another server address it keeps its key.

        Raises:
            DeviceInvalid: another terminal lives in the folder.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / SETTINGS_FILE
        if path.exists() and _settings(path).terminal_number != settings.terminal_number:
            raise DeviceInvalid(folder, "there is another terminal already")
        if not (folder / KEY_FILE).exists():
            DeviceKey.create(folder / KEY_FILE)
        document = {
            "format": FORMAT,
            "server": settings.server,
            "terminal_number": settings.terminal_number.hex().upper(),
            "psam_serial": settings.psam_serial.hex().upper(),
        }
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
            json.dump(document, file, indent=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.uplink.close()

    def enrol(self, code: str) -> None:
        """Make the device known with its one-time code.

        Raises:
            UplinkRefused, UplinkUnavailable: see `Uplink`.
        """
        self.uplink.enrol(code)

    def sign_in(self) -> SignIn:
        """Begin a shift: take a batch number, bring to its end what a pump or a kiosk has begun, and take back what never had an answer.

        Raises:
            UplinkRefused, UplinkUnavailable: see `Uplink`.
        """
        signed_in = self.uplink.sign_in(self.settings.psam_serial, SOFTWARE)
        self.traces.begin(signed_in.batch)
        self.pump.catch_up()
        self.kiosk.catch_up()
        take_back_open(self.uplink, self.traces)
        return signed_in

    def fetch_fares(self) -> int:
        """Fetch the device table, so that the gate can tell prices while it has no line; returns the tariff version.

        Raises:
            UplinkRefused, UplinkUnavailable: see `Uplink`.
            DeviceTableInvalid: what the server sent is not understood; the old table stays.
        """
        raw = self.uplink.device_table()
        version = DeviceTable.parse(raw).version
        write_bytes(self._table_path, raw)
        return version

    def estimate(self, stay: Stay) -> StayPrice:
        """What a stay costs by the table that was fetched last, without asking anybody: for the display. What is paid, the server says.

        Raises:
            DeviceInvalid: no table was fetched yet.
            DeviceTableInvalid, DeviceTableNotInForce, StayNotPriced: see `fares.quote`.
        """
        return quote(DeviceTable.parse(read_bytes(self._table_path)), stay)

    def buy(self, card: CardChannel, amount_fen: int, at: datetime) -> Verdict:
        """Take a payment from the card's account; see `online.purchase`."""
        return purchase(self.uplink, self.traces, card, amount_fen, at)

    def enter(self, card: CardChannel, at: datetime) -> Passage:
        """As a gate at the way in; see `parking.EntryGate`."""
        return EntryGate(self.uplink, self.traces).enter(card, at)

    def leave(self, card: CardChannel, at: datetime) -> Passage:
        """As a gate at the way out; see `parking.ExitGate`."""
        return ExitGate(self.uplink, self.traces).leave(card, at)


def _settings(path: Path) -> OnlineSettings:
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(MAX_FILE_BYTES))
        number, serial = bytes.fromhex(document["terminal_number"]), bytes.fromhex(document["psam_serial"])
        known = document["format"] == FORMAT and len(number) == 6 and len(serial) == 10  # noqa: PLR2004 # README.md
        server = str(document["server"])
    except (OSError, ValueError, KeyError, TypeError):
        raise DeviceInvalid(path, "is not a terminal's settings") from None
    if not known:
        raise DeviceInvalid(path, "is not a terminal's settings")
    return OnlineSettings(server, number, serial)
