"""Signing steps for the reader agents of workstations: Ed25519 (RFC 8032) over text that begins as a step does, and over nothing else."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from citizencard.keys.errors import KeyRoleRefused
from citizencard.keys.hsm import KeyRole
from citizencard.keys.secret import SecretKey

STEP_TITLE: Final = b"citizencard-agent step 1\n"
"""First line of the signed bytes of a step (hardware/agent/README.md)."""


def check_step(message: bytes) -> None:
    """Refuse to sign what is no step.

    Raises:
        KeyRoleRefused: the message does not begin as one.
    """
    if not message.startswith(STEP_TITLE):
        raise KeyRoleRefused("the agents' key signs steps only", role=str(KeyRole.AGENT_SIGNING))


def sign_step(key: SecretKey, message: bytes) -> bytes:
    """Sign a step, 64 bytes.

    Raises:
        KeyRoleRefused: the message is no step.
    """
    check_step(message)
    return Ed25519PrivateKey.from_private_bytes(key.reveal()).sign(message)


def public_key(key: SecretKey) -> bytes:
    """The public key, 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(key.reveal()).public_key().public_bytes_raw()
