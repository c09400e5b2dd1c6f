"""A clerk's workstation for tests: the running agent, the server that signs for it, and a browser that sends any headers it is told to."""

import hashlib
import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hardware.agent.agent import Agent
from hardware.agent.folder import AgentFolder
from hardware.agent.messages import PairingRequest, Step
from hardware.agent.reader import EmulatedSlot
from hardware.agent.server import AgentServer
from hardware.card.apdu import CommandApdu
from hardware.card.profile import PURSE_AID
from hardware.card.purse import GetBalance, select_application
from tests.hardware.emulator.make_cards import personalised_card

ORIGIN = "https://card.example.cn"
NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
SESSION = "session_of_tests_01"
BALANCE_FEN = 12_345
READ_BALANCE = (select_application(PURSE_AID), GetBalance().command())


@dataclass
class Reply:
    """What the browser got."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["code"])


@dataclass
class Workstation:
    """The desk; `now` is the clock of everybody at it."""

    images: Path
    folder: AgentFolder
    slot: EmulatedSlot
    server_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.agent = Agent(self.folder, self.slot, lambda: self.now, ORIGIN)

    def listen(self) -> None:
        """Open the agent's door."""
        self.server = AgentServer(self.agent, 0)

    def pass_time(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @property
    def agent_key(self) -> bytes:
        return self.folder.public_key

    def offer(self, code: str = "", **changes: Any) -> dict[str, Any]:
        """The server's wish to be paired, with what the clerk typed."""
        key = self.server_key.public_key().public_bytes_raw().hex().upper()
        return {"origin": ORIGIN, "server_key": key, "code": code or self.agent.code.shown(), **changes}

    def pair(self) -> None:
        """Pair without HTTP."""
        self.agent.pair(PairingRequest.read(self.offer()))

    def step(
        self, number: int = 1, commands: tuple[CommandApdu, ...] = READ_BALANCE, session: str = SESSION, **changes: Any
    ) -> dict[str, Any]:
        """A step signed by the server."""
        key = changes.pop("key", self.server_key)
        document = {
            "agent": self.folder.agent,
            "session": session,
            "step": number,
            "apdus": [command.to_bytes().hex().upper() for command in commands],
            "expected": [["9000"] for _ in commands],
            "exp": int(self.now.timestamp()) + 20,
            "signature": "00" * 64,
            **changes,
        }
        signature = key.sign(Step.read(document).signed_bytes())
        return {**document, "signature": signature.hex().upper()}

    def signed_answer(self, step: Mapping[str, Any], answer: Mapping[str, Any]) -> bytes:
        """The bytes of an answer written out from README.md, not by the agent's own code."""
        commands = "".join(
            f"apdu={apdu}\nexpected={','.join(words)}\n"
            for apdu, words in zip(step["apdus"], step["expected"], strict=True)
        )
        head = f"agent={step['agent']}\nsession={step['session']}\nstep={step['step']}\n"
        asked = f"citizencard-agent step 1\n{head}exp={step['exp']}\n{commands}"
        responses = "".join(f"response={response}\n" for response in answer["responses"])
        return (
            f"citizencard-agent answer 1\n{head}step_sha256={_sha256(asked)}\nrealm={answer['realm']}\n"
            f"atr={answer['atr']}\n{responses}torn={'yes' if answer['torn'] else 'no'}\n"
        ).encode()

    def verify(self, signature: str, signed: bytes) -> None:
        """Raises InvalidSignature."""
        Ed25519PublicKey.from_public_bytes(self.agent_key).verify(bytes.fromhex(signature), signed)

    def post(self, path: str, document: object, **changes: str | None) -> Reply:
        """A page's POST; `changes` replace headers (underscores for hyphens), None leaves one out."""
        return self.send("POST", path, json.dumps(document).encode(), **changes)

    def send(self, method: str, path: str, body: bytes = b"", /, **changes: str | None) -> Reply:
        """Send a request with exactly these headers."""
        headers: dict[str, str | None] = {
            "Host": self.server.authority,
            "Origin": ORIGIN,
            "Content-Type": "application/json",
            "X-Citizencard-Agent": "1",
            "Content-Length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in changes.items()},
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=10)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                for one in [] if value is None else value.split("\n"):
                    connection.putheader(name, one)
            connection.endheaders(body)
            response = connection.getresponse()
            raw = response.read()
            return Reply(response.status, dict(response.headers), json.loads(raw) if raw else None)
        finally:
            connection.close()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest().upper()


@contextmanager
def at_work(tmp_path: Path) -> Iterator[Workstation]:
    """A desk with one card in the reader; the agent listens, and belongs to nobody yet."""
    images = tmp_path / "cards"
    images.mkdir(exist_ok=True)
    if not (images / "a.json").exists():
        personalised_card(images / "a.json", balance_fen=BALANCE_FEN).remove()
    slot = EmulatedSlot(images)
    slot.put_in("a.json")
    with AgentFolder(tmp_path / "agent") as folder:
        desk = Workstation(images, folder, slot)
        desk.listen()
        thread = threading.Thread(target=lambda: desk.server.serve_forever(poll_interval=0.02))
        thread.start()
        try:
            yield desk
        finally:
            desk.server.shutdown()
            thread.join()
            desk.server.server_close()
            desk.agent.close()
