"""Where one demo city lives on disk: its settings, its card images, its devices and what the demo must remember between runs."""

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRIVATE = 0o600
ROOT = Path(__file__).parent.parent


class CityElsewhere(Exception):
    """The database holds a city whose cards and logins lie in another folder."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of the city that belongs to one database.

    Args:
        path: the folder itself.
        database_url: the city's database.
    """

    path: Path
    database_url: str

    @classmethod
    def for_database(cls, url: str | None, under: Path = ROOT / "var") -> "Folder":
        """The folder of a PostgreSQL database, or of the SQLite database that lies in the folder itself.

        Args:
            url: address of a PostgreSQL database; None for SQLite.
            under: the folder that holds the folders of all demo cities.
        """
        if url is None:
            path = under / "sqlite"
            url = f"sqlite:///{path / 'city.db'}"
        else:
            path = under / f"postgresql-{hashlib.sha256(url.encode()).hexdigest()[:12]}"
        for folder in (path, path / "cards", path / "devices"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(path, url)

    def environ(self, port: int) -> dict[str, str]:
        """The product's settings for this city. The passphrase of its test vault is made on first use."""
        passphrase = self.path / "vault.passphrase"
        if not passphrase.exists():
            write_private(passphrase, secrets.token_urlsafe(32))
        return {
            "CITIZENCARD_DATABASE_URL": self.database_url,
            "CITIZENCARD_VAULT_FILE": str(self.path / "vault.json"),
            "CITIZENCARD_VAULT_PASSPHRASE_FILE": str(passphrase),
            "CITIZENCARD_REALM": "test",
            "CITIZENCARD_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "PYTHONPATH": str(ROOT),
        }

    def card(self, name: str) -> Path:
        """Image file of a card or PSAM."""
        return self.path / "cards" / f"{name}.json"

    def device(self, name: str) -> Path:
        """Folder of a terminal."""
        return self.path / "devices" / name

    def remember(self, state: dict[str, Any]) -> None:
        """Keep what the next run needs: ids and the made-up logins. Written whole or not at all."""
        write_private(self.path / "city.json", json.dumps(state, ensure_ascii=False, indent=1))

    def recall(self) -> dict[str, Any]:
        """What an earlier run kept; empty for a new city."""
        path = self.path / "city.json"
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, atomically."""
    new = path.with_suffix(path.suffix + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
