"""The product's settings: one frozen value, read once at the edge, faults listed all at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from citizencard.errors import SettingsInvalid

PREFIX = "CITIZENCARD_"
KNOWN_NAMES = frozenset({"DATABASE_URL", "VAULT_FILE", "VAULT_PASSPHRASE_FILE", "REALM", "PUBLIC_URL", "AGENT_PORT"})
AGENT_PORT = "47112"
PORT = re.compile(r"[1-9][0-9]{3,4}", re.ASCII)
MOST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs between one installation and the next.

    Args:
        database_url: SQLAlchemy address of the database; PostgreSQL or SQLite.
        vault_file: the encrypted key vault.
        vault_passphrase_file: file with the passphrase for an unattended start, mode 0600.
        realm: "test" (emulated cards, made-up keys) or "production".
        public_url: address under which people and terminals reach the server.
        agent_port: where pages look for the reader agent on the workstation that they are shown on (`citizencard-agent run --port`).
    """

    database_url: str = field(repr=False)
    vault_file: Path
    vault_passphrase_file: Path
    realm: Literal["test", "production"] = "production"
    public_url: str = "http://127.0.0.1:8000"
    agent_port: int = int(AGENT_PORT)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `CITIZENCARD_…` names.

        Raises:
            SettingsInvalid: names all missing, unknown and unusable settings in one message.
        """
        given = {name.removeprefix(PREFIX): value for name, value in environ.items() if name.startswith(PREFIX)}
        faults = [f"{PREFIX}{name} is not a setting" for name in sorted(given.keys() - KNOWN_NAMES)]
        faults += [
            f"{PREFIX}{name} is missing"
            for name in ("DATABASE_URL", "VAULT_FILE", "VAULT_PASSPHRASE_FILE")
            if not given.get(name)
        ]
        realm = given.get("REALM", "production")
        if realm not in ("test", "production"):
            faults.append(f"{PREFIX}REALM must be 'test' or 'production'")
        database_url = given.get("DATABASE_URL", "")
        if database_url and not database_url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            faults.append(f"{PREFIX}DATABASE_URL must begin with sqlite:/// or postgresql://")
        agent_port = given.get("AGENT_PORT", AGENT_PORT)
        if not PORT.fullmatch(agent_port) or int(agent_port) > MOST_PORT:
            faults.append(f"{PREFIX}AGENT_PORT must be a port from 1000 to {MOST_PORT}")
        if faults:
            raise SettingsInvalid("; ".join(faults), faults=faults)
        return cls(
            database_url=database_url,
            vault_file=Path(given["VAULT_FILE"]),
            vault_passphrase_file=Path(given["VAULT_PASSPHRASE_FILE"]),
            realm="test" if realm == "test" else "production",
            public_url=given.get("PUBLIC_URL", "http://127.0.0.1:8000"),
            agent_port=int(agent_port),
        )
