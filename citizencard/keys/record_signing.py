"""Signing the records of ceremonies: the heads' key (Ed25519, RFC 8032), over text that begins as a record does.

The key is the one whose public half auditors hold already. A head and a record begin with different lines, so neither passes for the other.
"""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from citizencard.keys.errors import KeyRoleRefused
from citizencard.keys.hsm import KeyRole
from citizencard.keys.secret import SecretKey

RECORD_TITLE: Final = b"citizencard-keys record 1\n"
"""First line of a record."""


def check_record(message: bytes) -> None:
    """Refuse to sign what is no record.

    Raises:
        KeyRoleRefused: the message does not begin as one.
    """
    if not message.startswith(RECORD_TITLE):
        raise KeyRoleRefused("this is no record of a ceremony", role=str(KeyRole.HEAD_SIGNING))


def sign_record(key: SecretKey, message: bytes) -> bytes:
    """Sign a record, 64 bytes.

    Raises:
        KeyRoleRefused: the message is no record.
    """
    check_record(message)
    return Ed25519PrivateKey.from_private_bytes(key.reveal()).sign(message)


def record_is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature of a record is this key's. Needs no vault.

    Raises:
        ValueError: the public key does not have 32 bytes.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return message.startswith(RECORD_TITLE)
