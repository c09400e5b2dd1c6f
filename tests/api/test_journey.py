"""The main job over HTTP: a city is founded, a card issued and loaded, a ride taken and uploaded, the day closed, the books proved."""

from typing import Any

from citizencard.staff.permissions import Role
from hardware.card.apdu import CommandApdu
from hardware.card.channel import exchange
from hardware.emulator import EmulatedCard, blank_card
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


def test_card_is_issued_and_loaded_over_http(world: World) -> None:
    """A resident leaves the counter with a card that holds the money paid in, and the books say the same."""
    outlet = ok(world.as_(Role.SYSTEM_ADMIN).post("/v1/outlets", {"name": "人民路服务厅"}))
    till = ok(world.as_(Role.SYSTEM_ADMIN).post("/v1/tills", {"outlet_id": outlet["id"], "name": "1"}))
    card, chip = issue_card(world)
    assert card["state"] == "active"
    clerk = world.as_(Role.CLERK)
    load = ok(clerk.post("/v1/loads", {"card_id": card["id"], "amount_fen": 10_000, "till_id": till["id"]}))
    assert load["state"] == "requested"
    assert reader_job(clerk, "load", load["id"], chip)["outcome"] == "loaded"
    assert ok(clerk.get(f"/v1/loads/{load['id']}"))["state"] == "proven"
    shadow = ok(clerk.get(f"/v1/cards/{card['id']}/shadow"))
    assert (shadow["purse_fen"], shadow["inload_fen"]) == (10_000, 0)
    proof = ok(world.as_(Role.AUDITOR).post("/v1/ledger-proofs", {}))
    assert proof["proved"]
    assert proof["differences"] == []
