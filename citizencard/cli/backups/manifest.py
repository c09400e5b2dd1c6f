"""What a part of a backup says about itself: a manifest beside the one file that it holds.

Database and vault are two parts, for two hands. Each names the other by the SHA-256 of its file and holds nothing of it: who alters one
part together with its manifest is found out by the other. Format 1, JSON; the names of the fields are those of the classes below.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Final, Generic, Self, TypeVar

from citizencard.cli.backups.errors import BackupAltered, BackupUnusable

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
MAX_MANIFEST_BYTES: Final = 1024 * 1024
PRIVATE: Final = 0o600
DATABASE_FILES: Final = {"sqlite": "city.sqlite", "postgresql": "city.pgdump"}
VAULT_FILE: Final = "vault.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What both parts say.

    Args:
        part: which of the two.
        created: when, ISO 8601 in UTC.
        product: name and version of the program that made it.
        file: name of the part's file, in the same folder.
        size_bytes: its length.
        sha256: over its content, hexadecimal.
        keys: check value (hexadecimal) of each key of the vault that is not destroyed, by key id.
        other_sha256: over the file of the other part, hexadecimal.
    """

    NAME: ClassVar[str] = ""

    part: str
    created: str
    product: str
    file: str
    size_bytes: int
    sha256: str
    keys: dict[str, str]
    other_sha256: str

    def to_json(self) -> dict[str, Any]:
        """The manifest as it is written."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read it back, each field of the right type and none beside them.

        Raises:
            ValueError: it is not one; names the field.
        """
        wanted = {field.name: field.type for field in fields(cls)}
        if document.get("format") != FORMAT or document.get("part") != cls.NAME:
            message = f"not the manifest of a {cls.NAME} of format {FORMAT}"
            raise ValueError(message)
        if document.keys() != wanted.keys() | {"format"}:
            message = f"fields {sorted(document.keys() ^ (wanted.keys() | {'format'}))}"
            raise ValueError(message)
        for name, kind in wanted.items():
            if not _fits(document[name], kind):
                message = f"the field {name}"
                raise ValueError(message)
        return cls(**{name: document[name] for name in wanted})


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseManifest(Manifest):
    """What the database's part says.

    Args:
        kind: sqlite or postgresql.
        revision: of the database's history.
        rows: how many, by table.
        transfers: how many the books hold.
        last_transfer_id: highest number of a transfer; 0 if there is none.
        trial_balance_sha256: over the trial balance, row by row.
        encrypted_fields: how many encrypted values the vault was tried on when the backup was made.
    """

    NAME: ClassVar[str] = "database"

    kind: str
    revision: str
    rows: dict[str, int]
    transfers: int
    last_transfer_id: int
    trial_balance_sha256: str
    encrypted_fields: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultManifest(Manifest):
    """What the vault's part says.

    Args:
        realm: test or production.
        city: four digits.
    """

    NAME: ClassVar[str] = "vault"

    realm: str
    city: str


ManifestT = TypeVar("ManifestT", bound=Manifest)


@dataclass(frozen=True, slots=True)
class Part(Generic[ManifestT]):
    """A part on disk: its folder and its manifest."""

    folder: Path
    manifest: ManifestT

    @property
    def file(self) -> Path:
        """The file that the manifest speaks of."""
        return self.folder / self.manifest.file


@dataclass(frozen=True, slots=True)
class Parts:
    """What was found of a backup."""

    database: Part[DatabaseManifest] | None
    vault: Part[VaultManifest] | None


def find_parts(folders: Sequence[Path]) -> Parts:
    """The parts in these folders: each is a part itself, or holds parts in folders named `database` and `vault`.

    Raises:
        BackupUnusable: there is none, or more than one of a kind, or a manifest cannot be read.
    """
    manifests = [
        path
        for folder in folders
        for path in (folder / MANIFEST, *(folder / name / MANIFEST for name in ("database", "vault")))
        if path.is_file()
    ]
    if not manifests:
        raise BackupUnusable(f"there is no {MANIFEST} in {', '.join(map(str, folders))}")
    databases: list[Part[DatabaseManifest]] = []
    vaults: list[Part[VaultManifest]] = []
    for path in manifests:
        manifest = read_manifest(path)
        if isinstance(manifest, DatabaseManifest):
            databases.append(Part(path.parent, manifest))
        else:
            vaults.append(Part(path.parent, manifest))
    if len(databases) > 1 or len(vaults) > 1:
        raise BackupUnusable(f"{len(databases)} parts with a database and {len(vaults)} with a vault: name one of each")
    return Parts(databases[0] if databases else None, vaults[0] if vaults else None)


def read_manifest(path: Path) -> DatabaseManifest | VaultManifest:
    """One manifest of either kind.

    Raises:
        BackupUnusable: it is none of ours.
    """
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(MAX_MANIFEST_BYTES))
        kind = DatabaseManifest if document["part"] == DatabaseManifest.NAME else VaultManifest
        manifest = kind.read(document)
        expected = DATABASE_FILES[manifest.kind] if isinstance(manifest, DatabaseManifest) else VAULT_FILE
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise BackupUnusable(f"{path} is not the manifest of a backup: {fault}") from None
    if manifest.file != expected:
        raise BackupUnusable(f"{path} names another file than {expected}")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into the part's folder, readable by its owner only, and on disk when this returns."""
    with os.fdopen(create_private(folder / MANIFEST), "w", encoding="utf-8") as file:
        json.dump(manifest.to_json(), file, indent=1, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def create_private(path: Path) -> int:
    """Descriptor of a new file that only its owner may read and write.

    Raises:
        FileExistsError: there is one.
    """
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)


def digest_of(path: Path) -> str:
    """SHA-256 of a file's content, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_file(part: Part[Any]) -> None:
    """Refuse a part whose file is not the one that its manifest was written for.

    Raises:
        BackupAltered: it is missing, or one byte differs.
    """
    if not part.file.is_file():
        raise BackupAltered(f"{part.file} is missing")
    if part.file.stat().st_size != part.manifest.size_bytes or digest_of(part.file) != part.manifest.sha256:
        raise BackupAltered(f"{part.file} is not the file that its manifest was written for")


def _fits(value: object, kind: object) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if kind is str:
        return isinstance(value, str)
    inner: object = str if kind == dict[str, str] else int
    return isinstance(value, dict) and all(isinstance(key, str) and _fits(one, inner) for key, one in value.items())
