"""The device's clock: told by the server, kept over a restart, and known to be lost."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hardware.terminal.device_clock import DeviceClock
from hardware.terminal.errors import ClockNotSet, DeviceInvalid

SERVER = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


def test_time_is_kept_over_a_restart(tmp_path: Path) -> None:
    """A validator whose clock is an hour late works by the right time, also after it was switched off."""
    path = tmp_path / "clock.json"
    late = SERVER - timedelta(hours=1)
    clock = DeviceClock(path, lambda: late)
    with pytest.raises(ClockNotSet):
        clock.demand_set()
    clock.told(SERVER)
    clock.demand_set()
    again = DeviceClock(path, lambda: late + timedelta(minutes=7))
    again.demand_set()
    assert again.now() == SERVER + timedelta(minutes=7)
    again.told(SERVER + timedelta(minutes=7, seconds=1))
    assert again.offset == timedelta(hours=1), "what the answer took is not the clock's fault"


def test_clock_whose_battery_was_out_is_not_believed(tmp_path: Path) -> None:
    """In 1970 nobody rides: fares would be wrong and the records useless. The server's word brings the device back."""
    path = tmp_path / "clock.json"
    DeviceClock(path, lambda: SERVER).told(SERVER)
    lost = DeviceClock(path, lambda: datetime(1970, 1, 1, tzinfo=UTC))
    with pytest.raises(ClockNotSet, match="sign in first"):
        lost.demand_set()
    lost.told(SERVER)
    lost.demand_set()
    assert lost.now() == SERVER


def test_broken_file_is_named(tmp_path: Path) -> None:
    """Whoever repairs the device reads which file it is."""
    path = tmp_path / "clock.json"
    path.write_text('{"offset_s": "1", "server_time": "2026-11-21T00:30:00Z"}')
    with pytest.raises(DeviceInvalid, match=r"clock\.json"):
        DeviceClock(path, lambda: SERVER)
