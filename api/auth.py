"""Who asks? Staff by a session token, terminals by their signature. What the table does not open stays shut."""

from typing import Final, cast

from flask import Flask, Response, g, request
from werkzeug.exceptions import NotFound

from api.city import city, now, request_id
from api.errors import ElsewhereRefused, NotSignedIn, RouteClosed
from api.nonces import begin
from api.rates import rate_class
from api.routes import ACCESS, UPLOAD_BODY_BYTES, Access, Door
from api.signatures import check_signature
from api.web.doors import come_in, to_code
from citizencard.audit import Actor
from citizencard.staff.errors import FreshCodeNeeded
from citizencard.staff.flow import authenticate
from citizencard.staff.permissions import GRANTS, Permission, Principal, require, require_fresh_code
from citizencard.terminals.signing import Signer

SCHEME: Final = "bearer"
MAX_TOKEN_CHARACTERS: Final = 128
NUL: Final = "\0"


def install(app: Flask) -> None:
    """Ask of every request whether it may come in, before anything of it is read."""
    app.before_request(check)


def check() -> Response | None:
    """Let the present request in, lead a browser to where it signs in first, or refuse.

    Raises:
        NotFound: there is a NUL character in the address; it names nothing, and PostgreSQL keeps no text with one.
        RouteClosed: the route is not in the table.
        NotSignedIn, SessionEnded: no session, or one that has ended.
        PermissionDenied, FreshCodeNeeded: the session's roles do not permit it, or want a new one-time code first.
        ApiError: one of those of `check_signature` and `come_in`.
        NonceInvalid, NonceReplayed: of a terminal's request.
    """
    if request.url_rule is None:
        return None
    if any(NUL in text for text in (request.path, *(part for pair in request.args.items(multi=True) for part in pair))):
        raise NotFound
    access = ACCESS.get((_method(), str(request.url_rule)))
    if access is None:
        raise RouteClosed("this route has no permission in the table")
    if access.max_body_bytes is not None:
        request.max_content_length = access.max_body_bytes
        request.max_form_memory_size = access.max_body_bytes
    elsewhere = None
    if access.door is Door.STAFF:
        g.principal = authenticate(city().sessions, bearer_token(), now(), request_id())
    elif access.door is Door.TERMINAL:
        _take_signature(access)
    elif access.door is not Door.OPEN:
        elsewhere = come_in(access.door)
    if elsewhere is None and "principal" in g:
        _require_one_of(principal(), access)
        if access.fresh_code:
            elsewhere = _freshly(access.door)
    return elsewhere


def _take_signature(access: Access) -> None:
    uploads = access.max_body_bytes == UPLOAD_BODY_BYTES
    g.signer, nonce = check_signature(rate_class(request.method, uploads=uploads))
    begin(nonce)


def principal() -> Principal:
    """The member of staff whose session the present request belongs to."""
    return cast("Principal", g.principal)


def signer() -> Signer:
    """The terminal that signed the present request."""
    return cast("Signer", g.signer)


def actor(permission: Permission) -> Actor:
    """Who acts, in the role that permits it, for the audit.

    Raises:
        PermissionDenied: no role permits it.
    """
    return require(principal(), permission)


def actor_at(permission: Permission, outlet_id: str) -> Actor:
    """Who acts on something of an outlet.

    Raises:
        PermissionDenied: no role permits it.
        ElsewhereRefused: it is another outlet's than the one the person works at.
    """
    own = principal().outlet_id
    if own is not None and own != outlet_id:
        raise ElsewhereRefused("this belongs to another outlet")
    return require(principal(), permission, outlet_id=outlet_id)


def bearer_token() -> str:
    """The session token of the present request.

    Raises:
        NotSignedIn: there is none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != SCHEME or not 1 <= len(token.strip()) <= MAX_TOKEN_CHARACTERS:
        raise NotSignedIn("send the session's token as Authorization: Bearer …")
    return token.strip()


def _require_one_of(found: Principal, access: Access) -> None:
    """Of a route with several permissions the view asks for the one that the request needs."""
    if not access.permissions:
        return
    first, *others = access.permissions
    permitted = [other for other in others if found.roles & _roles(other)]
    require(found, permitted[0] if permitted and not found.roles & _roles(first) else first)


def _freshly(door: Door) -> Response | None:
    """Hold a session to its one-time code; a browser is led to where one enters it."""
    try:
        require_fresh_code(principal(), now())
    except FreshCodeNeeded:
        if door is Door.CONSOLE:
            return to_code()
        raise
    return None


def _roles(permission: Permission) -> frozenset[object]:
    return frozenset(GRANTS.get(permission, frozenset()))


def _method() -> str:
    return "GET" if request.method == "HEAD" else request.method
