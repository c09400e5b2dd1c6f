"""The names that a terminal gives to what it asks for on line, in a small file that survives a cut of power.

A name is stored before it is used, so that it is never given twice, and stays open until the server has answered. What is open after a
crash is taken back: the terminal does not know whether money moved.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hardware.terminal.errors import DeviceInvalid

FORMAT: Final = 1
MAX_NUMBER: Final = 2**32 - 1
MAX_OPEN: Final = 100
MAX_FILE_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class EventName:
    """Names an event for ever.

    Args:
        terminal: the terminal number, 6 bytes BCD.
        batch: number given at sign-in.
        trace: counted by the terminal in that batch, from 1.
    """

    terminal: bytes
    batch: int
    trace: int

    def as_json(self) -> dict[str, object]:
        """The three fields that every on-line request begins with."""
        return {"terminal_number": self.terminal.hex().upper(), "batch": self.batch, "trace": self.trace}


class Traces:
    """The counter of one terminal.

    Args:
        path: its file; made at the first use.
        terminal: the terminal number, 6 bytes BCD.

    Raises:
        DeviceInvalid: the file cannot be used.
    """

    def __init__(self, path: Path, terminal: bytes) -> None:
        self._path = path
        self.terminal = terminal
        self._batch, self._trace, self._open = self._read()

    def begin(self, batch: int) -> None:
        """Count in a new batch from now on; a number that is not higher changes nothing."""
        if batch > self._batch:
            self._batch, self._trace = batch, 0
            self._write()

    def take(self) -> EventName:
        """The next name; it is open until `close`.

        Raises:
            DeviceInvalid: the terminal has not signed in, or too much is open.
        """
        if not self._batch:
            raise DeviceInvalid(self._path, "no batch number yet; sign in first")
        if len(self._open) >= MAX_OPEN or self._trace >= MAX_NUMBER:
            raise DeviceInvalid(self._path, "too much is open; the server must be reached first")
        self._trace += 1
        name = EventName(self.terminal, self._batch, self._trace)
        self._open.append(name)
        self._write()
        return name

    def close(self, name: EventName) -> None:
        """The server has answered."""
        if name in self._open:
            self._open.remove(name)
            self._write()

    def open_names(self) -> list[EventName]:
        """What has no answer yet, oldest first."""
        return list(self._open)

    def _read(self) -> tuple[int, int, list[EventName]]:
        if not self._path.exists():
            return 0, 0, []
        try:
            with self._path.open("rb") as file:
                document = json.loads(file.read(MAX_FILE_BYTES))
            if document["format"] != FORMAT:
                raise DeviceInvalid(self._path, "has another format")
            numbers = [[int(batch), int(trace)] for batch, trace in document["open"]]
            opened = [EventName(self.terminal, batch, trace) for batch, trace in numbers]
            return int(document["batch"]), int(document["trace"]), opened
        except (OSError, ValueError, KeyError, TypeError):
            raise DeviceInvalid(self._path, "is not a file of traces") from None

    def _write(self) -> None:
        opened = [[name.batch, name.trace] for name in self._open]
        document = {"format": FORMAT, "batch": self._batch, "trace": self._trace, "open": opened}
        temporary = self._path.with_suffix(".new")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
