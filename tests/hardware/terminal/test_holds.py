"""A fuel pump, the device's side: what is stored before what is sent. Every cut of power is walked in tests/api/test_holds.py."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.errors import UplinkRefused, UplinkUnavailable
from hardware.terminal.errors import DeviceInvalid
from hardware.terminal.holds import FuelPump, Settled
from hardware.terminal.online import challenge
from hardware.terminal.traces import EventName
from tests.hardware.terminal.online_calls import AT, Line, line
from tests.hardware.terminal.records import TERMINAL
from tests.hardware.terminal.rides import adult_card
from tests.hardware.terminal.server import Answer

PAGE = (Path(__file__).parents[3] / "hardware" / "terminal" / "PROTOCOL.md").read_text(encoding="utf-8")
HELD = {"verdict": "approved", "reason": None, "is_ended": False}
PAID = {"verdict": "approved", "reason": None, "is_late": False}


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Line]:
    with line(tmp_path) as made:
        yield made


def _pump(station: Line, tmp_path: Path) -> FuelPump:
    return FuelPump(station.uplink, station.traces, tmp_path / "holds.json")


# Source: the byte examples of hardware/terminal/PROTOCOL.md.
@pytest.mark.parametrize(
    ("name", "trace", "amount_fen"), [("hold", 18, 30_000), ("enquiry", 19, 0), ("load", 20, 1_000)]
)
def test_published_examples_are_what_a_card_signs(name: str, trace: int, amount_fen: int) -> None:
    """A vendor who builds from the page lets cards sign what the server expects."""
    found = re.search(rf"^{name} +([0-9A-F]{{50}})\b.*\nsigned +([0-9A-F]{{16}})\b", PAGE, re.MULTILINE)
    assert found
    numbers = b"".join(number.to_bytes(4) for number in (5, trace, amount_fen))
    assert bytes.fromhex(found[1]) == TERMINAL + numbers + bytes.fromhex("20261121093000")
    assert challenge(EventName(TERMINAL, 5, trace), amount_fen, AT).hex().upper() == found[2]


def test_pump_settles_what_was_pumped(station: Line, tmp_path: Path) -> None:
    """Held, pumped, settled in one final part; a nozzle that hangs again unused gives everything back."""
    pump = _pump(station, tmp_path)
    station.server.answers = [
        Answer(200, HELD),
        Answer(200, PAID),
        Answer(200, HELD),
        Answer(200, {"outcome": "released"}),
    ]
    first = pump.begin(adult_card(), 30_000, AT)
    assert [(held.name, held.held_fen) for held in pump.open_holds()] == [(first.name, 30_000)]
    assert pump.end(first.name, 24_150, AT) == Settled(is_paid=True, amount_fen=24_150)
    second = pump.begin(adult_card(), 30_000, AT)
    assert pump.end(second.name, 0, AT) == Settled(is_paid=False, amount_fen=0)
    paths = [path for path, _ in station.sent()]
    assert paths == ["/terminals/holds", "/terminals/hold-settlements", "/terminals/holds", "/terminals/hold-releases"]
    settled = station.sent()[1][1]
    assert settled == {
        "terminal_number": "330200000001", "batch": 5, "trace": 1, "n": 1, "amount_fen": 24_150,
        "date": "20261121", "time": "093000", "final": True,
    }  # fmt: skip
    assert (pump.open_holds(), station.traces.open_names()) == ([], [])


def test_what_was_pumped_is_settled_after_a_restart(station: Line, tmp_path: Path) -> None:
    """Without a line the amount waits on the disk; what was never pumped is given back, what is refused calls somebody."""
    pump = _pump(station, tmp_path)
    station.server.answers = [Answer(200, HELD), Answer(None), Answer(200, HELD), Answer(200, HELD), Answer(500, {})]
    first = pump.begin(adult_card(), 30_000, AT)
    with pytest.raises(UplinkUnavailable):
        pump.end(first.name, 100, AT)
    with pytest.raises(DeviceInvalid):
        pump.end(first.name, 101, AT)
    pump.begin(adult_card(), 5_000, AT)
    third = pump.begin(adult_card(), 7_000, AT)
    with pytest.raises(UplinkRefused):
        pump.end(third.name, 7_000, AT)
    awake = _pump(station, tmp_path)
    station.server.answers = [Answer(403, {"code": "terminal_disabled"})]
    with pytest.raises(UplinkRefused):
        awake.catch_up()
    late = {"verdict": "refused", "reason": "insufficient_funds", "is_late": True}
    station.server.answers = [
        Answer(200, late),
        Answer(200, {"outcome": "released"}),
        Answer(409, {"code": "hold_is_over"}),
    ]
    assert awake.catch_up() == 3
    assert [(held.name, held.trouble) for held in awake.open_holds()] == [(third.name, "hold_is_over")]
    assert _pump(station, tmp_path).catch_up() == 0


def test_pump_that_hears_nothing_holds_nothing(station: Line, tmp_path: Path) -> None:
    """No answer, a refusal, or a hold that is void: the nozzle stays shut and nothing is kept."""
    pump = _pump(station, tmp_path)
    station.server.answers = [Answer(None), Answer(200, {"outcome": "reversed"})]
    with pytest.raises(UplinkUnavailable):
        pump.begin(adult_card(), 30_000, AT)
    station.server.answers = [
        Answer(200, {**HELD, "is_ended": True}),
        Answer(200, {"verdict": "refused", "reason": "no_account"}),
    ]
    assert pump.begin(adult_card(), 30_000, AT).reason == "reversed"
    assert pump.begin(adult_card(), 30_000, AT).reason == "no_account"
    assert (pump.open_holds(), station.traces.open_names()) == ([], [])
    with pytest.raises(DeviceInvalid):
        pump.end(EventName(TERMINAL, 5, 1), 100, AT)
