"""Founding the demo city: staff, bus company, lines, fares, terminals with their PSAMs. All of it through the product's own doors."""

import json
import secrets
from pathlib import Path
from typing import Any

from demo.folder import CityElsewhere, Folder
from demo.makers import make_blanks
from demo.processes import Server, command
from demo.staff import Desk
from demo.telling import Story
from hardware.emulator.reader import EmulatedReader
from hardware.terminal.device import PSAM_FILE, Device
from hardware.terminal.uplink import Patience
from hardware.terminal.validator import ValidatorSettings

OUTLET = "Service centre, People's Road (人民路服务厅)"
LINES = ((26, "26 路"), (5, "5 路"))
BASE_FARE_FEN = 200
STAFF = {
    "system": ("Demo System Administrator", ["system_admin"]),
    "clerk": ("Demo Clerk", ["clerk"]),
    "supervisor": ("Demo Supervisor", ["supervisor"]),
    "finance": ("Demo Finance Officer", ["finance"]),
    "stock": ("Demo Stock Keeper", ["stock_keeper"]),
    "auditor": ("Demo Auditor", ["auditor"]),
}
TARIFF: dict[str, Any] = {
    "transfer": {
        "window_s": 3600,
        "window_inclusive": True,
        "anchor": "previous",
        "same_line": False,
        "reduce_fen": 100,
        "order": "discount_then_reduce",
        "max_count": 1,
    },
    "lines": {str(number): {"base_fen": BASE_FARE_FEN} for number, _ in LINES},
    "classes": {
        "01": {"name": "adult", "numerator": 9, "denominator": 10, "sponsor": "transport_fund"},
        "02": {"name": "student", "numerator": 5, "denominator": 10, "sponsor": "education_fund"},
        "03": {"name": "senior70", "numerator": 0, "denominator": 10, "sponsor": "elderly_fund"},
        "04": {"name": "care", "numerator": 0, "denominator": 10, "sponsor": "veterans_fund"},
    },
    "rounding": "half_up",
}
PATIENCE = Patience(attempts=200, first_wait_s=0.1, longest_wait_s=0.2)
DEVICES = ("bus26", "bus5", "stray")
"""Two validators that are bound to a line, and one whose PSAM was never bound: it left the store room without papers."""


class JobFailed(Exception):
    """A job on a card or PSAM did not come to its end."""


class City:
    """The demo city, as its staff and its devices see it.

    Args:
        folder: where it lives.
        server: the running product.
    """

    def __init__(self, folder: Folder, server: Server) -> None:
        self.folder = folder
        self.server = server
        self.state = folder.recall()
        self.desks: dict[str, Desk] = {}

    def desk(self, login: str) -> Desk:
        """The desk of one of the staff, signed in on first use."""
        if login not in self.desks:
            desk = Desk(self.server.address)
            known = self.state["logins"][login]
            desk.sign_in(login, known["password"], known["totp_secret"])
            self.desks[login] = desk
        return self.desks[login]

    def device(self, name: str) -> Device:
        """One of the terminals, switched on; it keeps trying while the server is away."""
        folder = self.folder.device(name)
        Device.call(folder, self.server.address)
        return Device(folder, patience=PATIENCE)

    def found(self, story: Story) -> None:
        """Found the city, unless an earlier run did; an interrupted founding goes on where it stopped.

        Raises:
            CityElsewhere: the database was bootstrapped by somebody else.
        """
        steps = (self._hire, self._open_counter, self._license_bus_company, self._set_fares, self._equip_buses)
        if self.state.get("founded") == len(steps):
            story.fact("the city of an earlier day goes on")
            return
        self._take_over()
        for number, step in enumerate(steps[self.state.get("founded", 0) :], start=self.state.get("founded", 0) + 1):
            step(story)
            self.state["founded"] = number
            self.folder.remember(self.state)

    def _take_over(self) -> None:
        """Use the one-time token of the first administrator."""
        if "logins" in self.state:
            return
        token = self.state.get("first_token")
        if not token:
            raise CityElsewhere(f"this database already has a city, but its logins are not in {self.folder.path}")
        self.state["logins"] = {}
        self._activate(self.state["first_login"], token)
        self.state["first_token"] = ""
        self.folder.remember(self.state)

    def _activate(self, login: str, one_time_token: str) -> None:
        password = secrets.token_urlsafe(18)
        answer = Desk(self.server.address).post(
            "/v1/staff-activations", {"one_time_token": one_time_token, "password": password}
        )
        self.state["logins"][login] = {"password": password, "totp_secret": answer["totp_secret"]}

    def _hire(self, story: Story) -> None:
        first = self.desk(self.state["first_login"])
        self._hire_one(first, "system", None)
        self.state["outlet_id"] = self.desk("system").post("/v1/outlets", {"name": OUTLET})["id"]
        for login in STAFF:
            if login not in self.state["logins"]:
                self._hire_one(first, login, self.state["outlet_id"] if login in ("clerk", "supervisor") else None)
        story.fact("staff with password and one-time code", str(len(STAFF) + 1))

    def _hire_one(self, first: Desk, login: str, outlet_id: str | None) -> None:
        name, roles = STAFF[login]
        answer = first.post(
            "/v1/staff",
            {"login": login, "name": name, "person_reference": f"demo-{login}", "roles": roles, "outlet_id": outlet_id},
        )
        self._activate(login, answer["one_time_token"])
        self.folder.remember(self.state)

    def _open_counter(self, story: Story) -> None:
        till = self.desk("system").post("/v1/tills", {"outlet_id": self.state["outlet_id"], "name": "Till 1"})
        self.state["till_id"] = till["id"]
        story.fact("counter and till opened", OUTLET)

    def _license_bus_company(self, story: Story) -> None:
        finance = self.desk("finance")
        merchant = finance.post("/v1/merchants", {"name": "Demo City Bus Company", "kind": "bus"})
        self.state["merchant_id"] = merchant["id"]
        for number, name in LINES:
            finance.post(
                "/v1/lines",
                {"merchant_id": merchant["id"], "number": number, "name": name, "base_fare_fen": BASE_FARE_FEN},
            )
        story.fact("bus company with its lines", ", ".join(name for _, name in LINES))

    def _set_fares(self, story: Story) -> None:
        proposed = self.desk("finance").post(
            "/v1/tariff-versions", {"effective_from": "2026-01-01T00:00:00+08:00", "document": TARIFF}
        )
        self._approve(proposed["approval_id"], "fares checked against the council's decision")
        story.fact("fares: proposed by finance, approved by a supervisor", f"version {proposed['version']}")

    def _equip_buses(self, story: Story) -> None:
        paths = [self.folder.card(f"psam-{name}") for name in DEVICES]
        serials = make_blanks(self.folder.environ(self.server.port), paths, psam=True)
        for number, (name, path, serial) in enumerate(zip(DEVICES, paths, serials, strict=True)):
            self._equip(name, path, serial, LINES[number][0] if number < len(LINES) else None)
        story.fact("validators with personalised PSAMs, keys made on the device", str(len(DEVICES)))
        story.fact("of which bound to a line by four eyes", str(len(LINES)))

    def _equip(self, name: str, image: Path, chip_serial: str, line: int | None) -> None:
        stock = self.desk("stock")
        terminal = stock.post("/v1/terminals", {"kind": "bus_validator", "name": name})
        psam = stock.post("/v1/psams", {"chip_serial": chip_serial, "terminal_id": terminal["id"]})
        reader = EmulatedReader(image.parent)
        try:
            job = stock.reader_job("personalise_psam", psam["id"], reader.insert(image.name))
        finally:
            reader.remove()
        if job["outcome"] != "personalised":
            raise JobFailed(f"the PSAM of {name} was not personalised: {job['outcome']}")
        folder = self.folder.device(name)
        settings = ValidatorSettings(
            terminal_number=bytes.fromhex(psam["terminal_number"]),
            psam_serial=bytes.fromhex(psam["psam_serial"]),
            line=line or LINES[0][0],
        )
        Device.create(folder, settings, self.server.address)
        image.replace(folder / PSAM_FILE)
        with self.device(name) as device:
            device.enrol(terminal["enrolment_code"])
        if line is not None:
            self._bind(name, terminal["id"], psam["id"], line)

    def _bind(self, name: str, terminal_id: str, psam_id: str, line: int) -> None:
        proposed = self.desk("stock").post(
            "/v1/terminal-bindings",
            {"terminal_id": terminal_id, "psam_id": psam_id, "merchant_id": self.state["merchant_id"], "line": line},
        )
        self._approve(proposed["approval_id"], f"{name} seen on the vehicle")

    def _approve(self, approval_id: str, reason: str) -> None:
        self.desk("supervisor").post(
            f"/v1/approvals/{approval_id}/decisions", {"decision": "approve", "reason": reason}
        )


def bootstrap(folder: Folder, port: int) -> None:
    """Make or upgrade the database and the vault, and keep the first administrator's one-time token for the founding."""
    environ = folder.environ(port)
    command(environ, "database", "upgrade")
    answer = json.loads(command(environ, "bootstrap", "--json"))
    if answer.get("already"):
        # The vault may be from before a key that this version needs.
        command(environ, "keys", "add-missing")
    else:
        folder.remember({"first_login": answer["login"], "first_token": answer["one_time_token"]})
