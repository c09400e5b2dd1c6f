"""Clients that write down what they ask before they ask it, and what they were answered before they believe it, on disk (fsync)."""

import json
import os
import random
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.drills.ledger_server import SOCKET, Answer, Command

TIMEOUT_S: Final = 60
WALLETS: Final = tuple(f"wallet:k{number}" for number in range(24))
MERCHANTS: Final = tuple(f"merchant:k{number}:clearing" for number in range(3))


class Unanswered(Exception):
    """Nobody knows whether it was done: the connection or the database broke."""


class Line:
    """A connection to the server.

    Args:
        folder: where its socket is.
    """

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(TIMEOUT_S)
        try:
            self._socket.connect(str(folder / SOCKET))
        except OSError as error:
            self._socket.close()
            raise Unanswered from error
        self._file = self._socket.makefile("rwb")

    def ask(self, command: Command) -> Answer:
        """Send a command and wait for the answer.

        Raises:
            Unanswered: there is none, or none that says what became of it.
        """
        try:
            self._file.write(json.dumps(command).encode() + b"\n")
            self._file.flush()
            said = self._file.readline()
        except OSError as error:
            raise Unanswered from error
        if not said.endswith(b"\n"):
            raise Unanswered
        answer: Answer = json.loads(said)
        if "broken" in answer:
            raise Unanswered(answer["broken"])
        return answer

    def close(self) -> None:
        """Hang up."""
        try:
            self._file.close()
        except OSError:
            pass  # what could not be sent was never answered
        finally:
            self._socket.close()


@dataclass
class Noted:
    """A command as the log has it, and its last answer; without one nobody knows."""

    command: Command
    answer: Answer | None = None


class Log:
    """What was asked and answered, on disk before anybody goes on.

    Args:
        place: the file; appended to.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._read: dict[int, Noted] = {}
        self._read_to = 0
        self._file = os.open(place, os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def note(self, number: int, what: str, content: dict[str, Any]) -> None:
        """Write a line and wait until the disk has it."""
        os.write(self._file, json.dumps({"n": number, what: content}).encode() + b"\n")
        os.fsync(self._file)

    def close(self) -> None:
        """Nothing more is written."""
        os.close(self._file)

    def read(self) -> dict[int, Noted]:
        """Everything in the file, by number: what was read before is remembered."""
        with self._place.open("rb") as lines:
            lines.seek(self._read_to)
            for line in lines:
                read = json.loads(line)
                if "asked" in read:
                    self._read[read["n"]] = Noted(read["asked"])
                else:
                    self._read[read["n"]].answer = read["answered"]
            self._read_to = lines.tell()
        return self._read


class Client:
    """One customer of the server: tops up, buys, reserves, settles, gives back, reverses.

    Args:
        name: begins all its references.
        folder: of the server's socket and of the log.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.log = Log(folder / f"{name}.log")
        self._folder = folder
        self._chance = random.Random(name)
        self._numbers = iter(range(1, 10**9))
        self._holds: list[tuple[str, int]] = []
        self._posted: list[str] = []

    def work(self, until: threading.Event) -> None:
        """Ask one thing after the other until told to stop, or until nobody answers."""
        try:
            line = Line(self._folder)
        except Unanswered:
            return
        try:
            for command in self._commands():
                if until.is_set():
                    return
                number = next(self._numbers)
                self.log.note(number, "asked", command)
                answer = line.ask(command)
                self.log.note(number, "answered", answer)
                self._learn(command, answer)
        except Unanswered:
            return
        finally:
            line.close()

    def _learn(self, command: Command, answer: Answer) -> None:
        if command["do"] == "hold" and "held" in answer:
            self._holds.append((command["hold"], command["amount"]))
        elif command["do"] in {"post", "hot"} and "ids" in answer:
            self._posted = [*self._posted[-20:], command["transfers"][0][0]]

    def _commands(self) -> Iterator[Command]:
        chance = self._chance
        while True:
            name = f"{self.name}:{next(self._numbers)}"
            kind = chance.choices(
                ("post", "batch", "each", "hot", "hold", "settle", "release", "reverse"), (25, 15, 15, 15, 12, 9, 4, 5)
            )[0]
            if kind in {"post", "hot"}:
                yield {"do": kind, "transfers": [self._one(name)]}
            elif kind in {"batch", "each"}:
                parts = [self._one(f"{name}.{part}") for part in range(chance.randint(2, 5))]
                yield {"do": "post" if kind == "batch" else kind, "transfers": parts}
            elif kind == "hold":
                sides = {"debit": chance.choice(WALLETS), "credit": chance.choice(MERCHANTS)}
                yield {
                    "do": "hold",
                    "hold": name,
                    **sides,
                    "amount": chance.randint(10, 60),
                    "short": chance.random() < 0.3,
                }
            elif kind == "reverse" and self._posted:
                yield {"do": "reverse", "reference": self._posted.pop(chance.randrange(len(self._posted)))}
            elif kind in {"settle", "release"} and self._holds:
                yield self._end(kind)

    def _end(self, kind: str) -> Command:
        hold, amount_fen = self._holds.pop(self._chance.randrange(len(self._holds)))
        if kind == "release":
            return {"do": "release", "hold": hold}
        part = self._chance.choice((amount_fen, max(1, amount_fen // 2)))
        return {"do": "settle", "hold": hold, "n": 1, "amount": part, "final": self._chance.random() < 0.7}

    def _one(self, name: str) -> tuple[str, str, str, int]:
        chance = self._chance
        code = chance.choice(WALLETS)
        draw = chance.random()
        if draw < 0.45:
            return name, "bank", code, chance.randint(10, 90)
        if draw < 0.9:
            return name, code, chance.choice(MERCHANTS), chance.randint(5, 80)
        return name, chance.choice([other for other in WALLETS if other != code]), code, chance.randint(1, 30)
