"""Passphrases to the key that encrypts the vault: argon2id per custodian, HKDF over all of them, AES-256-GCM.

A wrapping is one way to open the vault. It names its custodians in order, and needs the passphrase of each; today one custodian, the
service, and the form holds two people as well.
"""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from citizencard.keys.errors import VaultExposed, VaultMalformed, VaultMissing, WrongPassphrase
from citizencard.keys.secret import KeyAlgorithm, SecretKey

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
SALT_BYTES: Final = 16
MIN_PASSPHRASE_CHARACTERS: Final = 12
MAX_PASSPHRASE_BYTES: Final = 1024
MAX_TIME_COST: Final = 64
MAX_MEMORY_KIB: Final = 4 * 1024 * 1024
MAX_LANES: Final = 64
MAX_CUSTODIANS: Final = 8
_WRAP_INFO: Final = b"citizencard vault: wrap KEK"


@dataclass(frozen=True, slots=True)
class KdfCost:
    """What one guess at a passphrase costs with argon2id (RFC 9106).

    Args:
        time_cost: passes over the memory, 1 to 64.
        memory_kib: memory, 8 KiB a lane to 4 GiB.
        lanes: degree of parallelism, 1 to 64.

    Raises:
        VaultMalformed: outside these bounds.
    """

    time_cost: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4

    def __post_init__(self) -> None:
        """Hold the bounds: a changed file must not make the server eat all its memory."""
        bounded = (
            1 <= self.time_cost <= MAX_TIME_COST
            and 1 <= self.lanes <= MAX_LANES
            and 8 * self.lanes <= self.memory_kib <= MAX_MEMORY_KIB
        )
        if not bounded:
            raise VaultMalformed("the cost of the key derivation is out of bounds")


@dataclass(frozen=True, slots=True)
class Custodian:
    """Who holds one passphrase of a wrapping, and how it is stretched."""

    name: str
    salt: bytes
    cost: KdfCost


@dataclass(frozen=True, slots=True)
class Wrapping:
    """The vault's key under the passphrases of all its custodians."""

    custodians: tuple[Custodian, ...]
    nonce: bytes
    wrapped: bytes


def wrap(kek: SecretKey, custodians: Sequence[tuple[str, str]], cost: KdfCost, context: bytes) -> Wrapping:
    """Encrypt the vault's key.

    Args:
        kek: the vault's key.
        custodians: name and passphrase of each, in the order in which they will be asked.
        cost: of the derivation.
        context: what the wrapping belongs to; the same bytes open it.

    Raises:
        WrongPassphrase: a passphrase is too short or too long to be used.
    """
    names = tuple(Custodian(name, os.urandom(SALT_BYTES), cost) for name, _ in custodians)
    nonce = os.urandom(NONCE_BYTES)
    key = _wrapping_key(names, [passphrase for _, passphrase in custodians])
    return Wrapping(names, nonce, AESGCM(key).encrypt(nonce, kek.reveal(), context + _names(names)))


def unwrap(wrapping: Wrapping, passphrases: Sequence[str], context: bytes) -> SecretKey:
    """Decrypt the vault's key.

    Raises:
        WrongPassphrase: a passphrase is wrong, or the wrapping or what it belongs to was changed: the two look alike.
    """
    if len(passphrases) != len(wrapping.custodians):
        raise WrongPassphrase(f"the vault needs {len(wrapping.custodians)} passphrases")
    key = _wrapping_key(wrapping.custodians, passphrases)
    try:
        kek = AESGCM(key).decrypt(wrapping.nonce, wrapping.wrapped, context + _names(wrapping.custodians))
    except InvalidTag:
        raise WrongPassphrase("the passphrase does not open the vault, or its head was changed") from None
    return SecretKey(KeyAlgorithm.AES_256, kek)


def _wrapping_key(custodians: Sequence[Custodian], passphrases: Sequence[str]) -> bytes:
    """HKDF over the stretched passphrases of all custodians: no one of them opens anything alone."""
    stretched = b"".join(
        hash_secret_raw(
            secret=_checked(passphrase),
            salt=custodian.salt,
            time_cost=custodian.cost.time_cost,
            memory_cost=custodian.cost.memory_kib,
            parallelism=custodian.cost.lanes,
            hash_len=KEY_BYTES,
            type=Type.ID,
        )
        for custodian, passphrase in zip(custodians, passphrases, strict=True)
    )
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=_WRAP_INFO).derive(stretched)


def _checked(passphrase: str) -> bytes:
    raw = passphrase.encode()
    if len(passphrase) < MIN_PASSPHRASE_CHARACTERS or len(raw) > MAX_PASSPHRASE_BYTES:
        raise WrongPassphrase(f"a passphrase has at least {MIN_PASSPHRASE_CHARACTERS} characters")
    return raw


def _names(custodians: Sequence[Custodian]) -> bytes:
    """Custodians and costs as associated data, so that nobody lowers a cost or renames a custodian."""
    return "\0".join(
        f"{custodian.name}\0{custodian.salt.hex()}\0{custodian.cost.time_cost}\0{custodian.cost.memory_kib}\0{custodian.cost.lanes}"
        for custodian in custodians
    ).encode()


def read_private_file(path: Path, limit_bytes: int) -> bytes:
    """Read a file that only its owner, who is this process's user, may read.

    Raises:
        VaultMissing: there is no such file.
        VaultExposed: it belongs to somebody else, or group or others have any right to it.
        VaultMalformed: it is no ordinary file or longer than the limit.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise VaultMissing(f"{path} does not exist", path=str(path)) from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise VaultMalformed(f"{path} is no ordinary file", path=str(path))
        if status.st_mode & 0o077 or status.st_uid != os.geteuid():
            raise VaultExposed(f"{path} must belong to this user and have mode 0600", path=str(path))
        content = file.read(limit_bytes + 1)
    if len(content) > limit_bytes:
        raise VaultMalformed(f"{path} is longer than {limit_bytes} bytes", path=str(path))
    return content


def read_passphrase_file(path: Path) -> str:
    """Passphrase of an unattended start: the first line of a file of mode 0600.

    Raises:
        VaultMissing, VaultExposed, VaultMalformed: the file cannot be used.
    """
    try:
        content = read_private_file(path, MAX_PASSPHRASE_BYTES)
    except VaultMissing:
        message = f"write its passphrase into {path} first, readable by its owner only"
        raise VaultMissing(message, path=str(path)) from None
    try:
        return content.decode().split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError:
        raise VaultMalformed(f"{path} is not text", path=str(path)) from None
