"""Headers of every answer: nothing is loaded from elsewhere, nothing is framed, nothing of a person is kept by a cache."""

from typing import Final

from flask import Response, request


def _policy(*connect: str) -> str:
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            f"connect-src {' '.join(connect)}",
            "img-src 'self' data:",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "object-src 'none'",
        )
    )


POLICY: Final = _policy("'self'")
HEADERS: Final[dict[str, str]] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
STATIC_MAX_AGE_S: Final = 3600


def reader_policy(agent: str) -> str:
    """The policy of pages that speak with the reader agent on the same computer, at this address."""
    return _policy("'self'", agent)


def secure(answer: Response) -> Response:
    """Add the headers. Scripts and styles of our own may be kept for an hour; everything else is asked for anew."""
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    static = request.path.startswith("/static/") and answer.status_code in (200, 304)
    answer.headers["Cache-Control"] = f"public, max-age={STATIC_MAX_AGE_S}" if static else "no-store"
    return answer
