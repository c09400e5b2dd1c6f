"""The doors of pages: a member of staff or a resident is recognised by a cookie, a visitor only by the cookie that binds his forms."""

import re
from typing import Final, cast
from urllib.parse import urlencode

from flask import Response, g, request

from api.city import city, now, request_id
from api.errors import NotSignedIn
from api.pages.language import PARAMETER
from api.routes import Door
from api.web.cookies import RESIDENT, STAFF, VISITOR, secret_cookie, take
from api.web.guard import check_form_token, check_host, check_sender, is_safe
from citizencard.residents import flow as residents
from citizencard.residents.errors import ResidentSessionEnded
from citizencard.residents.flow import ResidentPrincipal
from citizencard.staff.errors import SessionEnded
from citizencard.staff.flow import authenticate

SIGN_IN: Final = {Door.CONSOLE: "/console/sign-in", Door.PORTAL: "/portal/sign-in"}
HOME: Final = {Door.CONSOLE: "/console", Door.PORTAL: "/portal"}
COOKIE: Final = {Door.CONSOLE: STAFF, Door.PORTAL: RESIDENT, Door.PAGE: VISITOR}
NEXT: Final = "next"
SEE_OTHER: Final = 303
UNAUTHORIZED: Final = 401
LOCAL: Final = re.compile(r"/(?:console|portal)(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*(?:\?[A-Za-z0-9_.~%=&+-]{0,300})?")
"""Addresses that somebody may be led on to after signing in: ours, and nothing that a browser could take for another host."""


def come_in(door: Door) -> Response | None:
    """Let the present request in by a page's door, or lead it to where one signs in.

    Afterwards `page_token` is what the page's forms are bound to, and `g.principal` or `g.resident` is who asks.

    Raises:
        HostUnknown, ForeignRequest, FormTokenWrong: see `api.web.guard`.
        NotSignedIn: it is not a page that is asked for, and there is no session.
    """
    check_host()
    if not is_safe():
        check_sender()
    token = secret_cookie(COOKIE[door])
    g.page_token = token
    if door is not Door.PAGE and not _recognise(door, token):
        g.page_token = None
        return _to_sign_in(door)
    if not is_safe():
        check_form_token(token)
    return None


def to_code() -> Response:
    """Lead somebody of staff to where a new one-time code is entered, and then back."""
    parameters = {NEXT: local(here(), HOME[Door.CONSOLE])}
    if not is_safe():
        parameters["stale"] = "1"
    return lead_to("/console/code", **parameters)


def page_token() -> str | None:
    """The token that the forms of the present page are bound to."""
    return cast("str | None", g.get("page_token"))


def resident() -> ResidentPrincipal:
    """The resident whose session the present request belongs to."""
    return cast("ResidentPrincipal", g.resident)


def local(path: str, otherwise: str) -> str:
    """An address to be led on to, if it is one of ours; else the other one."""
    return path if LOCAL.fullmatch(path) else otherwise


def here() -> str:
    """The address of the page that the present request is about: its own, or for a form the page that it is on."""
    if is_safe():
        # The language goes its own way, see `lead_to`.
        query = urlencode([(name, value) for name, value in request.args.items(multi=True) if name != PARAMETER])
        return f"{request.path}?{query}" if query else request.path
    referrer = request.headers.get("Referer", "")
    return referrer.removeprefix(request.host_url.rstrip("/"))


def lead_to(path: str, **parameters: str) -> Response:
    """Lead the browser to another page of ours by GET; a choice of language in the address is kept.

    Args:
        path: of the page.
        parameters: of the address.
    """
    if PARAMETER in request.args:
        parameters[PARAMETER] = request.args[PARAMETER]
    address = f"{path}{'&' if '?' in path else '?'}{urlencode(parameters)}" if parameters else path
    if "HX-Request" in request.headers:
        # A fragment must not be replaced by a whole page: the script leads the window there instead.
        answer = Response(status=UNAUTHORIZED)
        answer.headers["HX-Redirect"] = address
        return answer
    answer = Response(status=SEE_OTHER)
    answer.headers["Location"] = address
    return answer


def _recognise(door: Door, token: str | None) -> bool:
    if token is None:
        return False
    try:
        if door is Door.CONSOLE:
            g.principal = authenticate(city().sessions, token, now(), request_id())
        else:
            is_use = "HX-Request" not in request.headers or not is_safe()
            g.resident = residents.authenticate(city().sessions, token, now(), request_id(), is_use=is_use)
    except (SessionEnded, ResidentSessionEnded):
        return False
    return True


def _to_sign_in(door: Door) -> Response:
    ended = secret_cookie(COOKIE[door]) is not None
    if not is_safe():
        raise NotSignedIn("the session has ended; nothing was changed")
    parameters = {"ended": "1"} if ended else {}
    wanted = local(here(), HOME[door])
    if wanted != HOME[door]:
        parameters[NEXT] = wanted
    answer = lead_to(SIGN_IN[door], **parameters)
    if ended:
        take(answer, COOKIE[door])
    return answer
