"""Random tokens that are shown once and kept as a hash."""

import hashlib
import secrets
from typing import Final

TOKEN_BYTES: Final = 32


def new_token() -> str:
    """256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> bytes:
    """SHA-256, 32 bytes: enough for a token nobody can guess, and a look-up by equality gives no timing to learn from."""
    return hashlib.sha256(token.encode()).digest()
