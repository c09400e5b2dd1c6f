"""A terminal in a folder: set up once, switched off and on at will, working with what it last understood."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hardware.errors import HardwareError, UplinkUnavailable
from hardware.terminal.device import Device
from hardware.terminal.errors import ClockNotSet, DeviceInvalid, DeviceTableInvalid, HotlistInvalid, ModuleHotlisted
from hardware.terminal.uplink import Patience
from hardware.terminal.validator import Outcome
from tests.hardware.emulator.make_cards import SERIAL, personalised_psam
from tests.hardware.terminal.hotlists import Wanted, download, full
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


def beat(**said: Any) -> Answer:
    orders = {"fetch": [], "upload_now": False, "rotate_key": False, "heartbeat_every_s": 300, "issuer_version": 0}
    return Answer(200, {**SIGN_IN, **orders, **said})


def test_heartbeat_tells_and_does_what_is_asked(folder: Path, server: Server) -> None:
    """The device says what it works with, fetches what is new, sends again what is missing, and says what never was."""
    server.answers = [Answer(200, SIGN_IN), Answer(200, FLAT.answer)]
    number = TERMINAL.hex()
    with switched_on(folder) as device:
        device.sign_in()
        ride = device.tap(adult_card(), MORNING)
        assert ride.record is not None
        sequence = ride.record.terminal_sequence
        server.answers = [Answer(200, receipt_document(TERMINAL, 5, (ride.record, "accepted")))]
        device.upload(MORNING)
        gaps = [
            {"terminal_number": number, "first": sequence, "last": sequence + 9},
            {"terminal_number": "330200000099", "first": 1, "last": 1},
        ]
        server.answers = [beat(hotlist_version=2, gaps=gaps), Answer(200, full(2, SERIAL)), beat(hotlist_version=2)]
        assert device.heartbeat("printer out of paper").gaps[0].first == sequence
        assert device.outbox.counts().waiting == 1
        device.heartbeat()
    first, second = (json.loads(request.body) for request in (server.requests[-3], server.requests[-1]))
    assert (first["parameter_version"], first["hotlist_version"], first["faults"]) == (3, 0, "printer out of paper")
    assert (first["records_waiting"], first["oldest_waiting_at"]) == (0, None)
    assert (second["hotlist_version"], second["records_waiting"]) == (2, 1)
    assert datetime.fromisoformat(second["oldest_waiting_at"]) == MORNING
    assert second["free_kb"] > 5_000


def test_shift_ends_when_the_totals_agree(folder: Path, server: Server) -> None:
    """What the server misses goes up again, and only then is the shift over."""
    server.answers = [Answer(200, SIGN_IN), Answer(200, FLAT.answer)]
    with switched_on(folder) as device:
        assert device.sign_out() is None
        device.sign_in()
        ride = device.tap(adult_card(), MORNING)
        assert ride.record is not None
        sequence = ride.record.terminal_sequence
        judged = Answer(200, receipt_document(TERMINAL, 5, (ride.record, "accepted")))
        missing = {"agrees": False, "records": 0, "amount_fen": 0, "missing": [{"first": sequence, "last": sequence}]}
        agreed = {"agrees": True, "records": 1, "amount_fen": 180, "missing": []}
        server.answers = [judged, Answer(200, missing), judged, Answer(200, agreed)]
        device.upload(MORNING)
        first = device.sign_out()
        assert first is not None
        assert not first.agrees
        assert device.outbox.counts().waiting == 1
        server.answers[0] = Answer(200, receipt_document(TERMINAL, 6, (ride.record, "duplicate")))
        device.upload(MORNING)
        second = device.sign_out()
        assert second is not None
        assert second.agrees
        assert device.sign_out() is None
    totals = json.loads(server.requests[-1].body)
    assert totals == {
        "psam_serial": SETTINGS.psam_serial.hex().upper(),
        "batch": 5,
        "first_sequence": sequence,
        "last_sequence": sequence,
        "records": 1,
        "amount_fen": 180,
    }


def test_no_card_is_taken_by_a_clock_that_was_lost(folder: Path, server: Server) -> None:
    """After the battery was out the bus waits for a line, instead of writing records of 1970."""
    server.answers = [Answer(200, SIGN_IN), Answer(200, FLAT.answer)]
    with switched_on(folder) as device:
        device.sign_in()
    with Device(folder, lambda: datetime(1970, 1, 1, tzinfo=UTC), Patience(attempts=1)) as device:
        with pytest.raises(ClockNotSet):
            device.tap(adult_card(), MORNING)
        server.answers = [Answer(200, SIGN_IN)]
        device.sign_in()
        assert device.tap(adult_card(), MORNING).outcome is Outcome.ACCEPTED


def test_refused_clock_is_kept(folder: Path, server: Server) -> None:
    """A device whose clock is wrong learns the time from the refusal, and knows it after a restart."""
    skewed = Answer(401, {"code": "clock_skewed", "server_time": "2026-11-21T08:00:00+08:00"})
    server.answers = [skewed, Answer(200, SIGN_IN), Answer(200, FLAT.answer)]
    an_hour_late = datetime(2026, 11, 20, 23, tzinfo=UTC)
    with Device(folder, lambda: an_hour_late, Patience(attempts=1)) as device:
        device.sign_in()
    with Device(folder, lambda: an_hour_late, Patience(attempts=1)) as device:
        assert device.clock.now() == datetime(2026, 11, 21, tzinfo=UTC)
        assert device.uplink.clock_offset == timedelta(hours=1)


def test_listed_module_takes_no_card(folder: Path, server: Server) -> None:
    """A validator whose security module is on the hotlist goes out of service by itself."""
    listed = download(Wanted(2, [], modules=[TERMINAL]))
    server.answers = [Answer(200, {**SIGN_IN, "hotlist_version": 2}), Answer(200, FLAT.answer), Answer(200, listed)]
    with switched_on(folder) as device:
        device.sign_in()
        with pytest.raises(ModuleHotlisted):
            device.tap(adult_card(), MORNING)


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
