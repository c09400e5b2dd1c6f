"""Keys on their way between two houses: AES key wrap (RFC 3394) under a transport key, with all that is said of the key bound to it.

Key wrap and not the electronic code book of triple DES that old security modules use: RFC 3394 notices any change, and PKCS#11 knows it
(CKM_AES_KEY_WRAP), so that a token can unwrap inside. The transport key (KEK, ZMK) is AES-256, put together by a ceremony in both houses
and kept in neither.
"""

import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from citizencard.keys.errors import CheckValueWrong, TransferMalformed, TransferTampered
from citizencard.keys.hsm import KeyRole, Realm
from citizencard.keys.secret import CHECK_VALUE_BYTES, KeyAlgorithm, SecretKey

FORMAT: Final = "citizencard-key 1"
WRAP: Final = "AES-256-KW (RFC 3394)"
MAX_FILE_BYTES: Final = 8 * 1024
ID_HEX_DIGITS: Final = 32
_BINDING_INFO: Final = b"citizencard key transfer: binding"


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key that comes from another house.

    Args:
        wrapped: the key under the transport key (AES key wrap, RFC 3394), 8 bytes longer than the key.
        check_value: what the sender's paper says, 3 bytes.
    """

    wrapped: bytes = field(repr=False)
    check_value: bytes


@dataclass(frozen=True, slots=True)
class KeyTransfer:
    """A key under a transport key and what is said of it; not secret.

    Args:
        id: 32 hexadecimal digits, by which a file that comes twice is known.
        realm: the sender's.
        city: four digits of the city that the key is for.
        role: what it is for.
        index, version: as the sender names it; the receiver gives it a version of its own.
        algorithm: what it is used with.
        made_at: when it was exported.
        transport_check_value: of the transport key, 3 bytes.
        key: the wrapped key with its check value.
        binding: HMAC-SHA-256 over all of the above under a key derived from the transport key.
    """

    id: str
    realm: Realm
    city: str
    role: KeyRole
    index: int
    version: int
    algorithm: KeyAlgorithm
    made_at: datetime
    transport_check_value: bytes
    key: WrappedKey
    binding: bytes = b""

    def to_json(self) -> str:
        """The file."""
        return json.dumps({**self._described(), "binding": self.binding.hex()}, indent=1) + "\n"

    def _described(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "id": self.id,
            "realm": self.realm,
            "city": self.city,
            "role": str(self.role),
            "index": self.index,
            "version": self.version,
            "algorithm": str(self.algorithm),
            "made_at": self.made_at.isoformat(),
            "wrap": WRAP,
            "transport_check_value": self.transport_check_value.hex().upper(),
            "wrapped": self.key.wrapped.hex().upper(),
            "check_value": self.key.check_value.hex().upper(),
        }

    def bound_bytes(self) -> bytes:
        """What the binding covers, in one canonical form."""
        return json.dumps(self._described(), sort_keys=True, separators=(",", ":")).encode()


def wrap_key(transport: SecretKey, key: SecretKey) -> bytes:
    """A key under a transport key (RFC 3394).

    Raises:
        ValueError: the transport key is not AES-256.
    """
    return aes_key_wrap(_aes(transport), key.reveal())


def unwrap_key(transport: SecretKey, algorithm: KeyAlgorithm, wrapped: WrappedKey) -> SecretKey:
    """Undo `wrap_key`.

    Raises:
        TransferTampered: the transport key does not open it.
        CheckValueWrong: it is not the key of the paper.
        ValueError: the transport key is not AES-256.
    """
    try:
        key = SecretKey(algorithm, aes_key_unwrap(_aes(transport), wrapped.wrapped))
    except (InvalidUnwrap, ValueError):
        raise TransferTampered("the transport key does not open the key that came") from None
    if key.check_value != wrapped.check_value:
        raise CheckValueWrong("the key that came does not have the check value of its paper")
    return key


def binding_of(transport: SecretKey, transfer: KeyTransfer) -> bytes:
    """HMAC over the whole description, 32 bytes."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_BINDING_INFO).derive(_aes(transport))
    return hmac.digest(key, transfer.bound_bytes(), "sha256")


def check_binding(transport: SecretKey, transfer: KeyTransfer) -> None:
    """Refuse a file under another transport key, or of which anything was changed.

    Raises:
        TransferTampered: one of them; a wrong transport key is told by its check value.
    """
    if transfer.transport_check_value != transport.check_value:
        wanted, found = transfer.transport_check_value.hex().upper(), transport.check_value.hex().upper()
        raise TransferTampered(f"the file is under the transport key with check value {wanted}, this one has {found}")
    if not hmac.compare_digest(binding_of(transport, transfer), transfer.binding):
        raise TransferTampered("the file was changed on its way")


def parse_transfer(raw: bytes) -> KeyTransfer:
    """Read a file; nothing is believed of it before `check_binding`.

    Raises:
        TransferMalformed: not such a file.
    """
    try:
        return _from_json(json.loads(raw[: MAX_FILE_BYTES + 1]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise TransferMalformed(f"this is not a file of format {FORMAT}") from None


def _from_json(document: dict[str, Any]) -> KeyTransfer:
    """Raise ValueError, KeyError or TypeError for what is no such file."""
    transfer = KeyTransfer(
        id=str(document["id"]),
        realm=cast("Realm", document["realm"]),
        city=str(document["city"]),
        role=KeyRole(document["role"]),
        index=int(document["index"]),
        version=int(document["version"]),
        algorithm=KeyAlgorithm(document["algorithm"]),
        made_at=datetime.fromisoformat(document["made_at"]),
        transport_check_value=_check_value(document["transport_check_value"]),
        key=WrappedKey(bytes.fromhex(document["wrapped"]), _check_value(document["check_value"])),
        binding=bytes.fromhex(document["binding"]),
    )
    as_written = (
        document["format"] == FORMAT
        and document["wrap"] == WRAP
        and transfer.realm in {"test", "production"}
        and len(bytes.fromhex(transfer.id)) == ID_HEX_DIGITS // 2
        and len(transfer.key.wrapped) == transfer.algorithm.key_bytes + 8
        and transfer.made_at.tzinfo is not None
    )
    if not as_written:
        message = "another form"
        raise ValueError(message)
    return transfer


def _check_value(text: str) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != CHECK_VALUE_BYTES:
        message = "a check value has 3 bytes"
        raise ValueError(message)
    return value


def _aes(transport: SecretKey) -> bytes:
    if transport.algorithm is not KeyAlgorithm.AES_256:
        message = "a transport key is AES-256"
        raise ValueError(message)
    return transport.reveal()
