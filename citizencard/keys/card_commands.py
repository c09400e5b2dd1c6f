"""What each role may do on a chip: which secret is written under which key, and which commands a key protects (hardware/README.md).

The tables stand here beside the profile and not in it: what is not listed is refused, whatever a profile says.
"""

from typing import Final

from citizencard.keys.errors import KeyRoleRefused
from citizencard.keys.hsm import KeyRole
from hardware.card.administration import KeyType
from hardware.card.profile import CARD_CONTROL, PSAM_CONTROL, CardProfile, PsamProfile

CHALLENGE_BYTES: Final = (4, 8)
WRITE_KEY: Final = b"\x84\xd4"


def key_record(role: KeyRole, version: int, key: bytes) -> bytes:
    """What WRITE KEY carries, 21 bytes: the slot that our profile gives the role, and the key (hardware/README.md).

    Raises:
        KeyRoleRefused: a key of this role is never written to a chip.
    """
    card, psam = CardProfile(key_version=version), PsamProfile(key_version=version)
    slots = (
        *(CARD_CONTROL, card.purse_control, *card.purse_keys, *card.social_keys),
        *(PSAM_CONTROL, psam.control, *psam.master_keys, *psam.keys),
    )
    slot = next((slot for slot in slots if slot.role == role), None)
    if slot is None:
        raise KeyRoleRefused(f"a key of role {role} is never written to a chip", role=str(role))
    return slot.record(key).encode()


AUTHENTICATING: Final = frozenset(
    {
        KeyRole.TRANSPORT,
        KeyRole.CARD_CONTROL,
        KeyRole.APPLICATION_CONTROL,
        KeyRole.SOCIAL_SECURITY,
        KeyRole.PSAM_CONTROL,
        KeyRole.PSAM_APPLICATION_CONTROL,
    }
)
"""Roles that answer a chip's challenge in EXTERNAL AUTHENTICATE."""

_APPLICATION_KEYS: Final = (
    KeyRole.LOAD,
    KeyRole.PURCHASE,
    KeyRole.TAC,
    KeyRole.INTERNAL,
    KeyRole.APPLICATION_MAINTENANCE,
    KeyRole.PIN_UNBLOCK,
    KeyRole.PIN_RELOAD,
    KeyRole.OVERDRAFT,
    KeyRole.UNLOAD,
)
WRITTEN_UNDER: Final[dict[KeyRole, frozenset[KeyRole]]] = {
    KeyRole.CARD_CONTROL: frozenset({KeyRole.TRANSPORT, KeyRole.CARD_CONTROL}),
    KeyRole.APPLICATION_CONTROL: frozenset({KeyRole.CARD_CONTROL, KeyRole.APPLICATION_CONTROL}),
    KeyRole.SOCIAL_SECURITY: frozenset({KeyRole.CARD_CONTROL}),
    **dict.fromkeys(_APPLICATION_KEYS, frozenset({KeyRole.APPLICATION_CONTROL})),
    KeyRole.PSAM_CONTROL: frozenset({KeyRole.TRANSPORT, KeyRole.PSAM_CONTROL}),
    KeyRole.PSAM_APPLICATION_CONTROL: frozenset({KeyRole.PSAM_CONTROL, KeyRole.PSAM_APPLICATION_CONTROL}),
    KeyRole.PSAM_MAINTENANCE: frozenset({KeyRole.PSAM_CONTROL, KeyRole.PSAM_APPLICATION_CONTROL}),
    KeyRole.PSAM_PURCHASE: frozenset({KeyRole.PSAM_APPLICATION_CONTROL}),
}
"""Which secret goes to a chip, and the keys that may protect it on its way."""

_UPDATE: Final = frozenset({b"\x04\xd6", b"\x04\xdc", b"\x04\xe2"})
"""UPDATE BINARY, UPDATE RECORD, APPEND RECORD with line protection."""

_BLOCK: Final = frozenset({b"\x84\x1e", b"\x84\x18"})
"""APPLICATION BLOCK and UNBLOCK."""

PROTECTS: Final[dict[KeyRole, frozenset[bytes]]] = {
    KeyRole.APPLICATION_MAINTENANCE: _UPDATE | _BLOCK,
    KeyRole.SOCIAL_SECURITY: _UPDATE,
    KeyRole.PSAM_MAINTENANCE: _UPDATE,
    KeyRole.APPLICATION_CONTROL: frozenset({WRITE_KEY}),
    KeyRole.CARD_CONTROL: frozenset({WRITE_KEY}),
}
"""CLA and INS of the commands that carry data and that a key protects; WRITE KEY for PIN records only."""


def check_writable(secret: KeyRole, under: KeyRole) -> None:
    """Refuse to send a secret under a key that has no right to carry it.

    Raises:
        KeyRoleRefused: this pair is not in the table.
    """
    if under not in WRITTEN_UNDER.get(secret, frozenset()):
        raise KeyRoleRefused(f"a key of role {secret} is not written under one of role {under}", role=str(secret))


def check_protects(header: bytes, data: bytes, under: KeyRole) -> None:
    """Refuse a command that is not this key's business; above all a key of the caller's own in a WRITE KEY.

    Raises:
        KeyRoleRefused: this command is not protected by a key of this role, or WRITE KEY carries no PIN record.
    """
    command = header[:2]
    pin_record = data[:1] == bytes((KeyType.PIN,))
    if command not in PROTECTS.get(under, frozenset()) or (command == WRITE_KEY and not pin_record):
        raise KeyRoleRefused(f"a key of role {under} does not protect command {command.hex().upper()}", role=str(under))


def check_challenge(challenge: bytes) -> None:
    """Refuse a challenge of a length that no chip's dialect has.

    Raises:
        ValueError: neither 4 nor 8 bytes.
    """
    if len(challenge) not in CHALLENGE_BYTES:
        message = "the challenge of a protected command has 4 or 8 bytes"
        raise ValueError(message)
