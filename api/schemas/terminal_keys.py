"""Shapes of the change of a device's key."""

from dataclasses import dataclass

from api.schemas.fields import Hex, Id, Instant, Kind, Text
from api.schemas.shape import Answer, Request
from citizencard.terminals.rotation import DOMAIN

SIGNATURE_BYTES = 64
MAX_KEY_ID_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A device's new key, and its signature for the change."""

    terminal: str
    public_key: bytes
    possession: bytes


class KeyRotationRequest(Request):
    """Bring a new key. The request is signed with the old one, or, sent again because the answer was lost, with the new one."""

    into = KeyChange

    terminal = Text(
        MAX_KEY_ID_CHARACTERS,
        required=True,
        metadata={"description": "key id of the signature: terminal number, or terminal id"},
    )
    public_key = Hex(32, required=True, metadata={"description": "the new Ed25519 key"})
    possession = Hex(
        SIGNATURE_BYTES,
        required=True,
        metadata={
            "description": f"the new key's signature over four lines: {DOMAIN}, key id, old key, new key in upper-case hexadecimal"
        },
    )


class KeyRotationAnswer(Answer):
    """The key that a device's requests are signed with from now on."""

    object = Kind("key_rotation")
    terminal_id = Id("term", required=True)
    public_key = Hex(32, required=True)
    since = Instant(required=True)
