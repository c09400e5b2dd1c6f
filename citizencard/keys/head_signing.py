"""Signing the heads of the seals that leave the house: Ed25519 (RFC 8032) over text that begins as a head does, and over nothing else."""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from citizencard.keys.errors import KeyRoleRefused
from citizencard.keys.hsm import KeyRole
from citizencard.keys.secret import SecretKey

HEAD_TITLE: Final = b"citizencard-ledger head 1\n"
"""First line of the signed bytes of a head (ledger/README.md)."""
PUBLIC_KEY_BYTES: Final = 32


def check_head(message: bytes) -> None:
    """Refuse to sign what is no head.

    Raises:
        KeyRoleRefused: the message does not begin as one.
    """
    if not message.startswith(HEAD_TITLE):
        raise KeyRoleRefused("the heads' key signs heads only", role=str(KeyRole.HEAD_SIGNING))


def sign_head(key: SecretKey, message: bytes) -> bytes:
    """Sign a head, 64 bytes.

    Raises:
        KeyRoleRefused: the message is no head.
    """
    check_head(message)
    return Ed25519PrivateKey.from_private_bytes(key.reveal()).sign(message)


def public_key(key: SecretKey) -> bytes:
    """The public key, 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(key.reveal()).public_key().public_bytes_raw()


def head_is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature of a head is this key's. Needs no vault.

    Raises:
        ValueError: the public key does not have 32 bytes.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return message.startswith(HEAD_TITLE)


def public_key_pem(public: bytes) -> str:
    """The public key as other programs read it (PEM of SubjectPublicKeyInfo, RFC 8410)."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
