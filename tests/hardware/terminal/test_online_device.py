"""A till or gate in a folder: set up once, itself again after a restart."""

from datetime import timedelta
from pathlib import Path

import pytest

from hardware.errors import UplinkUnavailable
from hardware.terminal.errors import DeviceInvalid, DeviceTableInvalid
from hardware.terminal.fares_parking import Stay
from hardware.terminal.online_device import OnlineDevice, OnlineSettings
from hardware.terminal.uplink import Patience
from tests.hardware.terminal.online_calls import AT
from tests.hardware.terminal.published import DISTANCE, answer
from tests.hardware.terminal.records import PSAM_SERIAL, TERMINAL
from tests.hardware.terminal.rides import adult_card
from tests.hardware.terminal.server import Answer, listening

SIGN_IN = {"batch": 5, "parameter_version": 1, "hotlist_version": 0, "server_time": "2026-11-21T01:30:00Z"}
BOUGHT = {"verdict": "approved", "reason": None, "is_reversed": False}


def test_device_is_the_same_after_a_restart(tmp_path: Path) -> None:
    """Switched off without an answer, it takes back what was open before it sells again."""
    folder = tmp_path / "till"
    with listening() as server:
        OnlineDevice.create(folder, OnlineSettings(server.address, TERMINAL, PSAM_SERIAL))
        server.answers = [Answer(201, {}), Answer(200, SIGN_IN), Answer(None), Answer(None)]
        with OnlineDevice(folder, patience=Patience(attempts=1)) as till:
            till.enrol("0" * 32)
            till.sign_in()
            with pytest.raises(UplinkUnavailable):
                till.buy(adult_card(), 250, AT)
        OnlineDevice.create(folder, OnlineSettings(server.address, TERMINAL, PSAM_SERIAL))
        server.answers = [
            Answer(200, SIGN_IN | {"batch": 6}),
            Answer(200, {"outcome": "reversed"}),
            Answer(200, BOUGHT),
        ]
        with OnlineDevice(folder, patience=Patience(attempts=1)) as till:
            till.sign_in()
            assert till.traces.open_names() == []
            verdict = till.buy(adult_card(), 250, AT)
        assert (verdict.approved, verdict.name.batch, verdict.name.trace) == (True, 6, 1)


def test_device_works_as_a_gate(tmp_path: Path) -> None:
    """The same device opens a bar, in and out."""
    with listening() as server:
        OnlineDevice.create(tmp_path / "gate", OnlineSettings(server.address, TERMINAL, PSAM_SERIAL))
        server.answers = [
            Answer(200, SIGN_IN),
            Answer(200, {"outcome": "entered", "stay_id": "prk_1"}),
            Answer(200, {"stay_id": "prk_1", "amount_fen": 0}),
            Answer(200, BOUGHT),
        ]
        with OnlineDevice(tmp_path / "gate", patience=Patience(attempts=1)) as gate:
            gate.sign_in()
            assert gate.enter(adult_card(), AT).is_open
            assert gate.leave(adult_card(), AT).is_open


def test_gate_without_a_line_tells_what_a_stay_costs(tmp_path: Path) -> None:
    """The driver reads the price at the bar while nobody answers; a broken download leaves the table that was there."""
    with listening() as server:
        OnlineDevice.create(tmp_path / "gate", OnlineSettings(server.address, TERMINAL, PSAM_SERIAL))
        stay = Stay("street", AT, AT + timedelta(minutes=67))
        with OnlineDevice(tmp_path / "gate", patience=Patience(attempts=1)) as gate:
            with pytest.raises(DeviceInvalid):
                gate.estimate(stay)
            server.answers = [Answer(200, DISTANCE.answer), Answer(200, answer(b"CCT1"))]
            assert gate.fetch_fares() == 4
            with pytest.raises(DeviceTableInvalid):
                gate.fetch_fares()
            assert gate.estimate(stay).explanation == "street, 67 min: ¥7.00"


def test_folder_of_another_terminal_is_left_alone(tmp_path: Path) -> None:
    """Nobody turns one terminal into another by a slip of the hand."""
    OnlineDevice.create(tmp_path, OnlineSettings("http://127.0.0.1:1", TERMINAL, PSAM_SERIAL))
    with pytest.raises(DeviceInvalid):
        OnlineDevice.create(tmp_path, OnlineSettings("http://127.0.0.1:1", bytes(6), PSAM_SERIAL))


@pytest.mark.parametrize(
    "content", ["", "{}", '{"format": 2, "terminal_number": "33", "psam_serial": "", "server": ""}']
)
def test_broken_settings_stop_the_device(tmp_path: Path, content: str) -> None:
    """A terminal that does not know who it is does not speak."""
    (tmp_path / "online.json").write_text(content)
    with pytest.raises(DeviceInvalid):
        OnlineDevice(tmp_path)
