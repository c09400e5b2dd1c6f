"""The demo city while it runs: its processes, its staff at their desks, its terminals."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from demo.deliveries import Deliveries
from demo.folder import Folder
from demo.processes import Server, command
from demo.provider import Provider
from demo.staff import Desk, Refused
from demo.workstation import Workstation, port_for_agent
from hardware.terminal.device import Device
from hardware.terminal.online_device import OnlineDevice, OnlineSettings
from hardware.terminal.uplink import Patience

PROVIDER_ACCOUNT = "psp:stripe"
PATIENCE = Patience(attempts=200, first_wait_s=0.1, longest_wait_s=0.2)


class City:
    """The demo city, as its staff and its devices see it.

    Args:
        folder: where it lives.
        server: the running product.
        provider: the stand-in for the payment provider.
        deliveries: the way that the provider's reports take to the server.
    """

    def __init__(self, folder: Folder, server: Server, provider: Provider, deliveries: Deliveries) -> None:
        self.folder = folder
        self.server = server
        self.provider = provider
        self.deliveries = deliveries
        self.state: dict[str, Any] = folder.recall()
        self.desks: dict[str, Desk] = {}
        self.workstation = Workstation(folder, server.address, 0)

    def desk(self, login: str) -> Desk:
        """The desk of one of the staff, signed in on first use."""
        if login not in self.desks:
            desk = Desk(self.server.address)
            known = self.state["logins"][login]
            desk.sign_in(login, known["password"], known["totp_secret"])
            self.desks[login] = desk
        return self.desks[login]

    def device(self, name: str) -> Device:
        """One of the bus terminals, switched on; it keeps trying while the server is away."""
        folder = self.folder.device(name)
        Device.call(folder, self.server.address)
        return Device(folder, patience=PATIENCE)

    def online_device(self, name: str) -> OnlineDevice:
        """A till or gate, switched on; it keeps trying while the server is away."""
        folder, known = self.folder.device(name), self.state["online_devices"][name]
        number, serial = bytes.fromhex(known["terminal_number"]), bytes.fromhex(known["psam_serial"])
        OnlineDevice.create(folder, OnlineSettings(self.server.address, number, serial))
        return OnlineDevice(folder, patience=PATIENCE)

    @property
    def environ(self) -> dict[str, str]:
        """The settings of the product here, for its commands."""
        return {**self.folder.environ(self.server.port), **self.provider.environ()}

    def booked_at_provider_fen(self) -> int:
        """What the books say that the payment provider holds for the city."""
        try:
            held = self.desk("auditor").get(f"/v1/accounts/{PROVIDER_ACCOUNT}/balance")
        except Refused as refusal:
            if refusal.code != "unknown_account":
                raise
            return 0  # opened with the first payment
        return int(held["balance_fen"])

    def approve(self, approval_id: str, reason: str) -> None:
        """Let the supervisor agree to what somebody else proposed."""
        self.desk("supervisor").post(
            f"/v1/approvals/{approval_id}/decisions", {"decision": "approve", "reason": reason}
        )

    def remember(self) -> None:
        """Keep the state for the next run."""
        self.folder.remember(self.state)


@contextmanager
def running(folder: Folder, port: int, *, for_visitors: bool = False) -> Iterator[City]:
    """The city's processes, ended again when the block is left: the stand-in, the server, the reader agent of the counter.

    Args:
        folder: of the city.
        port: of the server on 127.0.0.1.
        for_visitors: the reader agent listens where agents usually do, if nobody else does; else on any free port.

    Raises:
        CommandFailed, PortTaken, ProviderDied, ServerDied: something does not start; the sentence says what.
    """
    bootstrap(folder, port)
    deliveries = Deliveries(f"http://127.0.0.1:{port}/webhooks/stripe")
    with deliveries, Provider(folder, deliveries.address) as provider:
        agent_port = port_for_agent(usual=for_visitors)
        environ = {**folder.environ(port), **provider.environ(), "CITIZENCARD_AGENT_PORT": str(agent_port)}
        with Server(port, environ, folder.path / "server.log") as server:
            city = City(folder, server, provider, deliveries)
            city.workstation = Workstation(folder, server.address, agent_port)
            try:
                yield city
            finally:
                city.workstation.stop()


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
