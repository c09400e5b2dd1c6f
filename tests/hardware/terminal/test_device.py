"""A terminal in a folder: set up once, switched off and on at will, working with what it last understood."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hardware.errors import HardwareError, UplinkUnavailable
from hardware.terminal.device import Device
from hardware.terminal.errors import DeviceInvalid, DeviceTableInvalid, HotlistInvalid
from hardware.terminal.uplink import Patience
from hardware.terminal.validator import Outcome
from tests.hardware.emulator.make_cards import SERIAL, personalised_psam
from tests.hardware.terminal.hotlists import full
from tests.hardware.terminal.published import FLAT, answer, changed
from tests.hardware.terminal.records import TERMINAL, receipt_document
from tests.hardware.terminal.rides import MORNING, OTHER_SERIAL, SETTINGS, adult_card
from tests.hardware.terminal.server import Answer, Server, listening

SIGN_IN = {"batch": 5, "parameter_version": 3, "hotlist_version": 0, "server_time": "2026-11-21T08:00:00+08:00"}


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, server: Server) -> Path:
    folder = tmp_path / "terminal"
    Device.create(folder, SETTINGS, server.address)
    with personalised_psam(folder / "psam.json"):
        pass
    return folder


def switched_on(folder: Path) -> Device:
    return Device(folder, lambda: datetime.now(UTC), Patience(attempts=1))


def test_a_shift_from_sign_in_to_receipt(folder: Path, server: Server) -> None:
    """Fares arrive, a card rides, the batch goes up under the server's number until the receipt empties the outbox."""
    server.answers = [Answer(200, SIGN_IN), Answer(200, FLAT.answer)]
    with switched_on(folder) as device:
        device.sign_in()
    with switched_on(folder) as device:
        ride = device.tap(adult_card(), MORNING)
        assert ride.outcome is Outcome.ACCEPTED
        assert ride.record is not None
    server.answers = [Answer(None), Answer(200, receipt_document(TERMINAL, 5, (ride.record, "accepted")))]
    with switched_on(folder) as device, pytest.raises(UplinkUnavailable):
        device.upload(MORNING)
    with switched_on(folder) as device:
        (receipt,) = device.upload(MORNING)
        assert (receipt.batch, receipt.verdicts[0].verdict) == (5, "accepted")
        assert device.upload(MORNING) == []
    first, second = server.requests[-2:]
    assert first.body == second.body


def test_a_batch_that_is_not_judged_entirely_stays_open(folder: Path, server: Server) -> None:
    """Records that the server has parked are kept; the device does not ask again and again."""
    server.answers = [Answer(200, SIGN_IN), Answer(200, FLAT.answer), Answer(200, receipt_document(TERMINAL, 5))]
    with switched_on(folder) as device:
        device.sign_in()
        device.tap(adult_card(), MORNING)
        (receipt,) = device.upload(MORNING)
        assert receipt.verdicts == ()
        assert device.outbox.counts().open_batch == 5


def test_the_json_form_carries_the_same_records(folder: Path, server: Server) -> None:
    """A small device may send text instead of the file, under the same batch number."""
    server.answers = [Answer(200, SIGN_IN), Answer(200, FLAT.answer)]
    with switched_on(folder) as device:
        device.sign_in()
        ride = device.tap(adult_card(), MORNING)
        assert ride.record is not None
        server.answers = [Answer(200, receipt_document(TERMINAL, 5, (ride.record, "accepted")))]
        device.upload(MORNING, as_json=True)
        assert device.outbox.counts().waiting == 0
    sent = json.loads(server.requests[-1].body)
    assert (sent["batch"], sent["records"]) == (5, [ride.record.as_json()])
    assert server.requests[-1].url.endswith("/terminals/purchases")


def test_a_new_hotlist_is_fetched_and_kept(folder: Path, server: Server) -> None:
    """The card that was reported lost is refused from the next sign-in on, also after the device was off."""
    hotlist = full(2, SERIAL)
    server.answers = [Answer(200, {**SIGN_IN, "hotlist_version": 2}), Answer(200, FLAT.answer), Answer(200, hotlist)]
    with switched_on(folder) as device:
        device.sign_in()
    with switched_on(folder) as device:
        assert device.tap(adult_card(), MORNING).outcome is Outcome.HOTLISTED
        assert device.tap(adult_card(OTHER_SERIAL), MORNING).outcome is Outcome.ACCEPTED
        server.answers = [Answer(200, {**SIGN_IN, "hotlist_version": 2})]
        device.sign_in()  # nothing is new: nothing is fetched
    assert server.answers == []


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([Answer(200, {**FLAT.answer, "table": "Q0NUMg=="})], DeviceTableInvalid),
        ([Answer(200, {**FLAT.answer, "table": "no base64"})], UplinkUnavailable),
        ([Answer(200, answer(changed(FLAT.table, 0x0C, "00000004"))), Answer(200, {"version": 9})], HotlistInvalid),
    ],
)
def test_what_is_not_understood_does_not_replace_what_works(
    folder: Path, server: Server, answers: list[Answer], error: type[HardwareError]
) -> None:
    """A broken download leaves the device with the fares and the hotlist it had, in memory and after a restart."""
    server.answers = [Answer(200, SIGN_IN), Answer(200, FLAT.answer)]
    with switched_on(folder) as device:
        device.sign_in()
        server.answers = [Answer(200, {**SIGN_IN, "parameter_version": 4, "hotlist_version": 9}), *answers]
        with pytest.raises(error):
            device.sign_in()
        assert device.lists.hotlist.version == 0
    with switched_on(folder) as device:
        assert device.tap(adult_card(), MORNING).outcome is Outcome.ACCEPTED


def test_a_folder_holds_one_terminal_for_good(folder: Path, server: Server) -> None:
    """Setting up twice, or without fares, ends in a sentence that names the folder; settings and key are the owner's alone."""
    with pytest.raises(DeviceInvalid, match="already"):
        Device.create(folder, SETTINGS, server.address)
    with switched_on(folder) as device, pytest.raises(DeviceInvalid, match="sign in first"):
        device.tap(adult_card(), MORNING)
    assert (folder / "device.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"terminal_number": "3302"}, {"line": "1"}, {"line": True}, {"city": None}, {"issuer": "Z" * 16}],
)
def test_broken_settings_are_named(folder: Path, change: dict[str, Any]) -> None:
    """Whoever edits the file is told which entry is wrong."""
    path = folder / "device.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(DeviceInvalid, match=next(iter(change))):
        Device(folder)
    path.write_text("{")
    with pytest.raises(DeviceInvalid, match="not JSON"):
        Device(folder)
    path.unlink()
    with pytest.raises(DeviceInvalid, match="cannot be read"):
        Device(folder)
