"""The vault as a file: which keys there are in clear, the keys themselves under AES-256-GCM, a seal over the whole.

Associated data of each key is its whole description, so no key can be given another role, version, state or realm; the seal, an
HMAC under a key derived from the KEK, shows when an entry was taken out, put in or moved. What no file can show by itself is that
an older copy of it was put back: the check values are printed for that.
"""

import contextlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from citizencard.keys.errors import VaultExists, VaultMalformed, VaultMissing, VaultTampered
from citizencard.keys.hsm import KeyRole, Realm
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.wrapping import (
    MAX_CUSTODIANS,
    NONCE_BYTES,
    SALT_BYTES,
    Custodian,
    KdfCost,
    Wrapping,
    read_private_file,
)

FORMAT: Final = 1
MAX_FILE_BYTES: Final = 1024 * 1024
MAX_KEYS: Final = 2048
MAX_WRAPPINGS: Final = 8
_SEAL_INFO: Final = b"citizencard vault: seal"


class KeyState(StrEnum):
    """Life of a key: there, but not in use yet; in use; it still verifies, but authorises nothing; out of use; gone for good."""

    GENERATED = "generated"
    ACTIVE = "active"
    RETIRING = "retiring"
    RETIRED = "retired"
    DESTROYED = "destroyed"


ANSWERING: Final = frozenset({KeyState.ACTIVE, KeyState.RETIRING})
"""Keys that are asked: the others are there, and answer nothing."""


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """All about a key but the key: what people and logs may see.

    Args:
        role: what it is for.
        version: 1 to 255, as the cards name it.
        index: 1 to 255, key index of the purse.
        algorithm: what it is used with.
        check_value: 3 bytes.
        state: what it may be asked, and whether new chips get it.
        realm: test or production.
    """

    role: KeyRole
    version: int
    index: int
    algorithm: KeyAlgorithm
    check_value: bytes
    state: KeyState
    realm: Realm

    @property
    def key_id(self) -> str:
        """`load-01-v01`: role, index, version."""
        return f"{self.role}-{self.index:02d}-v{self.version:02d}"

    def to_bytes(self) -> bytes:
        """The whole description in one canonical form: associated data of the encrypted key."""
        return _canonical(_info_to_json(self))


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A key as it stands in the file; nonce and ciphertext are empty once it is destroyed."""

    info: KeyInfo
    nonce: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class VaultFile:
    """The content of a vault file.

    Args:
        realm: test or production, of the vault and of each of its keys.
        city: four digits; the highest diversification factor comes from it.
        wrappings: the ways to open it.
        keys: the keys.
        seal: HMAC over all of the above.
    """

    realm: Realm
    city: str
    wrappings: tuple[Wrapping, ...]
    keys: tuple[SealedKey, ...]
    seal: bytes = b""

    def head(self) -> bytes:
        """What each wrapping is bound to."""
        return _canonical({"format": FORMAT, "realm": self.realm, "city": self.city})


def seal_key(kek: SecretKey, info: KeyInfo, key: SecretKey | None) -> SealedKey:
    """Encrypt a key for the file; no key at all for one that is destroyed."""
    if key is None:
        return SealedKey(info, b"", b"")
    nonce = os.urandom(NONCE_BYTES)
    return SealedKey(info, nonce, AESGCM(kek.reveal()).encrypt(nonce, key.reveal(), info.to_bytes()))


def open_key(kek: SecretKey, sealed: SealedKey) -> SecretKey:
    """Decrypt a key of the file.

    Raises:
        VaultTampered: the key or its description was changed, or it was swapped with another.
    """
    info = sealed.info
    try:
        key = SecretKey(info.algorithm, AESGCM(kek.reveal()).decrypt(sealed.nonce, sealed.ciphertext, info.to_bytes()))
    except (InvalidTag, ValueError):
        raise VaultTampered(f"the key {info.key_id} or its description was changed", key_id=info.key_id) from None
    if key.check_value != info.check_value:
        raise VaultTampered(f"the key {info.key_id} does not have its check value", key_id=info.key_id)
    return key


def sealed_file(kek: SecretKey, content: VaultFile) -> VaultFile:
    """The same content with its seal."""
    return replace(content, seal=_seal(kek, content))


def check_seal(kek: SecretKey, content: VaultFile) -> None:
    """Refuse a file whose seal does not fit.

    Raises:
        VaultTampered: an entry was put in, taken out, moved or changed.
    """
    if not hmac.compare_digest(_seal(kek, content), content.seal):
        raise VaultTampered("the vault's list of keys was changed")


def _seal(kek: SecretKey, content: VaultFile) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_SEAL_INFO).derive(kek.reveal())
    return hmac.digest(key, _canonical(_to_json(replace(content, seal=b""))), "sha256")


def write(path: Path, content: VaultFile, *, new: bool) -> None:
    """Save a vault so that a crash leaves the old file or the new one, never half of one; mode 0600.

    Args:
        path: where.
        content: with its seal.
        new: refuse to replace a file that exists.

    Raises:
        VaultExists: `new`, and there is a file.
        VaultMissing: there is no such folder.
    """
    if not path.parent.is_dir():
        raise VaultMissing(f"the folder {path.parent} does not exist", path=str(path))
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(_to_json(content), file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(descriptor)
        if new:
            os.link(temporary, path)
        else:
            temporary.replace(path)
    except FileExistsError:
        raise VaultExists(f"{path} exists already; a vault is never overwritten", path=str(path)) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read(path: Path) -> VaultFile:
    """Read a vault file; nothing is decrypted and no passphrase needed.

    Raises:
        VaultMissing, VaultExposed: no such file, or readable by others.
        VaultMalformed: not a vault file of this format.
    """
    raw = read_private_file(path, MAX_FILE_BYTES)
    try:
        return _from_json(json.loads(raw))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # The cause is not chained: a parser's message may quote the content.
        raise VaultMalformed(f"{path} is not a key vault of format {FORMAT}", path=str(path)) from None


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _info_to_json(info: KeyInfo) -> dict[str, Any]:
    return {
        "id": info.key_id,
        "realm": info.realm,
        "role": info.role,
        "version": info.version,
        "index": info.index,
        "algorithm": info.algorithm,
        "check_value": info.check_value.hex(),
        "state": info.state,
    }


def _to_json(content: VaultFile) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "realm": content.realm,
        "city": content.city,
        "wrappings": [
            {
                "custodians": [
                    {
                        "name": custodian.name,
                        "kdf": "argon2id",
                        "salt": custodian.salt.hex(),
                        "time_cost": custodian.cost.time_cost,
                        "memory_kib": custodian.cost.memory_kib,
                        "lanes": custodian.cost.lanes,
                    }
                    for custodian in wrapping.custodians
                ],
                "nonce": wrapping.nonce.hex(),
                "wrapped": wrapping.wrapped.hex(),
            }
            for wrapping in content.wrappings
        ],
        "keys": [
            {**_info_to_json(key.info), "nonce": key.nonce.hex(), "ciphertext": key.ciphertext.hex()}
            for key in content.keys
        ],
        "seal": content.seal.hex(),
    }


def _from_json(document: Mapping[str, Any]) -> VaultFile:
    """Raise ValueError, KeyError or TypeError for what is no vault."""
    if document["format"] != FORMAT or document["realm"] not in {"test", "production"}:
        message = "another format or realm"
        raise ValueError(message)
    if len(document["keys"]) > MAX_KEYS or not 1 <= len(document["wrappings"]) <= MAX_WRAPPINGS:
        message = "too many keys or wrappings"
        raise ValueError(message)
    return VaultFile(
        realm=cast("Realm", document["realm"]),
        city=_four_digits(document["city"]),
        wrappings=tuple(_wrapping(entry) for entry in document["wrappings"]),
        keys=tuple(_sealed_key(entry) for entry in document["keys"]),
        seal=bytes.fromhex(document["seal"]),
    )


def _four_digits(city: str) -> str:
    if len(city) != 4 or not (city.isascii() and city.isdigit()):  # noqa: PLR2004 - GB/T 2260 prefecture codes have four digits
        message = "the city code has four digits"
        raise ValueError(message)
    return city


def _wrapping(entry: Mapping[str, Any]) -> Wrapping:
    if not 1 <= len(entry["custodians"]) <= MAX_CUSTODIANS:
        message = "no custodians, or too many"
        raise ValueError(message)
    custodians = tuple(
        Custodian(
            str(custodian["name"]),
            bytes.fromhex(custodian["salt"]),
            KdfCost(int(custodian["time_cost"]), int(custodian["memory_kib"]), int(custodian["lanes"])),
        )
        for custodian in entry["custodians"]
    )
    nonce = bytes.fromhex(entry["nonce"])
    if len(nonce) != NONCE_BYTES or any(len(custodian.salt) != SALT_BYTES for custodian in custodians):
        message = "a salt or nonce has another length"
        raise ValueError(message)
    return Wrapping(custodians, nonce, bytes.fromhex(entry["wrapped"]))


def _sealed_key(entry: Mapping[str, Any]) -> SealedKey:
    info = KeyInfo(
        role=KeyRole(entry["role"]),
        version=int(entry["version"]),
        index=int(entry["index"]),
        algorithm=KeyAlgorithm(entry["algorithm"]),
        check_value=bytes.fromhex(entry["check_value"]),
        state=KeyState(entry["state"]),
        realm=cast("Realm", entry["realm"]),
    )
    if entry["id"] != info.key_id or info.version not in range(1, 0x100) or info.index not in range(1, 0x100):
        message = "a key's id does not follow from its description, or its version or index is no byte"
        raise ValueError(message)
    return SealedKey(info, bytes.fromhex(entry["nonce"]), bytes.fromhex(entry["ciphertext"]))
