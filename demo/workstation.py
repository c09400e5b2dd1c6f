"""The counter's workstation: the real reader agent (`citizencard-agent`) in a process of its own, and what its page would carry to it."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import requests

from demo.folder import ROOT, Folder
from demo.staff import Answer, Desk, JobFailed, Refused
from hardware.agent.reader import EmulatedSlot
from hardware.agent.server import DEFAULT_PORT

INTRODUCTION_LINES = 3
STOP_WITHIN_S = 15
TIMEOUT_S = (3.05, 30)
MAX_STEPS = 300
MAX_BEGINNINGS = 5
PAUSE_S = 0.2
NAME = "Counter 1"
MAY_BEGIN_ANEW = {
    "agent_answer_taken",
    "agent_answer_late",
    "unknown_agent_session",
    "session_over",
    "step_expired",
    "step_out_of_order",
    "no_reader",
    "reader_busy",
}
"""What happens to a page whose server was away for a moment: the job is begun anew and goes on by what the card says."""


class WorkstationFailed(Exception):
    """The reader agent did not start or does not answer; its log says why."""


class AgentRefused(Exception):
    """The agent refused a request; carries its problem's code."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{problem.get('code')}: {problem.get('title')}")
        self.code = str(problem.get("code"))


class Workstation:
    """A counter's computer with an emulated reader over the city's card images.

    Args:
        folder: of the city; the agent has a folder of its own in it.
        origin: of the server's pages.
        port: of the agent on 127.0.0.1; 0 takes a free one.
    """

    def __init__(self, folder: Folder, origin: str, port: int) -> None:
        self._folder = folder
        self._port = port
        self._origin = origin
        self._agent_folder = folder.path / "agent"
        self._slot = EmulatedSlot(folder.path / "cards")
        self._process: subprocess.Popen[str] | None = None
        self.agent_id = ""
        self.fingerprint = ""
        self.address = ""

    def open(self, clerk: Desk, supervisor: Desk, state: dict[str, Any]) -> bool:
        """Start the agent; a clerk pairs it with the server if it is not paired yet, and a supervisor confirms it.

        Args:
            clerk: stands at the workstation and types the code that it shows.
            supervisor: compares the fingerprint.
            state: of the city: keeps which agent belongs to which address.

        Returns:
            Whether it was paired just now.

        Raises:
            WorkstationFailed: it does not start.
        """
        if self._process is not None:
            return False
        known = state.get("agent", {})
        if known.get("origin") != self._origin or not known.get("confirmed"):
            self._forget(clerk, known)
        said = self._start()
        code = re.search(r"pairing code (\S+)", said)
        if code is None:
            return False
        self._pair(clerk, code[1], str(state["outlet_id"]))
        supervisor.post(f"/v1/reader-agents/{self.agent_id}/confirmations", {"fingerprint": self.fingerprint})
        state["agent"] = {"id": self.agent_id, "origin": self._origin, "confirmed": True}
        self._folder.remember(state)
        return True

    def stop(self) -> None:
        """End the agent; a step that runs is finished first."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    @contextmanager
    def inserted(self, image: str) -> Iterator[None]:
        """A card in the agent's reader, taken out afterwards."""
        self._slot.put_in(image)
        try:
            yield
        finally:
            self._slot.take_out()

    def put_in(self, image: str) -> None:
        """Leave a card in the reader."""
        self._slot.put_in(image)

    def carry(self, signed: Mapping[str, Any]) -> Answer:
        """Carry a signed step to the agent, as the page does.

        Raises:
            AgentRefused: the agent does not take it.
        """
        return self._ask("/steps", signed)

    def job(self, desk: Desk, kind: str, subject_id: str) -> tuple[Answer, int]:
        """Carry out a reader job on the card in the agent's reader.

        Returns:
            The last answer of the server, with `outcome`, and how many steps were carried.

        Raises:
            Refused, AgentRefused: for another reason than that the server was away for a moment.
            JobFailed: it does not end, however often it is begun.
        """
        carried = 0
        for _ in range(MAX_BEGINNINGS):
            try:
                handed, steps = self._run(desk, kind, subject_id)
            except (AgentRefused, Refused) as refusal:
                if refusal.code not in MAY_BEGIN_ANEW:
                    raise
                time.sleep(PAUSE_S)
                continue
            carried += steps
            return handed, carried
        raise JobFailed(f"{kind} of {subject_id} did not come to its end")

    def _run(self, desk: Desk, kind: str, subject_id: str) -> tuple[Answer, int]:
        path = f"/v1/reader-agents/{self.agent_id}"
        handed = desk.post(f"{path}/jobs", {"kind": kind, "subject_id": subject_id})
        for steps in range(MAX_STEPS):
            if handed["done"]:
                return handed, steps
            answer = self.carry(handed["signed"])
            handed = desk.post(f"{path}/answers", {"answer": answer, "token": handed["token"] or ""})
        raise JobFailed(f"{kind} did not end within {MAX_STEPS} steps")

    def _start(self) -> str:
        log = self._folder.path / "agent.log"
        arguments = ["--folder", str(self._agent_folder), "--emulate", str(self._folder.path / "cards")]
        with log.open("a") as errors:
            self._process = subprocess.Popen(
                [*_agent("run"), *arguments, "--port", str(self._port), "--origin", self._origin],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        stdout = self._process.stdout
        said = "" if stdout is None else "".join(stdout.readline() for _ in range(INTRODUCTION_LINES))
        introduced = re.search(r"agent (\S+) on (http://[^\s,]+),.*\nfingerprint (.+)\n", said)
        if introduced is None:
            self.stop()
            raise WorkstationFailed(f"the reader agent did not start; see {log}")
        self.agent_id, self.address, self.fingerprint = introduced.groups()
        return said

    def _pair(self, clerk: Desk, code: str, outlet_id: str) -> None:
        offer = clerk.get("/v1/reader-agents/offer")
        wanted = {"origin": offer["origin"], "server_key": offer["server_key"], "code": code}
        said = self._ask("/pairings", wanted)
        clerk.post("/v1/reader-agents", {"name": NAME, "outlet_id": outlet_id, "code": code, "said": said})

    def _forget(self, clerk: Desk, known: Mapping[str, Any]) -> None:
        """The agent belonged to another address, or was paired and never confirmed: it begins anew with a new key."""
        if not (self._agent_folder / "agent.json").exists():
            return
        subprocess.run(
            [*_agent("unpair"), "--folder", str(self._agent_folder)], cwd=ROOT, check=True, capture_output=True
        )
        if known.get("id"):
            clerk.post(f"/v1/reader-agents/{known['id']}", method="DELETE")

    def _ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        headers = {"Origin": self._origin, "X-Citizencard-Agent": "1"}
        try:
            answer = requests.post(self.address + path, json=body, headers=headers, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            raise WorkstationFailed(f"the reader agent does not answer ({type(error).__name__})") from None
        found: Answer = answer.json()
        if not answer.ok:
            raise AgentRefused(found)
        return found


def port_for_agent(*, usual: bool) -> int:
    """A free port; the one at which pages look for an agent if it shall be the usual one and nobody else listens there."""
    for port in (DEFAULT_PORT, 0) if usual else (0,):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            found: int = probe.getsockname()[1]
            return found
    raise WorkstationFailed("no port is free")


def _agent(act: str) -> list[str]:
    return [sys.executable, "-c", "from hardware.cli.agent import main; main()", act]
