"""Personal data under keys of the token: the same bytes as `citizencard.keys.personal` writes, computed by the token."""

import os
from typing import Final

import pkcs11
from pkcs11 import GCMParams, Mechanism

from citizencard.keys.errors import CiphertextInvalid
from citizencard.keys.hsm import FieldContext
from citizencard.keys.personal import MAX_PLAINTEXT_BYTES, NONCE_BYTES, TAG_BYTES
from citizencard.keys.pkcs11.ring import TokenKey

_TAG_REFUSED: Final = (pkcs11.GeneralError, pkcs11.EncryptedDataInvalid, pkcs11.FunctionFailed, pkcs11.DataInvalid)
"""What modules say of a wrong tag; SoftHSM says general error."""


def encrypt(key: TokenKey, context: FieldContext, plaintext: str) -> bytes:
    """Key version 1 ‖ nonce 12 ‖ ciphertext and tag; version and place are associated data.

    Raises:
        ValueError: more than 64 KiB.
    """
    raw = plaintext.encode()
    if len(raw) > MAX_PLAINTEXT_BYTES:
        message = f"an encrypted value has at most {MAX_PLAINTEXT_BYTES} bytes"
        raise ValueError(message)
    head = key.info.version.to_bytes(1)
    nonce = os.urandom(NONCE_BYTES)
    parameters = GCMParams(nonce, head + context.to_bytes(), 8 * TAG_BYTES)
    return head + nonce + bytes(key.root.encrypt(raw, mechanism=Mechanism.AES_GCM, mechanism_param=parameters))


def decrypt(key: TokenKey, context: FieldContext, ciphertext: bytes) -> str:
    """Undo `encrypt`.

    Raises:
        CiphertextInvalid: changed, or from another place.
    """
    head, nonce, body = ciphertext[:1], ciphertext[1 : 1 + NONCE_BYTES], ciphertext[1 + NONCE_BYTES :]
    parameters = GCMParams(nonce, head + context.to_bytes(), 8 * TAG_BYTES)
    try:
        return bytes(key.root.decrypt(body, mechanism=Mechanism.AES_GCM, mechanism_param=parameters)).decode()
    except _TAG_REFUSED:
        # The code is the same as of a token that fails: one that still encrypts has refused the value.
        key.root.encrypt(bytes(16), mechanism=Mechanism.AES_ECB)
    message = f"the value in {context.table}.{context.column} was changed or belongs to another place"
    raise CiphertextInvalid(message, table=context.table, column=context.column, row_id=context.row_id)


def blind_index(key: TokenKey, field: str, normalised: str) -> bytes:
    """Key version 1 ‖ HMAC-SHA-256(key, field name ‖ 00 ‖ normalised value) 32.

    Raises:
        ValueError: the field name is empty or holds a zero character.
    """
    if not field or "\0" in field:
        message = "a field has a name without zero characters"
        raise ValueError(message)
    mac = bytes(key.root.sign(f"{field}\0{normalised}".encode(), mechanism=Mechanism.SHA256_HMAC))
    return key.info.version.to_bytes(1) + mac
