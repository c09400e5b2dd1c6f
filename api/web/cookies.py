"""Cookies: the session of a member of staff, that of a resident, the visitor before either, and how somebody likes to read.

All have the `__Host-` prefix (RFC 6265bis §4.1.3.2): a browser takes them over a secure connection from this very host only, so that no
neighbouring host can plant one. Browsers count 127.0.0.1 and localhost as secure (Secure Contexts §3.1).
"""

import base64
import hmac
import secrets
from hashlib import sha256
from typing import Final

from flask import Response, request

from api.pages.language import LOOK

__all__ = ["LOOK"]

STAFF: Final = "__Host-citizencard-staff"
RESIDENT: Final = "__Host-citizencard-resident"
VISITOR: Final = "__Host-citizencard-visitor"
FLASH: Final = "__Host-citizencard-said"
TOKEN_BYTES: Final = 32
MAX_TOKEN_CHARACTERS: Final = 128
MAX_FLASH_CHARACTERS: Final = 2_048
LOOK_S: Final = 365 * 24 * 3600


def secret_cookie(name: str) -> str | None:
    """The token in a cookie of the present request; None when there is none that could be one of ours."""
    found = request.cookies.get(name, "")
    return found if 1 <= len(found) <= MAX_TOKEN_CHARACTERS and found.isascii() else None


def give(answer: Response, name: str, value: str, max_age_s: int | None = None) -> None:
    """Set a cookie that scripts cannot read and other sites' forms do not send; without an age it ends with the browser."""
    answer.set_cookie(name, value, max_age=max_age_s, path="/", secure=True, httponly=True, samesite="Lax")


def take(answer: Response, name: str) -> None:
    """End a cookie."""
    answer.delete_cookie(name, path="/", secure=True, httponly=True, samesite="Lax")


def new_visitor() -> str:
    """A token for somebody who has not signed in: what the form of the sign-in page is bound to."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def form_token(token: str) -> str:
    """What a form must bring that belongs to a session: 43 characters that nobody can make without the session's token."""
    return _sign(token, b"form")


def is_form_token(token: str, given: str) -> bool:
    """Whether a form belongs to a session; compared in constant time."""
    return hmac.compare_digest(form_token(token).encode(), given.encode())


def sealed(token: str, content: bytes) -> str:
    """A text for a cookie that only the server of this session can have written."""
    body = base64.urlsafe_b64encode(content).decode()
    return f"{body}.{_sign(token, b'said ' + content)}"


def opened(token: str, text: str) -> bytes | None:
    """The content of a sealed text; None when it is another session's, too long or not ours."""
    body, _, signature = text.partition(".")
    if len(text) > MAX_FLASH_CHARACTERS:
        return None
    try:
        content = base64.urlsafe_b64decode(body)
    except ValueError:
        return None
    right = hmac.compare_digest(_sign(token, b"said " + content).encode(), signature.encode())
    return content if right else None


def _sign(token: str, about: bytes) -> str:
    digest = hmac.digest(token.encode(), b"citizencard 1 " + about, sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
