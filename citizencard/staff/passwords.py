"""Passwords: argon2id with costs that are named, and never more than two computations at once."""

from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from citizencard.staff.errors import PasswordUnfit

MIN_CHARS: Final = 12
MAX_CHARS: Final = 128
MEMORY_KIB: Final = 19 * 1024
ROUNDS: Final = 2
AT_ONCE: Final = 2

_places = BoundedSemaphore(AT_ONCE)
"""Each computation takes 19 MiB and a core: a flood of log-ins queues here instead of taking the machine."""


def check_password(password: str, login: str) -> None:
    """Refuse a password that is too short (12 characters), too long (128) or holds its owner's login.

    Raises:
        PasswordUnfit: says which lengths are allowed.
    """
    if not MIN_CHARS <= len(password) <= MAX_CHARS or login.casefold() in password.casefold():
        raise PasswordUnfit(
            f"a password has {MIN_CHARS} to {MAX_CHARS} characters and does not hold the login",
            min_chars=MIN_CHARS,
            max_chars=MAX_CHARS,
        )


@dataclass(frozen=True, slots=True)
class Passwords:
    """Hashing and checking of passwords (RFC 9106, argon2id, one lane).

    Args:
        memory_kib: memory per computation.
        rounds: passes over it.
    """

    memory_kib: int = MEMORY_KIB
    rounds: int = ROUNDS
    _hasher: PasswordHasher = field(init=False, repr=False)
    _decoy: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        hasher = PasswordHasher(self.rounds, self.memory_kib, 1, type=Type.ID)
        object.__setattr__(self, "_hasher", hasher)
        object.__setattr__(self, "_decoy", hasher.hash("nobody has this password"))

    def hash(self, password: str) -> str:
        """The text to store."""
        with _places:
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether a password is the stored one. Without a stored one it takes as long and is False."""
        with _places:
            try:
                right = self._hasher.verify(stored or self._decoy, password[: MAX_CHARS + 1])
            except (VerificationError, InvalidHashError):
                return False
        return right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether a stored hash was made with other costs than today's and should be made anew."""
        return self._hasher.check_needs_rehash(stored)
