"""The terminal's own Ed25519 key: made on the device, kept in a file of mode 0600, never sent anywhere."""

import os
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

from hardware.terminal.errors import DeviceInvalid

OTHERS_MAY_READ: Final = 0o077
MAX_KEY_FILE_BYTES: Final = 4_096


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
