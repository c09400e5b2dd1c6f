"""A clerk's desk for tests: a real reader agent that listens on 127.0.0.1, an emulated slot, and the page that carries messages."""

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from citizencard.audit import Actor
from citizencard.cards.reader_jobs import Workbench
from citizencard.db import Sessions, transaction
from citizencard.keys.hsm import Hsm
from citizencard.purse.loads.kinds import READER_JOBS
from citizencard.workstations import pairing, relay
from citizencard.workstations.messages import fingerprint
from citizencard.workstations.relay import Given, Handed, JobWish
from hardware.agent.agent import Agent
from hardware.agent.folder import AgentFolder
from hardware.agent.reader import EmulatedSlot
from hardware.agent.server import AgentServer
from hardware.emulator import EmulatedCard

PUBLIC_URL = "https://card.example.cn/"
ORIGIN = "https://card.example.cn"
CLERK = Actor("staff", "staff_clerk", person_id="P-1", role="clerk")
SUPERVISOR = Actor("staff", "staff_supervisor", person_id="P-2", role="supervisor")
MAX_STEPS = 200


@dataclass
class Desk:
    """One workstation; `now` is the agent's clock."""

    images: Path
    folder: AgentFolder
    now: datetime
    origin: str = ORIGIN

    def __post_init__(self) -> None:
        self.slot = EmulatedSlot(self.images)
        self.agent = Agent(self.folder, self.slot, lambda: self.now, self.origin)
        self.server = AgentServer(self.agent, 0)

    def put_in(self, card: EmulatedCard, name: str = "card.json") -> None:
        """Put a chip into the slot."""
        card.image.save(self.images / name)
        self.slot.put_in(name)

    def post(self, path: str, document: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """What the page does: POST JSON to the agent."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=10)
        try:
            headers = {"Origin": self.origin, "Content-Type": "application/json", "X-Citizencard-Agent": "1"}
            connection.request("POST", path, json.dumps(document), {"Host": self.server.authority, **headers})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def say(self, offered: Mapping[str, str]) -> tuple[dict[str, Any], str]:
        """Hand the server's offer to the agent with the code that it shows; returns its answer and the code."""
        code = self.agent.code.shown()
        status, said = self.post("/pairings", {**offered, "code": code})
        assert status == 201, said
        return said, code

    def carry(self, signed: Mapping[str, Any] | None) -> dict[str, Any]:
        """Carry a signed step to the agent."""
        assert signed is not None
        status, answer = self.post("/steps", signed)
        assert status == 200, answer
        return answer


@contextmanager
def at_desk(folder: Path, now: datetime, origin: str = ORIGIN) -> Iterator[Desk]:
    """A desk whose agent listens and belongs to nobody yet."""
    images = folder / "cards"
    images.mkdir(parents=True)
    with AgentFolder(folder / "agent") as kept:
        desk = Desk(images, kept, now, origin)
        thread = threading.Thread(target=lambda: desk.server.serve_forever(poll_interval=0.02))
        thread.start()
        try:
            yield desk
        finally:
            desk.server.shutdown()
            thread.join()
            desk.server.server_close()
            desk.agent.close()


@dataclass
class Counter:
    """The server's side of one desk."""

    sessions: Sessions
    hsm: Hsm
    desk: Desk

    @property
    def bench(self) -> Workbench:
        return Workbench(self.sessions, self.hsm, READER_JOBS)

    @property
    def now(self) -> datetime:
        return self.desk.now

    def pair(self) -> str:
        """Pair the desk's agent; nobody has confirmed it."""
        offered = pairing.offer(self.hsm, PUBLIC_URL)
        said, code = self.desk.say(offered.document())
        new = pairing.NewAgent(pairing.read_said(offered, said, code), "counter 1", None)
        with transaction(self.sessions) as session:
            return pairing.pair(session, offered, new, CLERK, self.now).id

    def confirm(self) -> str:
        """Pair it, and have it confirmed by somebody else."""
        agent_id = self.pair()
        with transaction(self.sessions) as session:
            pairing.confirm(session, agent_id, fingerprint(self.desk.folder.public_key), SUPERVISOR, self.now)
        return agent_id

    def begin(self, agent_id: str, kind: str, subject_id: str) -> Handed:
        """The first step of a job."""
        return relay.begin_job(self.bench, JobWish(agent_id, kind, subject_id, CLERK), self.now)

    def answer(self, answer: Mapping[str, Any], token: str = "") -> Handed:
        """Hand an agent's answer in."""
        return relay.answer_job(self.bench, Given(answer, token, CLERK), self.now)

    def step(self, handed: Handed) -> Handed:
        """Carry one step out and its answer in."""
        return self.answer(self.desk.carry(handed.signed), handed.token)

    def finish(self, handed: Handed) -> Handed:
        """All the steps of a job."""
        for _ in range(MAX_STEPS):
            if handed.done:
                return handed
            handed = self.step(handed)
        raise AssertionError("the job does not end")
