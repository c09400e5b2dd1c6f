"""What devices call."""

from base64 import b64decode
from datetime import datetime

from citizencard.staff.permissions import Role
from citizencard.tariffs.device import compile_table
from citizencard.tariffs.document import read
from hardware.terminal.fares import DeviceTable
from tests.api.registry import TARIFF, bind, equip, license_line, set_fares
from tests.api.signing import SigningDevice, Wish
from tests.api.world import World, ok, problem

OCTETS = "application/octet-stream"


def test_device_makes_itself_known_once(world: World) -> None:
    """A one-time code is good for one device: the same device may ask twice, another one never."""
    stock = world.as_(Role.STOCK_KEEPER)
    terminal = ok(stock.post("/v1/terminals", {"kind": "bus_validator", "name": "bus 26"}))
    psam = ok(stock.post("/v1/psams", {"chip_serial": "00112233445566AA", "terminal_id": terminal["id"]}))
    device = SigningDevice(world.app.test_client(), psam["terminal_number"], world.clock())
    code = terminal["enrolment_code"]

    def enrolment(of: SigningDevice) -> dict[str, str]:
        return {"terminal": of.key_id, "code": code, "public_key": of.public_key.hex()}

    first = ok(device.post("/terminals/enrolments", enrolment(device)))
    assert first["terminal_id"] == terminal["id"]
    assert ok(device.post("/terminals/enrolments", enrolment(device))) == first
    thief = SigningDevice(world.app.test_client(), psam["terminal_number"], world.clock())
    problem(thief.post("/terminals/enrolments", enrolment(thief)), 403, "enrolment_code_invalid")


def test_useless_key_is_refused_at_enrolment(world: World) -> None:
    """A key under which everybody could sign is not taken, whoever brings it."""
    body = {"terminal": "330200000001", "code": "0" * 32, "public_key": "01" + "00" * 31}
    problem(world.anybody().post("/terminals/enrolments", body), 422, "public_key_invalid")


def test_module_that_was_never_bound_may_speak(world: World) -> None:
    """A validator whose papers are missing can still hand in what it took: its records are facts, their payee is decided later."""
    equipped = equip(world)
    begun = ok(equipped.device.post("/terminals/sign-ins", {"psam_serial": equipped.psam["psam_serial"]}))
    assert begun["server_time"] == "2026-11-21T00:30:00Z"
    assert begun["parameter_version"] == 0
    problem(equipped.device.get("/terminals/parameters"), 404, "no_tariff_in_force")


def test_device_gets_the_fares_without_the_sponsors(world: World) -> None:
    """A device learns what a ride costs; who pays the rest is not its business."""
    equipped = equip(world)
    set_fares(world)
    answer = ok(equipped.device.get("/terminals/parameters"))
    raw = b64decode(answer["table"], validate=True)
    document = {**TARIFF, "version": 1, "effective_from": "2026-01-01T00:00:00+08:00"}
    assert raw == compile_table(read(document))
    table = DeviceTable.parse(raw)
    assert (answer["layout"], answer["version"], table.version) == (1, 1, 1)
    assert datetime.fromisoformat(answer["effective_from"]) == table.effective_from
    sponsors = {rule["sponsor"] for rule in TARIFF["transit"]["concessions"] if "sponsor" in rule}
    assert sponsors
    assert not any(sponsor.encode() in raw for sponsor in sponsors)


def test_batch_that_is_no_batch_is_refused_as_a_whole(world: World) -> None:
    """A terminal that sends rubbish keeps its records and is told what is wrong."""
    device = equip(world).device
    problem(device.send("POST", "/terminals/batches", b"x" * 300, kind=OCTETS), 422, "file_magic_wrong")
    problem(device.send("POST", "/terminals/batches", b"", kind=OCTETS), 422, "file_length_wrong")
    problem(device.send("POST", "/terminals/batches", b"x", kind="text/plain"), 415, "unsupported_media_type")


def test_upload_has_a_limit(world: World) -> None:
    """Nobody fills the disk with one request."""
    device = equip(world).device
    problem(
        device.send("POST", "/terminals/batches", b"x" * (8 * 2**20 + 1), kind=OCTETS), 413, "request_entity_too_large"
    )


def test_json_upload_names_the_field_that_is_wrong(world: World) -> None:
    """A small device's maker finds the mistake by the answer alone."""
    device = equip(world).device
    found = problem(device.post("/terminals/purchases", {"terminal": "zz"}), 422, "upload_field_invalid")
    assert found["place"] == "terminal"
    body = {"terminal": device.key_id, "psam_serial": "33020000000000000001", "batch": 1, "records": []}
    assert ok(device.post("/terminals/purchases", body))["verdicts"] == []
    problem(device.post("/terminals/purchases", []), 400, "malformed_request")


def test_terminal_hands_in_nobody_elses_records(world: World) -> None:
    """Records of another terminal's number are not taken in JSON, which carries no signature of that terminal."""
    merchant_id = license_line(world)
    one, other = equip(world), equip(world, "bus 5")
    bind(world, other, merchant_id)
    body = {"terminal": other.psam["terminal_number"], "psam_serial": "33020000000000000001", "batch": 1, "records": []}
    problem(one.device.post("/terminals/purchases", body), 403, "foreign_terminal")


def test_binding_moves_the_number_to_the_bound_device(world: World) -> None:
    """Once bound, a number is spoken for by the device that is bound to it."""
    equipped = equip(world)
    bind(world, equipped, license_line(world))
    assert equipped.device.get("/terminals/hotlist", Wish()).status_code == 200
