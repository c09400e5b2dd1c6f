"""The PC/SC service, cards in its virtual reader, and the agent, as processes: plain context managers, each ends what it began."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from hardware.emulator.pcscd import READER, PrivatePcscd
from hardware.emulator.vpcd import VpcdSlot
from hardware.readers.process import CHILD
from hardware.readers.watch import ReaderWatch

NOTICED_S = 10
LOOK_S = 0.01
END_S = 20
INTRODUCTION_LINES = 3


class VirtualReader:
    """A reader with two slots behind a PC/SC service of its own.

    Attributes:
        service: the service; `kill()` and `start()` play its death and restart.
        environment: what a process needs to find it.
        command: the reader process of `hardware.readers` as it finds this service.
    """

    def __init__(self, service: PrivatePcscd) -> None:
        self.service = service
        self.environment = service.environment
        self.command = ("env", *(f"{name}={value}" for name, value in self.environment.items()), *CHILD)
        self.slots = tuple(VpcdSlot(port) for port in service.ports)
        self._watch = ReaderWatch(command=self.command)

    @staticmethod
    def name(slot: int = 0) -> str:
        """What the service calls a slot."""
        return f"{READER} 00 {slot:02d}"

    def insert(self, card: EmulatedCard | Path, slot: int = 0) -> EmulatedCard:
        """Put a card in, and wait until the service has seen it."""
        inserted = card if isinstance(card, EmulatedCard) else EmulatedCard(CardImage.load(card))
        self.slots[slot].insert(inserted)
        self.wait(slot, present=True)
        return inserted

    def remove(self, slot: int = 0) -> None:
        """Pull the card out, and wait until the service has seen that."""
        self.slots[slot].remove()
        self.wait(slot, present=False)

    def wait(self, slot: int = 0, *, present: bool) -> None:
        """Wait until the service has seen that a card came, or went.

        Its clients hear of a card that left by a failed command at once, but only the service's next look, up to 400 ms later, makes it
        ready for another card: a swap between two looks is never noticed. So a removal is awaited in its log as well.
        """
        deadline, pause = time.monotonic() + NOTICED_S, threading.Event()
        while not present and self._looked_at(slot) and time.monotonic() < deadline:
            pause.wait(LOOK_S)
        self._watch.wait(0)
        while not any(reader.name == self.name(slot) and reader.card == present for reader in self._watch.readers()):
            assert time.monotonic() < deadline, f"{self.name(slot)} is not {'full' if present else 'empty'}"
            self._watch.wait(NOTICED_S)

    def _looked_at(self, slot: int) -> bool:
        """Whether the service's own look still counts a card in the slot."""
        log, name = self.service.log, self.name(slot)
        return log.count(f"Card inserted into {name}") > log.count(f"Card Removed From {name}")

    def empty(self) -> None:
        """Pull every card out, whether the service lives or not."""
        for slot in self.slots:
            slot.remove()

    def close(self) -> None:
        """Empty it and look no more."""
        self.empty()
        self._watch.close()


@contextmanager
def virtual_reader() -> Iterator[VirtualReader]:
    """A running service with an empty reader.

    Raises:
        NoReader: a Debian package is missing; the sentence names it.
    """
    with PrivatePcscd() as service:
        reader = VirtualReader(service)
        try:
            yield reader
        finally:
            reader.close()


@dataclass(frozen=True)
class RunningAgent:
    """An agent as a process of its own, and what it said of itself.

    Attributes:
        address: `http://127.0.0.1:…`.
        code: the pairing code; empty when it is paired.
        log: the file of its log.
    """

    address: str
    agent: str
    fingerprint: str
    code: str
    introduction: str
    log: Path


@contextmanager
def running_agent(
    folder: Path, *arguments: str, port: int = 0, environment: Mapping[str, str] | None = None
) -> Iterator[RunningAgent]:
    """`citizencard-agent run` on a folder of its own, with `--pcsc …` or `--emulate …` as arguments; port 0 takes a free one."""
    command = [*_command("agent"), "run", "--folder", str(folder), "--port", str(port), *arguments]
    log = folder.with_name(f"{folder.name}.log")
    with _process(command, environment, log) as process:
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(INTRODUCTION_LINES))
        assert said.count("\n") == INTRODUCTION_LINES, f"the agent did not start:\n{said}{log.read_text()}"
        yield RunningAgent(
            address=_found(r"on (http://\S+),", said),
            agent=_found(r"agent (agt_\S+)", said),
            fingerprint=_found(r"fingerprint (.+)", said),
            code=_found(r"pairing code (\S+)|$", said) or "",
            introduction=said,
            log=log,
        )


@contextmanager
def card_in_reader(image: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """`citizencard-card emulate`: a process that is a card in the slot; when it ends the card is pulled."""
    command = [*_command("card"), "emulate", str(image), "--port", str(port)]
    with _process(command, None, image.with_suffix(".log")) as process:
        assert process.stdout is not None
        assert "is in the virtual reader" in process.stdout.readline()
        yield process


def _command(name: str) -> list[str]:
    return [sys.executable, "-c", f"from hardware.cli.{name} import main; main()"]


@contextmanager
def _process(command: list[str], environment: Mapping[str, str] | None, log: Path) -> Iterator[subprocess.Popen[str]]:
    with log.open("a") as errors:
        whole = {**os.environ, **(environment or {})}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=whole)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            assert process.stdout is not None
            process.stdout.close()


def _found(pattern: str, said: str) -> str:
    match = re.search(pattern, said)
    assert match is not None, said
    return match[1]
