"""The terminal's own Ed25519 key: made on the device, kept in a file of mode 0600, never sent anywhere.

A key is changed without a moment in which a cut of power could leave the device without the one that the server knows: the next key is
on the disk before the server hears of it, and takes the place of the old one, by one rename, only after the server has said yes. Whoever
finds a next key at the start asks again; the server says the same.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from http_message_signatures import HTTPSignatureKeyResolver

from hardware.errors import UplinkRefused
from hardware.terminal.errors import DeviceInvalid

OTHERS_MAY_READ: Final = 0o077
MAX_KEY_FILE_BYTES: Final = 4_096
ROTATION_DOMAIN: Final = "citizencard-terminal-key-rotation-1"
ROTATION_PATH: Final = "/terminals/keys"
USELESS_KEY: Final = "public_key_taken"
"""The one refusal after which the next key is thrown away: somebody has it already."""

Post = Callable[[str, dict[str, object]], object]


class DeviceKey(HTTPSignatureKeyResolver):
    """The signing key of one terminal; its `repr` shows the public key only.

    Args:
        private: the key.
    """

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    def __repr__(self) -> str:
        return f"DeviceKey(public={self.public_hex})"

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new key and store it.

        Raises:
            DeviceInvalid: there is a file of that name already; a key is never overwritten.
        """
        key = cls(Ed25519PrivateKey.generate())
        pem = key._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise DeviceInvalid(path, "there is a device key already") from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        return key

    @classmethod
    def prepare(cls, path: Path) -> Self:
        """The key that waits in a file to take another's place; a new one, durable before it is returned, if there is none.

        Raises:
            DeviceInvalid: what is in the file is no key.
        """
        if not path.exists():
            draft = path.with_suffix(".draft")
            draft.unlink(missing_ok=True)
            cls.create(draft)
            move(draft, path)
        return cls.read(path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the stored key.

        Raises:
            DeviceInvalid: no file, not an Ed25519 key, or readable by others.
        """
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & OTHERS_MAY_READ:
                    raise DeviceInvalid(path, "the device key may be read by its owner only (mode 0600)")
                private = load_pem_private_key(file.read(MAX_KEY_FILE_BYTES), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
            raise DeviceInvalid(path, "no device key can be read here") from None
        if not isinstance(private, Ed25519PrivateKey):
            raise DeviceInvalid(path, "the device key is not an Ed25519 key")
        return cls(private)

    @property
    def public_hex(self) -> str:
        """The public key, 32 bytes as 64 upper-case hexadecimal digits: what enrolment sends."""
        return self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex().upper()

    def sign(self, data: bytes) -> bytes:
        """Ed25519 signature, 64 bytes (batch trailer)."""
        return self._private.sign(data)

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        """Give the key to the HTTP signature library, whatever its id; nothing else calls this."""
        del key_id
        return self._private


def rotation_message(key_id: str, old_public_hex: str, new_public_hex: str) -> bytes:
    """What the new key signs: four lines, none of them ended after the last, as hardware/terminal/PROTOCOL.md says."""
    return f"{ROTATION_DOMAIN}\n{key_id}\n{old_public_hex}\n{new_public_hex}".encode("ascii")


def next_key(path: Path) -> Path:
    """Where the key waits that shall take the place of the one in `path`."""
    return path.with_suffix(".next.pem")


def enrolling_key(path: Path) -> Path:
    """Where a key waits that is brought with a one-time code, in place of the one in `path`."""
    return path.with_suffix(".enrol.pem")


def change_key(path: Path, key_id: str, post: Post) -> DeviceKey:
    """Change the key in `path`: make the next one unless one waits, tell the server, and put it into its place.

    Args:
        path: of the present key; the next one waits beside it.
        key_id: terminal number or terminal id, as in the device's requests.
        post: sends a request that is signed by the present key, and raises what `Uplink.post` raises.

    Returns:
        The new key; what the old one signed stays signed.

    Raises:
        UplinkRefused: the server will not have it; the old key counts, and the next one waits unless somebody has it already.
        UplinkUnavailable: no answer for now; which key counts is found out by calling again.
        DeviceInvalid: one of the files holds no key.
    """
    old, new = DeviceKey.read(path), DeviceKey.prepare(next_key(path))
    possession = new.sign(rotation_message(key_id, old.public_hex, new.public_hex)).hex().upper()
    try:
        post(ROTATION_PATH, {"terminal": key_id, "public_key": new.public_hex, "possession": possession})
    except UplinkRefused as refusal:
        if refusal.problem == USELESS_KEY:
            next_key(path).unlink()
        raise
    move(next_key(path), path)
    return new


def move(source: Path, target: Path) -> None:
    """Put a file into another's place at one instant, durable when this returns."""
    source.replace(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
