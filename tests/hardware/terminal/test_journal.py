"""The journal of a pump or a kiosk: what it has begun is there after a cut of power."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from hardware.terminal.errors import DeviceInvalid
from hardware.terminal.journal import MAX_ENTRIES, Journal


def _journal(path: Path) -> Journal[int]:
    def read(entry: Mapping[str, object]) -> int:
        return int(str(entry["number"]))

    return Journal(path, read, lambda entry: {"number": entry})


def test_entries_survive_a_restart(tmp_path: Path) -> None:
    """What was added is there, what was replaced is new, what was removed is gone; removing twice changes nothing."""
    journal = _journal(tmp_path / "open.json")
    for number in (1, 2, 3):
        journal.add(number)
    journal.replace(2, 20)
    journal.remove(1)
    journal.remove(1)
    assert journal.entries() == _journal(tmp_path / "open.json").entries() == [20, 3]
    assert (tmp_path / "open.json").stat().st_mode & 0o077 == 0


def test_broken_journal_stops_the_device(tmp_path: Path) -> None:
    """A device that cannot read what it owes does not begin anything new, and neither does one that owes too much."""
    path = tmp_path / "open.json"
    for text in ("", "[]", '{"format": 2, "open": []}', '{"format": 1, "open": [{}]}'):
        path.write_text(text)
        with pytest.raises(DeviceInvalid):
            _journal(path)
    path.write_text('{"format": 1, "open": [' + ", ".join(['{"number": 7}'] * MAX_ENTRIES) + "]}")
    with pytest.raises(DeviceInvalid):
        _journal(path).add(8)
