"""A device makes itself known once: a one-time code for the clerk's hand, and the device's own Ed25519 public key."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from citizencard.terminals.errors import EnrolmentCodeInvalid, PublicKeyInvalid, PublicKeyTaken
from citizencard.terminals.models import PUBLIC_KEY_BYTES, EnrolmentCode, Terminal, TerminalKey
from citizencard.terminals.registry import terminal_by_id

CODE_BYTES: Final = 16
CODE_LIFE: Final = timedelta(hours=24)

_FIELD_PRIME: Final = 2**255 - 19
_CURVE_D: Final = -121665 * pow(121666, -1, _FIELD_PRIME) % _FIELD_PRIME


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device whose key is known from now on."""

    terminal_id: str
    public_key: bytes


def issue_enrolment_code(session: Session, terminal_id: str, *, now: datetime) -> str:
    """Make a one-time code for a device: 128 random bits in hexadecimal, good for 24 hours and one use.

    Only its hash is kept; the code is shown once. Codes given out before for this device are void.

    Raises:
        UnknownTerminal: there is none with this id.
    """
    terminal_by_id(session, terminal_id)
    session.execute(
        update(EnrolmentCode)
        .where(EnrolmentCode.terminal_id == terminal_id, EnrolmentCode.used_at.is_(None))
        .values(used_at=now)
    )
    code = secrets.token_hex(CODE_BYTES)
    session.add(EnrolmentCode(code_hash=_hash(code), terminal_id=terminal_id, expires_at=now + CODE_LIFE))
    session.flush()
    return code


def enrol(session: Session, code: str, public_key: bytes, *, now: datetime) -> Enrolled:
    """Take a device's public key by its one-time code; a key it had before is retired.

    Sending the same code with the same key again gives the same answer: the first answer may have been lost on the way.

    Raises, in this order:
        PublicKeyInvalid: not 32 bytes, not a point of the curve, or a point that anybody could sign for.
        EnrolmentCodeInvalid: unknown, used or expired; which of them is not told.
        PublicKeyTaken: another device, or an earlier enrolment, has this key.
    """
    check_public_key(public_key)
    code_hash = _hash(code)
    taken = session.execute(
        update(EnrolmentCode)
        .where(EnrolmentCode.code_hash == code_hash, EnrolmentCode.used_at.is_(None), EnrolmentCode.expires_at > now)
        .values(used_at=now)
        .returning(EnrolmentCode.terminal_id)
    ).scalar_one_or_none()
    known = session.scalars(select(TerminalKey).where(TerminalKey.public_key == public_key)).one_or_none()
    if taken is None:
        row = session.get(EnrolmentCode, code_hash)
        if row is None or known is None or known.retired_at is not None or known.terminal_id != row.terminal_id:
            raise EnrolmentCodeInvalid("the one-time code is wrong, used or expired")
        return Enrolled(known.terminal_id, public_key)
    if known is not None:
        raise PublicKeyTaken("the device key is known already")
    # A device that changes its own key at this moment is waited for.
    session.execute(select(Terminal.id).where(Terminal.id == taken).with_for_update(key_share=True))
    session.execute(
        update(TerminalKey)
        .where(TerminalKey.terminal_id == taken, TerminalKey.retired_at.is_(None))
        .values(retired_at=now)
    )
    session.add(TerminalKey(terminal_id=taken, public_key=public_key, enrolled_at=now))
    session.flush()
    return Enrolled(taken, public_key)


def check_public_key(public_key: bytes) -> None:
    """Hold a public key to what RFC 8032 §5.1.3 says of one, and refuse points of small order.

    A library decodes the point only when it verifies; then a useless key would be noticed on the first bus ride. Under a point of
    small order everybody can sign.

    Raises:
        PublicKeyInvalid: says what is wrong.
    """
    if len(public_key) != PUBLIC_KEY_BYTES:
        reason = f"{len(public_key)} bytes, must be {PUBLIC_KEY_BYTES}"
        raise PublicKeyInvalid(reason, reason=reason)
    y = int.from_bytes(public_key, "little") & ((1 << 255) - 1)
    sign = public_key[31] >> 7
    x = _x_of(y, sign) if y < _FIELD_PRIME else None
    if x is None:
        raise PublicKeyInvalid("not a point of the curve", reason="not a point of the curve")
    point = (x, y)
    for _ in range(3):
        point = _double(point)
    if point == (0, 1):
        raise PublicKeyInvalid("a point of small order", reason="a point of small order")


def signed_by(keys: list[bytes], signature: bytes, message: bytes) -> bool:
    """Whether one of the public keys verifies the Ed25519 signature."""
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        except InvalidSignature:
            continue
        return True
    return False


def _x_of(y: int, sign: int) -> int | None:
    """The x coordinate of a point (RFC 8032 §5.1.3), None when there is none."""
    numerator, denominator = (y * y - 1) % _FIELD_PRIME, (_CURVE_D * y * y + 1) % _FIELD_PRIME
    square = numerator * pow(denominator, -1, _FIELD_PRIME) % _FIELD_PRIME
    x = pow(square, (_FIELD_PRIME + 3) // 8, _FIELD_PRIME)
    if (x * x - square) % _FIELD_PRIME:
        x = x * pow(2, (_FIELD_PRIME - 1) // 4, _FIELD_PRIME) % _FIELD_PRIME
    if (x * x - square) % _FIELD_PRIME or (x == 0 and sign):
        return None
    return _FIELD_PRIME - x if x & 1 != sign else x


def _double(point: tuple[int, int]) -> tuple[int, int]:
    """Twice a point of edwards25519, in affine coordinates."""
    x, y = point
    product = _CURVE_D * x * x * y * y % _FIELD_PRIME
    return (
        2 * x * y * pow(1 + product, -1, _FIELD_PRIME) % _FIELD_PRIME,
        (y * y + x * x) * pow(1 - product, -1, _FIELD_PRIME) % _FIELD_PRIME,
    )


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.strip().lower().encode()).digest()
