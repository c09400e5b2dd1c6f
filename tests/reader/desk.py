"""The server's and the page's side of an agent that runs as a process: signed steps over real HTTP, and a card channel made of them."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hardware.agent.messages import Step
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.errors import CardRemoved
from tests.reader.stack import RunningAgent

ORIGIN = "https://card.example.cn"
STEP_LIFE_S = 20
HTTP_TIMEOUT_S = 60


@dataclass
class Desk:
    """A page at an agent, and the server behind the page; `prefix` goes before the name of every session."""

    agent: RunningAgent
    server_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    prefix: str = ""

    def pair(self) -> dict[str, Any]:
        """Type the code that the agent shows."""
        key = self.server_key.public_key().public_bytes_raw().hex().upper()
        reply = self.post("/pairings", {"origin": ORIGIN, "server_key": key, "code": self.agent.code})
        assert reply.status_code == 201, reply.text
        said: dict[str, Any] = reply.json()
        return said

    def step(self, session: str, number: int, *commands: CommandApdu) -> dict[str, Any]:
        """A step as the server signs it; any answer of the card lets the next command be sent."""
        document = {
            "agent": self.agent.agent,
            "session": self.prefix + session,
            "step": number,
            "apdus": [command.to_bytes().hex().upper() for command in commands],
            "expected": [["9000", "6A82", "6982"] for _ in commands],
            "exp": int(datetime.now(UTC).timestamp()) + STEP_LIFE_S,
            "signature": "00" * 64,
        }
        return {**document, "signature": self.server_key.sign(Step.read(document).signed_bytes()).hex().upper()}

    def post(self, path: str, document: dict[str, Any]) -> requests.Response:
        """As the paired page does."""
        headers = {"Origin": ORIGIN, "X-Citizencard-Agent": "1"}
        return requests.post(f"{self.agent.address}{path}", json=document, headers=headers, timeout=HTTP_TIMEOUT_S)

    def take(self, session: str, number: int, *commands: CommandApdu) -> dict[str, Any]:
        """Send a step; the answer, or the problem document."""
        answer: dict[str, Any] = self.post("/steps", self.step(session, number, *commands)).json()
        return answer


class AgentChannel:
    """A `CardChannel` whose every command is a signed step of one session.

    Args:
        desk: a paired one.
        session: a name not used before.
    """

    def __init__(self, desk: Desk, session: str) -> None:
        self._desk = desk
        self._session = session
        self._numbers = itertools.count(2)
        self.atr = bytes.fromhex(desk.take(session, 1)["atr"])

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        """As a step of its own.

        Raises:
            CardRemoved: the step came back torn.
        """
        answer = self._desk.take(self._session, next(self._numbers), command)
        if answer["torn"]:
            raise CardRemoved
        return ResponseApdu.from_bytes(bytes.fromhex(answer["responses"][0]))
