"""One-time codes (TOTP, RFC 6238: SHA-1, 30 s, 6 digits), each accepted once."""

from collections.abc import Callable
from datetime import datetime
from hmac import compare_digest
from typing import Final, Generic, Protocol, TypeVar

import pyotp

PERIOD_S: Final = 30
STEPS_EITHER_SIDE: Final = 1
ISSUER: Final = "citizencard"
TABLE: Final = "staff_member"
COLUMN: Final = "totp_secret"

Place = TypeVar("Place")
Place_contra = TypeVar("Place_contra", contravariant=True)


class TotpCipher(Protocol):
    """Keeps TOTP secrets unreadable in the database, each bound to its staff member's row."""

    def encrypt(self, staff_id: str, secret: str) -> bytes:
        """The secret as it is stored."""
        ...

    def decrypt(self, staff_id: str, stored: bytes) -> str:
        """The secret again."""
        ...


class FieldCipher(Protocol[Place_contra]):
    """What is needed of the keys' keeper, which lies in a layer above this one."""

    def encrypt(self, context: Place_contra, plaintext: str) -> bytes:
        """A value as it is stored at a place."""
        ...

    def decrypt(self, context: Place_contra, ciphertext: bytes) -> str:
        """The value again."""
        ...


class SealedInPlace(Generic[Place]):
    """TOTP secrets encrypted by the keys' keeper: `SealedInPlace(hsm, FieldContext)`.

    Args:
        cipher: the keeper.
        place: makes the name of a place from table, column and row id.
    """

    def __init__(self, cipher: FieldCipher[Place], place: Callable[[str, str, str], Place]) -> None:
        self._cipher = cipher
        self._place = place

    def encrypt(self, staff_id: str, secret: str) -> bytes:
        """The secret as it is stored."""
        return self._cipher.encrypt(self._place(TABLE, COLUMN, staff_id), secret)

    def decrypt(self, staff_id: str, stored: bytes) -> str:
        """The secret again."""
        return self._cipher.decrypt(self._place(TABLE, COLUMN, staff_id), stored)


def new_secret() -> str:
    """A new secret, 160 random bits in base 32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, login: str) -> str:
    """The `otpauth://` address that an authenticator reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def step_of(secret: str, code: str, last_step: int, now: datetime) -> int | None:
    """The time step that a code belongs to, one step of clock difference allowed; None if it is wrong or was used already.

    Args:
        secret: in base 32.
        code: six digits.
        last_step: the newest step that was accepted before; this one and all older ones are refused.
        now: the instant of the attempt.
    """
    totp = pyotp.TOTP(secret, interval=PERIOD_S)
    present = int(now.timestamp()) // PERIOD_S
    found = None
    for step in range(present - STEPS_EITHER_SIDE, present + STEPS_EITHER_SIDE + 1):
        if compare_digest(totp.generate_otp(step).encode(), code.encode()) and step > last_step:
            found = step
    return found
