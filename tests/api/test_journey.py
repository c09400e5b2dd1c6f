"""The main job over HTTP: a city is founded, a card issued and loaded, a ride taken and uploaded, the day closed, the books proved."""

from base64 import b64decode
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from citizencard.staff.permissions import Role
from hardware.card.apdu import CommandApdu
from hardware.card.channel import exchange
from hardware.emulator import EmulatedCard, blank_card, blank_psam
from hardware.terminal.fares import DeviceTable
from hardware.terminal.hotlist import Hotlist
from hardware.terminal.outbox import Outbox
from hardware.terminal.validator import BusValidator, ValidatorSettings
from tests.api.registry import bind, equip, license_line, set_fares
from tests.api.signing import SigningDevice
from tests.api.world import Caller, World, ok

OK = 0x9000
CHIP = bytes.fromhex("A1B2C3D4E5F60718")
PSAM_CHIP = bytes.fromhex("A1B2C3D4E5F60719")
NUMBER = "11010519491231002X"


def reader_job(caller: Caller, kind: str, subject_id: str, chip: EmulatedCard) -> dict[str, Any]:
    """What a workstation does: carries commands and answers until the job is over."""
    chip.reset()
    job = ok(caller.post("/v1/reader-jobs", {"kind": kind, "subject_id": subject_id, "atr": chip.atr.hex()}))
    for _ in range(100):
        if job["done"]:
            return job
        responses = []
        for command in job["commands"]:
            response = exchange(chip, CommandApdu.from_bytes(bytes.fromhex(command)))
            responses.append(response.to_bytes().hex())
            if response.sw != OK:
                break
        path = f"/v1/reader-jobs/{job['id']}/steps/{job['step']}"
        job = ok(caller.post(path, {"token": job["token"], "responses": responses, "torn": False}))
    raise AssertionError("the job does not end")


def blank(world: World, serial: bytes = CHIP) -> EmulatedCard:
    return EmulatedCard(blank_card(serial, world.vault.blank_transport_key(serial)))


def issue_card(world: World, number: str = NUMBER) -> tuple[dict[str, Any], EmulatedCard]:
    """Register, link, apply, personalise, activate: all over HTTP."""
    clerk = world.as_(Role.CLERK)
    person = ok(clerk.post("/v1/people", {"document_number": number, "name": "张三", "phone": "13800138000"}))
    link = {"region_code": "330203", "insurances": {"pension": "insured"}}
    ok(clerk.put(f"/v1/people/{person['id']}/social-security", link))
    card = ok(clerk.post("/v1/cards", {"person_id": person["id"], "card_class": "01"}))
    stock = {"batch": "B-1", "chip_serials": [CHIP.hex()]}
    ok(world.as_(Role.STOCK_KEEPER).post("/v1/card-stock", stock))
    chip = blank(world)
    assert reader_job(clerk, "personalise", card["id"], chip)["outcome"] == "personalised"
    return ok(clerk.post(f"/v1/cards/{card['id']}/activation", {})), chip


def load_card(world: World, card: dict[str, Any], chip: EmulatedCard, amount_fen: int = 10_000) -> dict[str, Any]:
    """Cash over the counter onto the chip."""
    admin, clerk = world.as_(Role.SYSTEM_ADMIN), world.as_(Role.CLERK)
    outlet = ok(admin.post("/v1/outlets", {"name": "人民路服务厅"}))
    till = ok(admin.post("/v1/tills", {"outlet_id": outlet["id"], "name": "1"}))
    load = ok(clerk.post("/v1/loads", {"card_id": card["id"], "amount_fen": amount_fen, "till_id": till["id"]}))
    assert load["state"] == "requested"
    assert reader_job(clerk, "load", load["id"], chip)["outcome"] == "loaded"
    return load


@dataclass
class Bus:
    """A validator with the module that was made for it."""

    device: SigningDevice
    validator: BusValidator
    settings: ValidatorSettings
    outbox: Outbox


def put_on_the_road(world: World, folder: Path) -> tuple[Bus, str]:
    """A bus with fares, module and papers, and the company that it earns for."""
    merchant_id = license_line(world)
    set_fares(world)
    equipped = equip(world, chip_serial=PSAM_CHIP)
    module = EmulatedCard(blank_psam(PSAM_CHIP, world.vault.blank_transport_key(PSAM_CHIP)))
    stock = world.as_(Role.STOCK_KEEPER)
    assert reader_job(stock, "personalise_psam", equipped.psam["id"], module)["outcome"] == "personalised"
    bind(world, equipped, merchant_id)
    device = equipped.device
    begun = ok(device.post("/terminals/sign-ins", {"psam_serial": equipped.psam["psam_serial"], "software": "test"}))
    assert begun["parameter_version"] == 1
    table = DeviceTable.parse(b64decode(ok(device.get("/terminals/parameters"))["table"], validate=True))
    hotlist = Hotlist.parse(device.get("/terminals/hotlist").data)
    settings = ValidatorSettings(
        terminal_number=bytes.fromhex(equipped.psam["terminal_number"]),
        psam_serial=bytes.fromhex(equipped.psam["psam_serial"]),
        line=26,
    )
    outbox = Outbox(folder / "outbox.sqlite")
    outbox.raise_next_batch(begun["batch"])
    module.reset()
    return Bus(device, BusValidator(module, outbox, table, settings, hotlist), settings, outbox), merchant_id


def test_card_is_issued_and_loaded_over_http(world: World) -> None:
    """A resident leaves the counter with a card that holds the money paid in, and the books say the same."""
    card, chip = issue_card(world)
    assert card["state"] == "active"
    clerk = world.as_(Role.CLERK)
    load = load_card(world, card, chip)
    assert ok(clerk.get(f"/v1/loads/{load['id']}"))["state"] == "proven"
    shadow = ok(clerk.get(f"/v1/cards/{card['id']}/shadow"))
    assert (shadow["purse_fen"], shadow["inload_fen"]) == (10_000, 0)
    proof = ok(world.as_(Role.AUDITOR).post("/v1/ledger-proofs", {}))
    assert proof["proved"]
    assert proof["differences"] == []


def test_ride_is_uploaded_netted_and_proved_over_http(world: World, tmp_path: Path) -> None:
    """A ride taken offline reaches the company's account once, however often it is uploaded, and the resident sees why it cost that."""
    card, chip = issue_card(world)
    load_card(world, card, chip)
    bus, merchant_id = put_on_the_road(world, tmp_path)
    chip.reset()
    at = world.clock() + timedelta(seconds=30)
    assert bus.validator.tap(chip, at).amount_fen == 180
    batch = bus.outbox.build_batch(bus.settings.batch_head(1, 0, at), bus.device.key.sign)
    bus.outbox.close()
    assert batch is not None
    world.clock.advance(timedelta(minutes=1))
    bus.device.now = world.clock()
    first = ok(bus.device.upload(batch.data))
    assert first["counts"] == {"accepted": 1, "suspicious": 0, "rejected": 0, "duplicate": 0}
    again = ok(bus.device.upload(batch.data))
    assert [verdict["verdict"] for verdict in again["verdicts"]] == ["duplicate"]
    assert ok(bus.device.post("/terminals/purchases", batch.as_json()))["counts"]["duplicate"] == 1
    _check_books(world, card, merchant_id)


def _check_books(world: World, card: dict[str, Any], merchant_id: str) -> None:
    clerk, finance, auditor = world.as_(Role.CLERK), world.as_(Role.FINANCE), world.as_(Role.AUDITOR)
    assert ok(clerk.get(f"/v1/cards/{card['id']}/shadow"))["purse_fen"] == 9_820
    taps = ok(clerk.get(f"/v1/cards/{card['id']}/taps"))
    assert [(tap["line"], tap["paid_fen"], tap["subsidy_fen"], tap["verdict"]) for tap in taps["data"]] == [
        (26, 180, 20, "accepted")
    ]
    assert taps["data"][0]["card_number"] == f"····{card['number'][-4:]}"
    assert taps["data"][0]["explanation"]["lines"][0]["minor"] == 200
    day = ok(finance.get("/v1/days/open"))["day"]
    closing = {"day": day, "next_day": "2026-11-22"}
    closed = ok(finance.post("/v1/day-closes", closing, Idempotency_Key="close"))
    assert ok(finance.post("/v1/day-closes", closing, Idempotency_Key="close")) == closed
    assert ok(finance.post("/v1/day-closes", closing)) == closed
    assert ok(auditor.get(f"/v1/day-closes/{day}")) == closed
    (position,) = closed["net_positions"]
    assert (position["merchant_id"], position["clearing_fen"], position["subsidy_fen"]) == (merchant_id, 180, 20)
    assert closed["certificate"]["surplus_fen"] == 0
    assert ok(auditor.get(f"/v1/accounts/merchant:{merchant_id}:payable/balance"))["balance_fen"] == 180
    lines = ok(auditor.get(f"/v1/accounts/purse:{card['id']}/statement?limit=1"))
    assert (len(lines["data"]), lines["has_more"]) == (1, True)
    rest = ok(auditor.get(f"/v1/accounts/purse:{card['id']}/statement?starting_after={lines['data'][0]['id']}"))
    assert [line["change_fen"] for line in (*lines["data"], *rest["data"])] == [10_000, -180]
    totals = ok(auditor.get("/v1/trial-balance"))
    assert totals["total_debits_fen"] == totals["total_credits_fen"]
    assert ok(auditor.post("/v1/ledger-proofs", {}))["proved"]
