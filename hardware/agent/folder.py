"""What the agent keeps on disk: its own key and the server it belongs to (`agent.json`), and the steps it has taken (`taken.json`).

Both files have mode 0600, are replaced whole, and are on disk before anything is done that follows from them. One process at a time.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hardware.agent.errors import AgentFolderInUse, AgentFolderInvalid
from hardware.agent.messages import KEY_BYTES, agent_id, is_origin

OTHERS_MAY: Final = 0o077
MAX_FILE_BYTES: Final = 65_536
AGENT_FILE: Final = "agent.json"
TAKEN_FILE: Final = "taken.json"


@dataclass(frozen=True, slots=True)
class Pairing:
    """The server that the agent belongs to: origin of its pages, and its Ed25519 public key of 32 bytes."""

    origin: str
    server_key: bytes


class AgentFolder:
    """The agent's folder, locked while it is open. A new one gets a new key.

    Args:
        path: the folder; made with mode 0700 when it is not there.

    Raises:
        AgentFolderInUse: an agent runs on it.
        AgentFolderInvalid: readable by others, or its files are damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_mode & OTHERS_MAY:
            raise AgentFolderInvalid(path, "may be open to its owner only (mode 0700)")
        self._lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._key, self.pairing = self._open()
        except BlockingIOError:
            os.close(self._lock)
            raise AgentFolderInUse(f"{path}: an agent is running on it; stop it first") from None
        except AgentFolderInvalid:
            os.close(self._lock)
            raise

    def __repr__(self) -> str:
        return f"AgentFolder({self._path}, {self.agent})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._lock)

    @property
    def public_key(self) -> bytes:
        """The agent's Ed25519 public key, 32 bytes."""
        return self._key.public_key().public_bytes_raw()

    @property
    def agent(self) -> str:
        """The agent's name, which follows from its key."""
        return agent_id(self.public_key)

    def file(self, name: str) -> Path:
        """Where a file of the folder is."""
        return self._path / name

    def sign(self, data: bytes) -> bytes:
        """Ed25519 signature, 64 bytes."""
        return self._key.sign(data)

    def pair(self, pairing: Pairing, now: datetime) -> None:
        """Remember the server."""
        self._save(pairing, now)
        self.pairing = pairing

    def unpair(self) -> None:
        """Forget the server, and the key with it: the next pairing is that of a new agent."""
        (self._path / AGENT_FILE).unlink(missing_ok=True)
        self._sync()
        self._key, self.pairing = self._open()

    def taken(self) -> Mapping[str, Any]:
        """The steps that were taken, as they were kept last.

        Raises:
            AgentFolderInvalid: the file is damaged.
        """
        return self._read(TAKEN_FILE) or {}

    def keep_taken(self, taken: Mapping[str, Any]) -> None:
        """Keep the steps that were taken; they are on disk when this returns."""
        self._write(TAKEN_FILE, taken)

    def _open(self) -> tuple[Ed25519PrivateKey, Pairing | None]:
        document = self._read(AGENT_FILE)
        if document is None:
            self._key = Ed25519PrivateKey.generate()
            self._save(None, None)
            return self._key, None
        try:
            key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(document["private_key"]))
            if document["pairing"] is None:
                return key, None
            pairing = Pairing(document["pairing"]["origin"], bytes.fromhex(document["pairing"]["server_key"]))
            sound = is_origin(pairing.origin) and len(pairing.server_key) == KEY_BYTES
        except (KeyError, TypeError, ValueError):
            sound = False
        if not sound:
            raise AgentFolderInvalid(self._path / AGENT_FILE, "damaged; remove it and pair again")
        return key, pairing

    def _save(self, pairing: Pairing | None, now: datetime | None) -> None:
        kept = None
        if pairing is not None and now is not None:
            server_key = pairing.server_key.hex().upper()
            kept = {"origin": pairing.origin, "server_key": server_key, "paired_at": now.isoformat()}
        self._write(AGENT_FILE, {"private_key": self._key.private_bytes_raw().hex(), "pairing": kept})

    def _read(self, name: str) -> dict[str, Any] | None:
        path = self._path / name
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & OTHERS_MAY:
                    raise AgentFolderInvalid(path, "may be read by its owner only (mode 0600)")
                document = json.loads(file.read(MAX_FILE_BYTES))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError):
            raise AgentFolderInvalid(path, "cannot be read") from None
        if not isinstance(document, dict):
            raise AgentFolderInvalid(path, "cannot be read")
        return document

    def _write(self, name: str, document: Mapping[str, Any]) -> None:
        new = self._path / f"{name}.new"
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path / name)
        self._sync()

    def _sync(self) -> None:
        """The folder's own entry has to reach the disk too, or a cut of power brings the old file back."""
        os.fsync(self._lock)
