"""What a terminal works with: fetched, checked, kept, and switched at its time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hardware.terminal.device_key import DeviceKey
from hardware.terminal.device_lists import DeviceLists
from hardware.terminal.errors import HotlistInvalid
from hardware.terminal.shifts import Upcoming, Versions
from hardware.terminal.uplink import Patience, Uplink
from tests.hardware.terminal.hotlists import Wanted, download
from tests.hardware.terminal.published import FLAT, answer, changed
from tests.hardware.terminal.records import TERMINAL
from tests.hardware.terminal.server import Answer, Server, listening

NOW = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 21, 16, tzinfo=UTC)
EPOCH = datetime(1999, 12, 31, 16, tzinfo=UTC)
NEXT = changed(changed(FLAT.table, 0x0C, "00000004"), 0x10, f"{int((TOMORROW - EPOCH).total_seconds()):08X}")
COMING = [Upcoming(4, TOMORROW)]
ONE = Wanted(1, [5, 300])
TWO = Wanted(2, [5], base=1, removed=[300])


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as server:
        yield server


@pytest.fixture
def uplink(server: Server, tmp_path: Path) -> Iterator[Uplink]:
    key = DeviceKey.create(tmp_path / "key.pem")
    with Uplink(server.address, TERMINAL, key, lambda: datetime.now(UTC), Patience(attempts=1)) as uplink:
        yield uplink


@pytest.fixture
def lists(tmp_path: Path, uplink: Uplink) -> DeviceLists:
    return DeviceLists(tmp_path, uplink)


def test_next_fares_wait_for_their_time(tmp_path: Path, server: Server, uplink: Uplink, lists: DeviceLists) -> None:
    """At midnight the fares change in the bus, in the middle of nowhere, without a line, and stay so after it was switched off."""
    server.answers = [Answer(200, FLAT.answer), Answer(200, answer(NEXT))]
    assert lists.fetch(Versions(parameters=3), COMING, NOW)
    assert [request.url.partition("/terminals")[2] for request in server.requests] == [
        "/parameters",
        "/parameters?version=4",
    ]
    assert not lists.fetch(Versions(parameters=3), COMING, NOW)
    again = DeviceLists(tmp_path, uplink)
    assert again.versions(TOMORROW - timedelta(seconds=1)).parameters == 3
    assert again.versions(TOMORROW).parameters == 4
    assert DeviceLists(tmp_path, uplink).versions(NOW).parameters == 4


def test_fares_that_were_taken_back_are_forgotten(
    tmp_path: Path, server: Server, uplink: Uplink, lists: DeviceLists
) -> None:
    """A tariff that two people withdrew does not come into force on a bus that had fetched it."""
    server.answers = [Answer(200, FLAT.answer), Answer(200, answer(NEXT))]
    lists.fetch(Versions(parameters=3), COMING, NOW)
    assert lists.fetch(Versions(parameters=3), [], NOW)
    for one in (lists, DeviceLists(tmp_path, uplink)):
        assert one.versions(TOMORROW).parameters == 3


def test_clock_that_is_a_little_late_needs_no_second_download(server: Server, lists: DeviceLists) -> None:
    """When the server says that the next fares are in force, the ones that wait here are the ones."""
    server.answers = [Answer(200, FLAT.answer), Answer(200, answer(NEXT))]
    lists.fetch(Versions(parameters=3), COMING, NOW)
    assert lists.fetch(Versions(parameters=4), [], TOMORROW - timedelta(seconds=3))
    assert lists.versions(NOW).parameters == 4
    assert server.answers == []


def test_hotlist_comes_by_deltas_and_if_need_be_whole(tmp_path: Path, server: Server, lists: DeviceLists) -> None:
    """A delta that does not fit is mended by the whole list, once; what is neither changes nothing."""
    server.answers = [Answer(200, download(ONE)), Answer(200, download(TWO))]
    lists.fetch(Versions(hotlist=1), [], NOW)
    lists.fetch(Versions(hotlist=2), [], NOW)
    assert [request.url.partition("?")[2] for request in server.requests] == ["since=0", "since=1"]
    assert (lists.hotlist.version, list(lists.hotlist.cards)) == (2, [5])
    unfit, whole = Wanted(4, [7], base=3, added=[7]), Wanted(4, [7])
    server.answers = [Answer(200, download(unfit)), Answer(200, download(whole))]
    lists.fetch(Versions(hotlist=4), [], NOW)
    assert list(lists.hotlist.cards) == [7]
    server.answers = [Answer(200, download(ONE)), Answer(200, download(ONE))]
    with pytest.raises(HotlistInvalid, match="older"):
        lists.fetch(Versions(hotlist=5), [], NOW)
    assert list(DeviceLists(tmp_path, lists._uplink).hotlist.cards) == [7]  # the same line


def test_issuers_are_fetched_by_version(tmp_path: Path, server: Server, uplink: Uplink, lists: DeviceLists) -> None:
    """A new city is known after the next beat, also after the device was off."""
    document = {"version": 1, "issuers": [{"issuer": "01012000FFFFFFFF", "city": "2000", "name": "Shanghai"}]}
    server.answers = [Answer(200, document)]
    assert lists.fetch(Versions(issuers=1), [], NOW)
    assert not lists.fetch(Versions(issuers=1), [], NOW)
    again = DeviceLists(tmp_path, uplink)
    assert again.versions(NOW) == Versions(issuers=1)
    assert list(again.issuers.names.values()) == ["Shanghai"]
    server.answers = [Answer(200, {"version": 0, "issuers": []})]
    assert again.fetch(Versions(issuers=0), [], NOW)
    assert (again.issuers.version, again.issuers.names) == (0, {})
