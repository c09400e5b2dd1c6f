"""The product's settings: one frozen value, read once at the edge, faults listed all at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from citizencard.errors import SettingsInvalid

PREFIX = "CITIZENCARD_"
VAULT_NAMES = ("VAULT_FILE", "VAULT_PASSPHRASE_FILE")
TOKEN_NAMES = ("PKCS11_MODULE", "PKCS11_TOKEN", "PKCS11_PIN_FILE")
KNOWN_NAMES = frozenset(
    {"DATABASE_URL", "HSM", *VAULT_NAMES, *TOKEN_NAMES, "REALM", "PUBLIC_URL", "AGENT_PORT", "HEADS_FOLDER"}
)
AGENT_PORT = "47112"
PORT = re.compile(r"[1-9][0-9]{3,4}", re.ASCII)
MOST_PORT = 65_535
HEADS_BESIDE = {"vault": "VAULT_FILE", "pkcs11": "PKCS11_PIN_FILE"}
"""Where the folder of the heads is, if nothing is said about it."""
NO_FILE = "/nonexistent/vault"
"""A file that nobody makes: the vault of a city whose keys are in a hardware module."""


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Where the keys are if they are in a hardware module.

    Args:
        module: the maker's PKCS#11 library, as an absolute path.
        label: of the token in it.
        pin_file: file with the user's PIN, mode 0600.
    """

    module: Path
    label: str
    pin_file: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs between one installation and the next.

    Args:
        database_url: SQLAlchemy address of the database; PostgreSQL or SQLite.
        vault_file: the encrypted key vault.
        vault_passphrase_file: file with the passphrase for an unattended start, mode 0600.
        realm: "test" (emulated cards, made-up keys) or "production".
        public_url: address under which people and terminals reach the server.
        token: the hardware module that holds the keys (`CITIZENCARD_HSM=pkcs11`); None if the vault does, the default. With it the two
            settings of the vault may be left out, and are then files that do not exist.
        heads_folder: where signed heads of the seals are written, to be carried out of the house; `heads` beside the vault's file, or
            beside the token's PIN, if not given.
        agent_port: where pages look for the reader agent on the workstation that they are shown on (`citizencard-agent run --port`).
    """

    database_url: str = field(repr=False)
    vault_file: Path
    vault_passphrase_file: Path
    realm: Literal["test", "production"] = "production"
    public_url: str = "http://127.0.0.1:8000"
    agent_port: int = int(AGENT_PORT)
    token: TokenPlace | None = None
    heads_folder: Path = Path("heads")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `CITIZENCARD_…` names.

        Raises:
            SettingsInvalid: names all missing, unknown and unusable settings in one message.
        """
        given = {name.removeprefix(PREFIX): value for name, value in environ.items() if name.startswith(PREFIX)}
        faults = [f"{PREFIX}{name} is not a setting" for name in sorted(given.keys() - KNOWN_NAMES)]
        hsm = given.get("HSM", "vault")
        if hsm not in {"vault", "pkcs11"}:
            faults.append(f"{PREFIX}HSM must be 'vault' or 'pkcs11'")
        needed = TOKEN_NAMES if hsm == "pkcs11" else VAULT_NAMES
        faults += [f"{PREFIX}{name} is missing" for name in ("DATABASE_URL", *needed) if not given.get(name)]
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
            vault_file=Path(given.get("VAULT_FILE") or NO_FILE),
            vault_passphrase_file=Path(given.get("VAULT_PASSPHRASE_FILE") or NO_FILE),
            realm="test" if realm == "test" else "production",
            public_url=given.get("PUBLIC_URL", "http://127.0.0.1:8000"),
            agent_port=int(agent_port),
            token=_token(given) if hsm == "pkcs11" else None,
            heads_folder=Path(given.get("HEADS_FOLDER") or Path(given[HEADS_BESIDE[hsm]]).parent / "heads"),
        )


def _token(given: Mapping[str, str]) -> TokenPlace:
    return TokenPlace(Path(given["PKCS11_MODULE"]), given["PKCS11_TOKEN"], Path(given["PKCS11_PIN_FILE"]))
