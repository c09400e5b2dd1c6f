"""Founding the demo city: staff, merchants, prices, terminals with their modules. All of it through the product's own doors."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.city import City
from demo.folder import CityElsewhere
from demo.makers import make_blanks
from demo.staff import Answer, Desk, JobFailed
from demo.tariff import BASE_FARE_FEN, LINES, LOT, TARIFF, WATER_RULE
from demo.telling import Story
from hardware.emulator.reader import EmulatedReader
from hardware.terminal.device import PSAM_FILE, Device
from hardware.terminal.online_device import OnlineDevice, OnlineSettings
from hardware.terminal.validator import ValidatorSettings

OUTLET = "Service centre, People's Road (人民路服务厅)"
STAFF = {
    "system": ("Demo System Administrator", ["system_admin"]),
    "clerk": ("Demo Clerk", ["clerk"]),
    "supervisor": ("Demo Supervisor", ["supervisor"]),
    "finance": ("Demo Finance Officer", ["finance"]),
    "stock": ("Demo Stock Keeper", ["stock_keeper"]),
    "auditor": ("Demo Auditor", ["auditor"]),
}
GUIDE = {"guide": ("Demo Guide", ["clerk"])}
DEVICES = ("bus26", "bus5", "stray")
"""Two validators that are bound to a line, and one whose PSAM was never bound: it left the store room without papers."""
GATES = {"gate-in": "entry", "gate-out": "exit"}
PRICES_EDITION = 3
"""Of our price lists; a city of an earlier edition gets the new one as a further version."""
SOON = timedelta(seconds=4)


class Founding:
    """Founds a city, or goes on where an interrupted founding or an earlier version of the demo stopped.

    Args:
        city: running; its database is bootstrapped.
        story: where it is told.
    """

    def __init__(self, city: City, story: Story) -> None:
        self._city = city
        self._state = city.state
        self._story = story

    def found(self) -> None:
        """Take every step that has not been taken.

        Raises:
            CityElsewhere: the database was bootstrapped by somebody else.
        """
        steps = (
            self._hire,
            self._open_counter,
            self._license_bus_company,
            self._set_prices,
            self._equip_buses,
            self._open_parking,
            self._register_water,
            self._hire_guide,
        )
        done = self._state.get("founded", 0)
        if done == len(steps):
            self._story.fact("the city of an earlier day goes on")
            return
        self._take_over()
        for number, step in enumerate(steps[done:], start=done + 1):
            step()
            self._state["founded"] = number
            self._city.remember()

    def _take_over(self) -> None:
        """Use the one-time token of the first administrator."""
        if "logins" in self._state:
            return
        token = self._state.get("first_token")
        if not token:
            raise CityElsewhere(f"this database already has a city, but its logins are not in {self._city.folder.path}")
        self._state["logins"] = {}
        self._activate(self._state["first_login"], token)
        self._state["first_token"] = ""
        self._city.remember()

    def _activate(self, login: str, one_time_token: str) -> None:
        password = secrets.token_urlsafe(18)
        answer = Desk(self._city.server.address).post(
            "/v1/staff-activations", {"one_time_token": one_time_token, "password": password}
        )
        self._state["logins"][login] = {"password": password, "totp_secret": answer["totp_secret"]}

    def _hire(self) -> None:
        first = self._city.desk(self._state["first_login"])
        self._hire_one(first, "system", None)
        self._state["outlet_id"] = self._city.desk("system").post("/v1/outlets", {"name": OUTLET})["id"]
        for login in STAFF:
            if login not in self._state["logins"]:
                self._hire_one(first, login, self._state["outlet_id"] if login in ("clerk", "supervisor") else None)
        self._story.fact("staff with password and one-time code", str(len(STAFF) + 1))

    def _hire_guide(self) -> None:
        """Whoever sets up the residents' own computer in the hall."""
        self._hire_one(self._city.desk(self._state["first_login"]), "guide", self._state["outlet_id"])
        self._story.fact("a guide for the residents' computer in the hall", "guide")

    def _hire_one(self, first: Desk, login: str, outlet_id: str | None) -> None:
        name, roles = {**STAFF, **GUIDE}[login]
        answer = first.post(
            "/v1/staff",
            {"login": login, "name": name, "person_reference": f"demo-{login}", "roles": roles, "outlet_id": outlet_id},
        )
        self._activate(login, answer["one_time_token"])
        self._city.remember()

    def _open_counter(self) -> None:
        till = self._city.desk("system").post("/v1/tills", {"outlet_id": self._state["outlet_id"], "name": "Till 1"})
        self._state["till_id"] = till["id"]
        self._story.fact("counter and till opened", OUTLET)

    def _license_bus_company(self) -> None:
        finance = self._city.desk("finance")
        merchant = finance.post("/v1/merchants", {"name": "Demo City Bus Company", "kind": "bus"})
        self._state["merchant_id"] = merchant["id"]
        for number, name in LINES:
            finance.post(
                "/v1/lines",
                {"merchant_id": merchant["id"], "number": number, "name": name, "base_fare_fen": BASE_FARE_FEN},
            )
        self._story.fact("bus company with its lines", ", ".join(name for _, name in LINES))

    def _set_prices(self) -> None:
        self._put_into_force("2026-01-01T00:00:00+08:00")

    def _put_into_force(self, effective_from: str) -> None:
        proposed = self._city.desk("finance").post(
            "/v1/tariff-versions", {"effective_from": effective_from, "document": TARIFF}
        )
        self._city.approve(proposed["approval_id"], "prices checked against the council's decision")
        self._state["prices_edition"] = PRICES_EDITION
        version = f"version {proposed['version']}"
        self._story.fact("prices: proposed by finance, approved by a supervisor", version)

    def _equip_buses(self) -> None:
        paths = [self._city.folder.card(f"psam-{name}") for name in DEVICES]
        serials = make_blanks(self._city.folder.environ(self._city.server.port), paths, psam=True)
        for number, (name, path, serial) in enumerate(zip(DEVICES, paths, serials, strict=True)):
            self._equip(name, path, serial, LINES[number][0] if number < len(LINES) else None)
        self._story.fact("validators with personalised PSAMs, keys made on the device", str(len(DEVICES)))
        self._story.fact("of which bound to a line by four eyes", str(len(LINES)))

    def _equip(self, name: str, image: Path, chip_serial: str, line: int | None) -> None:
        terminal, psam = self._register("bus_validator", name, chip_serial)
        self._personalise(psam["id"], image, name)
        folder = self._city.folder.device(name)
        settings = ValidatorSettings(
            terminal_number=bytes.fromhex(psam["terminal_number"]),
            psam_serial=bytes.fromhex(psam["psam_serial"]),
            line=line or LINES[0][0],
        )
        Device.create(folder, settings, self._city.server.address)
        image.replace(folder / PSAM_FILE)
        with self._city.device(name) as device:
            device.enrol(terminal["enrolment_code"])
        if line is not None:
            self._bind(name, terminal["id"], psam["id"], {"merchant_id": self._state["merchant_id"], "line": line})

    def _open_parking(self) -> None:
        if self._state.get("prices_edition") != PRICES_EDITION:
            in_force = datetime.now(UTC) + SOON
            self._put_into_force(in_force.isoformat())
            time.sleep(SOON.total_seconds())
        finance, stock = self._city.desk("finance"), self._city.desk("stock")
        merchant_id = finance.post("/v1/merchants", {"name": "Demo City Parking", "kind": "parking"})["id"]
        paths = [self._city.folder.card(f"psam-{name}") for name in GATES]
        serials = make_blanks(self._city.folder.environ(self._city.server.port), paths, psam=True)
        known = self._state.setdefault("online_devices", {})
        for name, path, serial in zip(GATES, paths, serials, strict=True):
            terminal, psam = self._register(f"parking_{GATES[name]}", name, serial)
            self._personalise(psam["id"], path, name)
            numbers = {field: psam[field] for field in ("terminal_number", "psam_serial")}
            settings = OnlineSettings(
                self._city.server.address,
                bytes.fromhex(numbers["terminal_number"]),
                bytes.fromhex(numbers["psam_serial"]),
            )
            OnlineDevice.create(self._city.folder.device(name), settings)
            known[name] = numbers
            with self._city.online_device(name) as device:
                device.enrol(terminal["enrolment_code"])
            self._bind(name, terminal["id"], psam["id"], {"merchant_id": merchant_id, "line": None})
            gate = {"terminal_id": terminal["id"], "merchant_id": merchant_id, "lot": LOT, "direction": GATES[name]}
            stock.post("/v1/parking-gates", gate)
        self._state["parking_id"] = merchant_id
        self._story.fact("parking company with a gate in and a gate out", LOT)

    def _register_water(self) -> None:
        finance = self._city.desk("finance")
        merchant = finance.post("/v1/merchants", {"name": "Demo City Water Company", "kind": "utility"})
        service = finance.post(
            "/v1/utility-services", {"merchant_id": merchant["id"], "name": "居民生活用水", "rule": WATER_RULE}
        )
        self._state["water_id"], self._state["water_service_id"] = merchant["id"], service["id"]
        self._story.fact("water company that bills by the price list", WATER_RULE)

    def _register(self, kind: str, name: str, chip_serial: str) -> tuple[Answer, Answer]:
        stock = self._city.desk("stock")
        terminal = stock.post("/v1/terminals", {"kind": kind, "name": name})
        return terminal, stock.post("/v1/psams", {"chip_serial": chip_serial, "terminal_id": terminal["id"]})

    def _personalise(self, psam_id: str, image: Path, name: str) -> None:
        reader = EmulatedReader(image.parent)
        try:
            job = self._city.desk("stock").reader_job("personalise_psam", psam_id, reader.insert(image.name))
        finally:
            reader.remove()
        if job["outcome"] != "personalised":
            raise JobFailed(f"the PSAM of {name} was not personalised: {job['outcome']}")

    def _bind(self, name: str, terminal_id: str, psam_id: str, earns_for: Answer) -> None:
        proposed = self._city.desk("stock").post(
            "/v1/terminal-bindings", {"terminal_id": terminal_id, "psam_id": psam_id, **earns_for}
        )
        self._city.approve(proposed["approval_id"], f"{name} seen where it stands")
