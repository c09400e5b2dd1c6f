"""A key in memory: it shows its check value and nothing else, and cannot be pickled or copied out."""

import hashlib
import hmac
from enum import StrEnum
from typing import Final, NoReturn, final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from hardware.card import crypto

CHECK_VALUE_BYTES: Final = 3


class KeyAlgorithm(StrEnum):
    """What a key is used with; the length follows from it."""

    TRIPLE_DES = "3DES"
    AES_256 = "AES-256"
    HMAC_SHA_256 = "HMAC-SHA-256"
    ED25519 = "Ed25519"

    @property
    def key_bytes(self) -> int:
        """Length of a key."""
        return 16 if self is KeyAlgorithm.TRIPLE_DES else 32


@final
class SecretKey:
    """Key material with its algorithm.

    Args:
        algorithm: what it is used with.
        material: the key, of the algorithm's length.

    Raises:
        ValueError: another length.
    """

    __slots__ = ("_material", "algorithm", "check_value")

    def __init__(self, algorithm: KeyAlgorithm, material: bytes) -> None:
        if len(material) != algorithm.key_bytes:
            message = f"a key of {algorithm} has {algorithm.key_bytes} bytes, not {len(material)}"
            raise ValueError(message)
        self.algorithm = algorithm
        self._material = material
        self.check_value = _check_value(algorithm, material)

    def reveal(self) -> bytes:
        """The key itself, for a cipher call inside `citizencard.keys` and for nothing else."""
        return self._material

    def __repr__(self) -> str:
        return f"SecretKey({self.algorithm}, check value {self.check_value.hex().upper()})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled or copied.

        Raises:
            TypeError: always.
        """
        message = "a key is not pickled"
        raise TypeError(message)


def _check_value(algorithm: KeyAlgorithm, material: bytes) -> bytes:
    """First 3 bytes of zeros under the key, for a signing key of its public key's SHA-256: tells keys apart and reveals none."""
    if algorithm is KeyAlgorithm.TRIPLE_DES:
        return crypto.check_value(material)
    if algorithm is KeyAlgorithm.AES_256:
        # One block of zeros: the check value is defined as this one ECB operation.
        encryptor = Cipher(AES(material), ECB()).encryptor()  # noqa: S305
        return (encryptor.update(bytes(16)) + encryptor.finalize())[:CHECK_VALUE_BYTES]
    if algorithm is KeyAlgorithm.ED25519:
        public_key = Ed25519PrivateKey.from_private_bytes(material).public_key().public_bytes_raw()
        return hashlib.sha256(public_key).digest()[:CHECK_VALUE_BYTES]
    return hmac.digest(material, bytes(16), "sha256")[:CHECK_VALUE_BYTES]
