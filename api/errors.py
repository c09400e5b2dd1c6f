"""Refusals of the HTTP face itself, before any rule of the city is asked."""

from typing import ClassVar

from citizencard.errors import CitizencardError


class ApiError(CitizencardError):
    """The request is refused."""

    code = "request_refused"


class RequestMalformed(ApiError):
    """The body is not JSON that can be read."""

    code = "malformed_request"


class ShapeInvalid(ApiError):
    """Fields are missing, unknown or of the wrong form; `errors` names each of them."""

    code = "shape_invalid"


class NotSignedIn(ApiError):
    """Sign in first: this needs a session."""

    code = "not_signed_in"


class RouteClosed(ApiError):
    """Nobody may do this: the route has no permission in the table."""

    code = "route_closed"


class IdempotencyKeyMissing(ApiError):
    """This request needs an Idempotency-Key header, so that it can be sent again safely."""

    code = "idempotency_key_missing"


class ElsewhereRefused(ApiError):
    """This belongs to another outlet."""

    code = "elsewhere_refused"


class SignatureMissing(ApiError):
    """Requests of terminals are signed (RFC 9421)."""

    code = "signature_missing"


class SignatureInvalid(ApiError):
    """The signature is not that of the terminal over what it must cover."""

    code = "signature_invalid"
    public: ClassVar[tuple[str, ...]] = ("reason",)


class DigestDiffers(ApiError):
    """The body is not the one that the Content-Digest is of."""

    code = "digest_differs"


class ClockSkewed(ApiError):
    """The terminal's clock differs too much from the server's; set it and send again."""

    code = "clock_skewed"
    public: ClassVar[tuple[str, ...]] = ("server_time", "tolerance_s")


class TooManyRequests(ApiError):
    """This terminal asks too often; wait as long as Retry-After says."""

    code = "too_many_requests"
    public: ClassVar[tuple[str, ...]] = ("retry_after_s",)


class PdfUnavailable(ApiError):
    """Slips cannot be printed here: the server lacks a package of the system."""

    code = "pdf_unavailable"
    public: ClassVar[tuple[str, ...]] = ("package",)
