"""A small list in a file that survives a cut of power: what a terminal has begun and must bring to an end."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Generic, TypeVar

from hardware.terminal.errors import DeviceInvalid

FORMAT: Final = 1
MAX_ENTRIES: Final = 500
MAX_FILE_BYTES: Final = 512 * 1024

Entry = TypeVar("Entry")


class Journal(Generic[Entry]):
    """The open entries of one kind, oldest first; on the disk before any call returns.

    Args:
        path: its file; made at the first use.
        read: makes an entry from what was written; raises ValueError, KeyError or TypeError for anything else.
        write: what is written of an entry, as JSON values.

    Raises:
        DeviceInvalid: the file cannot be used.
    """

    def __init__(
        self, path: Path, read: Callable[[Mapping[str, object]], Entry], write: Callable[[Entry], Mapping[str, object]]
    ) -> None:
        self._path, self._encode = path, write
        self._entries = self._read(read)

    def entries(self) -> list[Entry]:
        """What is open, oldest first."""
        return list(self._entries)

    def add(self, entry: Entry) -> None:
        """Keep one more.

        Raises:
            DeviceInvalid: too much is open.
        """
        if len(self._entries) >= MAX_ENTRIES:
            raise DeviceInvalid(self._path, "too much is open; the server must be reached first")
        self._store([*self._entries, entry])

    def replace(self, old: Entry, new: Entry) -> None:
        """Keep another in the place of one that is there."""
        self._store([new if entry == old else entry for entry in self._entries])

    def remove(self, entry: Entry) -> None:
        """Forget one that has come to its end; once more changes nothing."""
        if entry in self._entries:
            self._store([kept for kept in self._entries if kept != entry])

    def _read(self, read: Callable[[Mapping[str, object]], Entry]) -> list[Entry]:
        if not self._path.exists():
            return []
        try:
            with self._path.open("rb") as file:
                document = json.loads(file.read(MAX_FILE_BYTES))
            if document["format"] != FORMAT:
                raise DeviceInvalid(self._path, "has another format")
            return [read(entry) for entry in document["open"]]
        except (OSError, ValueError, KeyError, TypeError):
            raise DeviceInvalid(self._path, "cannot be read") from None

    def _store(self, entries: list[Entry]) -> None:
        document = {"format": FORMAT, "open": [dict(self._encode(entry)) for entry in entries]}
        temporary = self._path.with_suffix(".new")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        self._entries = entries
