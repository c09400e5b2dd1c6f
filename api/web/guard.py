"""Three questions to every request that a cookie could be on: called by our name, sent from our page, with that page's token?"""

from typing import Final
from urllib.parse import urlsplit

from flask import request

from api.city import city
from api.web.cookies import is_form_token
from api.web.errors import ForeignRequest, FormTokenWrong, HostUnknown

SAFE: Final = frozenset({"GET", "HEAD"})
TOKEN_FIELD: Final = "csrf"  # noqa: S105 # the name of a field
TOKEN_HEADER: Final = "X-CSRF-Token"  # noqa: S105 # the name of a header
LOOPBACK: Final = ("127.0.0.1", "localhost")


def origins() -> frozenset[str]:
    """The origins that are ours: that of the public address, and in the test realm the same port of this machine."""
    address = urlsplit(city().settings.public_url)
    own = {f"{address.scheme}://{address.netloc}"}
    if city().settings.realm == "test":
        port = f":{address.port}" if address.port else ""
        own |= {f"http://{host}{port}" for host in LOOPBACK}
    return frozenset(own)


def check_host() -> None:
    """Refuse a request under a foreign name: another site's name that leads to our address (DNS rebinding) brings its own scripts.

    Raises:
        HostUnknown: the Host header is not exactly ours.
    """
    if request.headers.get("Host", "") not in {urlsplit(origin).netloc for origin in origins()}:
        raise HostUnknown("the Host header is not this server's")


def check_sender() -> None:
    """Refuse what another site's page makes a browser send. What is absent is not held against a request: the token decides then.

    Raises:
        ForeignRequest: Sec-Fetch-Site or Origin say so (Fetch Metadata §2.3; RFC 6454 §7).
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site != "same-origin":
        raise ForeignRequest("Sec-Fetch-Site is not same-origin")
    if origin is not None and (origin not in origins() or urlsplit(origin).netloc != request.headers.get("Host")):
        raise ForeignRequest("Origin is not this server's")


def check_form_token(token: str | None) -> None:
    """Refuse a form or a script's request that does not belong to the session.

    Args:
        token: of the session, or of the visitor before signing in; None when there is neither.

    Raises:
        FormTokenWrong: the token is missing, or another session's.
    """
    given = request.headers.get(TOKEN_HEADER) or request.form.get(TOKEN_FIELD, "")
    if token is None or not is_form_token(token, given):
        raise FormTokenWrong("the form does not belong to this session")


def is_safe() -> bool:
    """Whether the present request can change nothing."""
    return request.method in SAFE
