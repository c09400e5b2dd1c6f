"""Personal data at rest: AES-256-GCM bound to its place, and a keyed fingerprint for exact look-up (money.md §10)."""

import hmac
import os
import re
import unicodedata
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from citizencard.keys.errors import CiphertextInvalid, NormalisationRefused
from citizencard.keys.hsm import FieldContext
from citizencard.keys.secret import SecretKey

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
MAX_PLAINTEXT_BYTES: Final = 64 * 1024

_SEPARATORS: Final = re.compile(r"[\s().\-\u2010-\u2015]+")
_DOCUMENT: Final = re.compile(r"[0-9A-Z]{4,32}")
_MAINLAND_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_MAINLAND_LANDLINE: Final = re.compile(r"0[1-9][0-9]{8,10}")
_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9]{6,14}")


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


def normalise_document(number: str) -> str:
    """A document number in the one form in which it is looked up: narrow capital letters and digits, no separators.

    Raises:
        NormalisationRefused: not 4 to 32 letters and digits.
    """
    compact = _compact(number)
    if not _DOCUMENT.fullmatch(compact):
        raise NormalisationRefused("a document number has 4 to 32 letters and digits", field="document_number")
    return compact


def normalise_phone(number: str) -> str:
    """A phone number in the one form in which it is looked up, E.164: mainland numbers get +86, landlines lose their 0.

    Raises:
        NormalisationRefused: no mainland mobile or landline number with its area code, and no international number.
    """
    compact = _compact(number)
    if compact.startswith("00"):
        compact = "+" + compact[2:]
    if _MAINLAND_MOBILE.fullmatch(compact):
        compact = "+86" + compact
    elif _MAINLAND_LANDLINE.fullmatch(compact):
        compact = "+86" + compact[1:]
    if not _INTERNATIONAL.fullmatch(compact):
        raise NormalisationRefused("the phone number is incomplete or no phone number", field="phone")
    return compact


def _compact(text: str) -> str:
    """Full-width characters made narrow, capitals, without spaces, hyphens, dots and brackets."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
