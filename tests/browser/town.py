"""A town for browsers: the product's own server on a port of its own, books, a counter, buses, a water company and a payment provider."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

import pyotp
from sqlalchemy import update

from citizencard.billing.importing import BillFile, import_bills
from citizencard.billing.registry import NewService, register_service
from citizencard.cards.models import Card
from citizencard.cards.states import Deed
from citizencard.clock import beijing_date, now
from citizencard.db import Sessions, make_engine, make_sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.merchants.registry import register_merchant
from citizencard.staff.flow import activate
from citizencard.staff.members import NewStaff, create_staff
from citizencard.staff.models import StaffSession
from citizencard.staff.permissions import Role
from citizencard.tariffs.versions import PUBLISH, publish, publish_payload
from demo.folder import ROOT, Folder
from demo.processes import Server
from demo.provider import Provider
from hardware.emulator import EmulatedCard
from tests.citizencard.billing.make_bills import RULE, WATER, file_of, row
from tests.citizencard.cards.make_cards import CLERK, CardWish, blank, citizen_number, issue_card, resident
from tests.citizencard.keys.make_vault import PASSPHRASE, random_vault
from tests.citizencard.purse.uploads.make_records import TARIFF, approved
from tests.citizencard.staff.make_staff import BOOTSTRAP, PASSWORD, login_secrets
from tests.journeys.world import LOADED_FEN, SOON, Rider, World

BEFORE: Final = timedelta(minutes=20)
"""So long ago the town began: whatever is done in the browser comes after it."""
RIDES_BEFORE: Final = timedelta(minutes=10)
MONTH: Final = timedelta(days=30)
PERIOD_S: Final = 30
_LOGINS = count(1)
_BILLS = count(1)
_HOUSES = count(50_000_001)


@dataclass
class Colleague:
    """Somebody of staff, with password and authenticator."""

    staff_id: str
    login: str
    name: str
    totp_secret: str = field(repr=False)
    password: str = field(default=PASSWORD, repr=False)
    _last_step: int = 0

    def code(self) -> str:
        """The next one-time code that was not used yet: that of this half minute, or of the next, which the server takes as well."""
        present = int(time.time()) // PERIOD_S
        self._last_step = max(present, self._last_step + 1)
        assert self._last_step <= present + 1, f"{self.login} has no code left in this half minute"
        return pyotp.TOTP(self.totp_secret).generate_otp(self._last_step)


@dataclass(frozen=True)
class Town:
    """A founded town whose server runs.

    Args:
        address: of the server, `http://127.0.0.1:…`.
        agent_port: where its pages look for the reader agent.
        sessions, vault: the same database and keys as the server's, for what happened before the browser came.
        world: buses and the counter.
        service_id: the water company's bills.
        folder: for files of tests.
    """

    address: str
    agent_port: int
    sessions: Sessions
    vault: SoftwareVault
    world: World
    service_id: str
    folder: Path

    def hire(self, *roles: Role, name: str = "陈静") -> Colleague:
        """Somebody new at the counter, with a login that was activated."""
        login = f"desk-{next(_LOGINS)}"
        new = NewStaff(login, name, login, frozenset(roles), self.world.counter.till.outlet_id)
        with transaction(self.sessions) as session:
            made = create_staff(session, new, BOOTSTRAP, now())
        active = activate(self.sessions, login_secrets(self.vault), made.one_time_token, PASSWORD, now())
        return Colleague(made.staff_id, login, name, active.totp_secret)

    def blank(self) -> EmulatedCard:
        """A blank chip out of the stock."""
        return blank(self.sessions, self.vault, now())

    def registered(self) -> str:
        """Somebody who is registered and linked to social security; returns the id."""
        return resident(self.sessions, self.vault, now()).id

    def newcomer(self) -> str:
        """The identity number of somebody whom the town does not know yet."""
        return citizen_number(datetime(1988, 3, 9).date())  # noqa: DTZ001 # a date of birth

    def card(self, person_id: str | None = None) -> tuple[Card, EmulatedCard]:
        """An active card, made some minutes ago."""
        return issue_card(self.sessions, self.vault, now() - BEFORE, CardWish(person_id=person_id))

    def rides(self, card: Card, chip: EmulatedCard) -> None:
        """¥100 is loaded onto the card; it rides two buses within the hour, and both report."""
        world, rider = self.world, Rider(card, chip)
        world.now = max(world.now, now() - RIDES_BEFORE)
        world.load(rider, LOADED_FEN)
        for bus in (world.bus1, world.bus2):
            world.pass_time(SOON)
            world.tap(bus, rider)
            world.upload(bus)

    def forget_code(self, colleague: Colleague) -> None:
        """Let it be long ago that somebody entered a one-time code."""
        with transaction(self.sessions) as session:
            session.execute(
                update(StaffSession).where(StaffSession.staff_id == colleague.staff_id).values(totp_at=now() - BEFORE)
            )

    def bill(self, tons: int = 18) -> tuple[str, str]:
        """A water bill of a house that nobody has linked yet: (customer number, serial)."""
        house, serial = str(next(_HOUSES)), f"B{next(_BILLS)}"
        today = beijing_date(now())
        times = {"period_from": today - MONTH, "period_to": today, "due_on": today + MONTH}
        raw = file_of(row(serial, customer_number=house, quantity=tons, **times))
        with transaction(self.sessions) as session:
            report = import_bills(session, BillFile(self.service_id, "october.csv", raw), self.world.deed())
        assert report.accepted == 1, report
        return house, serial


@contextmanager
def running_town(database_url: str, folder: Path) -> Iterator[Town]:
    """Found a town on an empty database and let its server run.

    Args:
        database_url: made by the migrations; nothing in it.
        folder: of its vault, logs and files.
    """
    engine = make_engine(database_url)
    sessions, vault = make_sessions(engine), random_vault(folder, name="town.vault")
    passphrase = folder / "passphrase"
    passphrase.write_text(PASSPHRASE)
    passphrase.chmod(0o600)
    world = World.found(sessions, vault, folder, now() - BEFORE)
    service_id = _sell_water(sessions)
    port, agent_port = free_ports(2)
    settings = {
        "CITIZENCARD_DATABASE_URL": database_url,
        "CITIZENCARD_VAULT_FILE": str(folder / "town.vault"),
        "CITIZENCARD_VAULT_PASSPHRASE_FILE": str(passphrase),
        "CITIZENCARD_REALM": "test",
        "CITIZENCARD_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CITIZENCARD_AGENT_PORT": str(agent_port),
        "PYTHONPATH": str(ROOT),
    }
    try:
        with (
            Provider(Folder(folder, database_url), f"http://127.0.0.1:{port}/webhooks/stripe") as provider,
            Server(port, {**settings, **provider.environ()}, folder / "server.log") as server,
        ):
            yield Town(server.address, agent_port, sessions, vault, world, service_id, folder)
    finally:
        world.close()
        engine.dispose()


BY_BILL: Final = {**WATER, "tiers": {**WATER["tiers"], "per": "bill"}}
"""The town's water: each bill has the tiers to itself, however many of them end in one month."""


def free_ports(number: int) -> list[int]:
    """So many free ports of 127.0.0.1."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    try:
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _sell_water(sessions: Sessions) -> str:
    """A tariff with prices of water, and a company that sells it; returns the service."""
    at = now()
    document = {
        **TARIFF,
        "version": 4,
        "effective_from": at.isoformat(timespec="seconds"),
        "utilities": {RULE: BY_BILL},
    }
    with transaction(sessions) as session:
        publish(session, document, approved(session, PUBLISH, publish_payload(document), at), now=at)
        merchant = register_merchant(session, "示范市自来水公司", "utility", now=at)
        return register_service(session, NewService(merchant.id, "居民生活用水", RULE), Deed(CLERK, at)).id
