"""What a terminal works with, in its folder: device tables in force and to come, hotlist, issuers of other cities.

    table.bin        device table in force        hotlist.bin      hotlist, full, layout 1
    table.next.bin   one that will be             issuers.json     issuers of other cities

What was fetched is checked before it replaces what the device has, so a broken download leaves it working with the old.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from hardware.terminal.device_files import read_bytes, read_object, write_bytes, write_object
from hardware.terminal.device_key import move
from hardware.terminal.errors import HotlistInvalid
from hardware.terminal.fares import DeviceTable
from hardware.terminal.hotlist import Hotlist
from hardware.terminal.issuers import IssuerList
from hardware.terminal.shifts import Upcoming, Versions
from hardware.terminal.uplink import Uplink

TABLE_FILE, NEXT_TABLE_FILE = "table.bin", "table.next.bin"
HOTLIST_FILE, ISSUERS_FILE = "hotlist.bin", "issuers.json"
NO_ISSUERS: Final = IssuerList(0, {})


class DeviceLists:
    """The lists of one terminal.

    Args:
        folder: of the terminal.
        uplink: its line.

    Raises:
        DeviceInvalid, DeviceTableInvalid, HotlistInvalid, MalformedCardData: what is in the folder is not what was written.
    """

    def __init__(self, folder: Path, uplink: Uplink) -> None:
        self._folder, self._uplink = folder, uplink
        self.table = _table(folder / TABLE_FILE)
        self.next_table = _table(folder / NEXT_TABLE_FILE)
        hotlist, issuers = folder / HOTLIST_FILE, folder / ISSUERS_FILE
        self.hotlist = Hotlist.parse(read_bytes(hotlist)) if hotlist.exists() else Hotlist()
        self.issuers = IssuerList.parse(read_object(issuers)) if issuers.exists() else NO_ISSUERS

    def table_at(self, at: datetime) -> DeviceTable | None:
        """The device table in force at a time by the device's clock; the next one takes the present one's place when its time has come."""
        if self.next_table is not None and self.next_table.effective_from <= at:
            move(self._folder / NEXT_TABLE_FILE, self._folder / TABLE_FILE)
            self.table, self.next_table = self.next_table, None
        return self.table

    def versions(self, at: datetime) -> Versions:
        """What the terminal works with at a time: it says so to the server, which believes nothing else."""
        table = self.table_at(at)
        return Versions(0 if table is None else table.version, self.hotlist.version, self.issuers.version)

    def fetch(self, in_force: Versions, upcoming: Sequence[Upcoming], at: datetime) -> bool:
        """Fetch what is not the version in force, and the next device table; returns whether anything is new.

        Raises:
            UplinkRefused, UplinkUnavailable: see `Uplink`.
            DeviceTableInvalid, HotlistInvalid, MalformedCardData: what the server sent is not understood; the old stays in force.
        """
        before = (self.versions(at), self.next_table)
        if in_force.parameters and in_force.parameters != before[0].parameters:
            self._fetch_table(in_force.parameters)
        self._fetch_next(upcoming)
        # Also when none is in force: the empty list is version 0.
        if in_force.issuers != self.issuers.version:
            document = self._uplink.issuers()
            self.issuers = IssuerList.parse(document)
            write_object(self._folder / ISSUERS_FILE, document)
        if in_force.hotlist not in (0, self.hotlist.version):
            self._fetch_hotlist()
        return (self.versions(at), self.next_table) != before

    def _fetch_table(self, version: int) -> None:
        if self.next_table is not None and self.next_table.version == version:
            # The server's clock is a little ahead: what was to come is in force.
            move(self._folder / NEXT_TABLE_FILE, self._folder / TABLE_FILE)
            self.table, self.next_table = self.next_table, None
            return
        raw = self._uplink.device_table()
        self.table = DeviceTable.parse(raw)
        write_bytes(self._folder / TABLE_FILE, raw)

    def _fetch_next(self, upcoming: Sequence[Upcoming]) -> None:
        """Keep the one that comes next; one that was taken back is forgotten."""
        coming = upcoming[0].version if upcoming else 0
        if self.next_table is not None and self.next_table.version != coming:
            (self._folder / NEXT_TABLE_FILE).unlink(missing_ok=True)
            self.next_table = None
        if coming and self.next_table is None:
            raw = self._uplink.device_table(coming)
            table = DeviceTable.parse(raw)
            write_bytes(self._folder / NEXT_TABLE_FILE, raw)
            self.next_table = table

    def _fetch_hotlist(self) -> None:
        raw = self._uplink.hotlist(self.hotlist.version)
        try:
            hotlist = self.hotlist.updated(raw)
        except HotlistInvalid:
            if not self.hotlist.version:
                raise
            # A delta that does not fit: the whole list, once.
            hotlist = self.hotlist.updated(self._uplink.hotlist(0))
        write_bytes(self._folder / HOTLIST_FILE, hotlist.to_bytes())
        self.hotlist = hotlist


def _table(path: Path) -> DeviceTable | None:
    return DeviceTable.parse(read_bytes(path)) if path.exists() else None
