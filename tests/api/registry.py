"""A terminal as the registry makes it, over HTTP: registered, its module ordered, enrolled, bound if wanted."""

import secrets
from dataclasses import dataclass
from typing import Any

from citizencard.staff.permissions import Role
from tests.api.signing import SigningDevice
from tests.api.world import World, ok

TARIFF: dict[str, Any] = {
    "format": 2,
    "name": "fares of a test city",
    "currency": "CNY",
    "source": {"page": "made for tests", "grade": "K", "date": "2026", "sample": True},
    "transit": {
        "classes": {"01": {"name": "adult"}},
        "modes": {"bus": {}},
        "lines": {"26": {"mode": "bus", "fare": {"flat": "2.00"}}},
        "concessions": [{"name": "card", "classes": ["01"], "pays": "0.9", "sponsor": "transport_fund"}],
    },
}
"""All of a document but its number and its time, which the server and the proposal say."""


@dataclass(frozen=True, slots=True)
class Equipped:
    """A device with its papers."""

    device: SigningDevice
    terminal: dict[str, Any]
    psam: dict[str, Any]


def equip(
    world: World, name: str = "bus 26", chip_serial: bytes | None = None, kind: str = "bus_validator"
) -> Equipped:
    """A device that has brought its key, not bound to anybody."""
    serial = (chip_serial or secrets.token_bytes(8)).hex()
    stock = world.as_(Role.STOCK_KEEPER)
    terminal = ok(stock.post("/v1/terminals", {"kind": kind, "name": name}))
    psam = ok(stock.post("/v1/psams", {"chip_serial": serial, "terminal_id": terminal["id"]}))
    device = SigningDevice(world.app.test_client(), psam["terminal_number"], world.clock())
    enrolment = {
        "terminal": psam["terminal_number"],
        "code": terminal["enrolment_code"],
        "public_key": device.public_key.hex(),
    }
    ok(device.post("/terminals/enrolments", enrolment))
    return Equipped(device, terminal, psam)


def license_line(world: World, number: int = 26) -> str:
    """A bus company with a line; returns the company's id."""
    finance = world.as_(Role.FINANCE)
    merchant = ok(finance.post("/v1/merchants", {"name": "Demo City Bus Company", "kind": "bus"}))
    line = {"merchant_id": merchant["id"], "number": number, "name": f"{number} 路", "base_fare_fen": 200}
    ok(finance.post("/v1/lines", line))
    return str(merchant["id"])


def bind(world: World, equipped: Equipped, merchant_id: str, line: int = 26) -> None:
    """Bind a device by four eyes."""
    body = {
        "terminal_id": equipped.terminal["id"],
        "psam_id": equipped.psam["id"],
        "merchant_id": merchant_id,
        "line": line,
    }
    proposed = ok(world.as_(Role.STOCK_KEEPER).post("/v1/terminal-bindings", body))
    approve(world, proposed["approval_id"])


def approve(world: World, approval_id: str) -> dict[str, Any]:
    """A second person agrees."""
    path = f"/v1/approvals/{approval_id}/decisions"
    return ok(world.as_(Role.SUPERVISOR).post(path, {"decision": "approve", "reason": "seen"}))


def set_fares(world: World) -> None:
    """The first tariff, in force."""
    body = {"effective_from": "2026-01-01T00:00:00+08:00", "document": TARIFF}
    approve(world, ok(world.as_(Role.FINANCE).post("/v1/tariff-versions", body))["approval_id"])
