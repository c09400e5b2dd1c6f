"""The device's clock, and what the server's time is ahead of it. A device that was never told the time takes no card.

The difference is kept in the folder, with the server's time when it was told: a clock that stands before that was lost, for example
because its battery was taken out.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from hardware.terminal.device_files import read_object, write_object
from hardware.terminal.errors import ClockNotSet, DeviceInvalid
from hardware.terminal.shifts import instant

NOTICED: Final = timedelta(seconds=2)
"""A smaller difference is the time that the answer took."""
BACKWARDS: Final = timedelta(minutes=5)
"""A clock that stands further before what was known has lost the time."""


class DeviceClock:
    """The time as the device knows it.

    Args:
        path: where the difference is kept.
        reads: the device's own clock (aware UTC).

    Raises:
        DeviceInvalid: the file is there, and is not what was written.
    """

    def __init__(self, path: Path, reads: Callable[[], datetime]) -> None:
        self._path = path
        self.reads = reads
        self.offset = timedelta(0)
        self._told_at: datetime | None = None
        if path.exists():
            document = read_object(path)
            offset_s, told_at = document.get("offset_s"), instant(document.get("server_time"))
            if type(offset_s) is not int or told_at is None:
                raise DeviceInvalid(path, "is not a kept clock")
            self.offset, self._told_at = timedelta(seconds=offset_s), told_at

    def now(self) -> datetime:
        """The present by the device's clock and the kept difference."""
        return self.reads() + self.offset

    def told(self, server_time: datetime) -> None:
        """Keep what the server says the time is; whole seconds."""
        if self.is_lost or abs(server_time - self.now()) > NOTICED:
            self.offset = timedelta(seconds=round((server_time - self.reads()).total_seconds()))
        self._told_at = server_time
        offset_s = int(self.offset.total_seconds())
        write_object(self._path, {"offset_s": offset_s, "server_time": server_time.isoformat()})

    @property
    def is_lost(self) -> bool:
        """Whether the time was never told, or the clock stands before what was known."""
        return self._told_at is None or self.now() < self._told_at - BACKWARDS

    def demand_set(self) -> None:
        """Refuse to work by a clock that means nothing.

        Raises:
            ClockNotSet: the time was never told, or was lost.
        """
        if self.is_lost:
            raise ClockNotSet("the clock was never set; sign in first")
