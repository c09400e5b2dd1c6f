"""Personal data at rest: AES-256-GCM bound to its place, and a keyed fingerprint for exact look-up."""

import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from citizencard.keys.errors import CiphertextInvalid
from citizencard.keys.hsm import FieldContext
from citizencard.keys.secret import SecretKey

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
MAX_PLAINTEXT_BYTES: Final = 64 * 1024


def encrypt(key: SecretKey, version: int, context: FieldContext, plaintext: str) -> bytes:
    """Key version 1 ‖ nonce 12 ‖ ciphertext and tag; version and place are associated data.

    Raises:
        ValueError: more than 64 KiB.
    """
    raw = plaintext.encode()
    if len(raw) > MAX_PLAINTEXT_BYTES:
        message = f"an encrypted value has at most {MAX_PLAINTEXT_BYTES} bytes"
        raise ValueError(message)
    head = version.to_bytes(1)
    nonce = os.urandom(NONCE_BYTES)
    return head + nonce + AESGCM(key.reveal()).encrypt(nonce, raw, head + context.to_bytes())


def version_of(ciphertext: bytes) -> int:
    """Key version in front of an encrypted value.

    Raises:
        CiphertextInvalid: too short to be one.
    """
    if len(ciphertext) < 1 + NONCE_BYTES + TAG_BYTES:
        raise CiphertextInvalid("the encrypted value is too short")
    return ciphertext[0]


def decrypt(key: SecretKey, context: FieldContext, ciphertext: bytes) -> str:
    """Undo `encrypt`.

    Raises:
        CiphertextInvalid: changed, or from another place.
    """
    head, nonce, body = ciphertext[:1], ciphertext[1 : 1 + NONCE_BYTES], ciphertext[1 + NONCE_BYTES :]
    try:
        return AESGCM(key.reveal()).decrypt(nonce, body, head + context.to_bytes()).decode()
    except InvalidTag:
        message = f"the value in {context.table}.{context.column} was changed or belongs to another place"
        raise CiphertextInvalid(message, table=context.table, column=context.column, row_id=context.row_id) from None


def blind_index(key: SecretKey, version: int, field: str, normalised: str) -> bytes:
    """Key version 1 ‖ HMAC-SHA-256(key, field name ‖ 00 ‖ normalised value) 32.

    Raises:
        ValueError: the field name is empty or holds a zero character.
    """
    if not field or "\0" in field:
        message = "a field has a name without zero characters"
        raise ValueError(message)
    return version.to_bytes(1) + hmac.digest(key.reveal(), f"{field}\0{normalised}".encode(), "sha256")
