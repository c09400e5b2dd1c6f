"""Pages of people who sign in: one layout, its texts, who is signed in, what was just done; and refusals as pages."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from api import problems
from api.auth import principal
from api.city import city, now
from api.errors import NotSignedIn
from api.headers import reader_policy
from api.pages.formats import ago, masked, yuan
from api.pages.frame import render
from api.pages.language import PARAMETER, Language, preferred, say
from api.routes import ACCESS, Door
from api.statuses import STATUS
from api.web import cookies
from api.web.doors import HOME, SIGN_IN, lead_to, page_token
from api.web.forms import KEY_BYTES
from api.web.navigation import Entry, entries
from api.web.refusals import describe, describe_status
from api.web.tables import labelled
from api.web.unbroken import unbroken
from citizencard.clock import BEIJING
from citizencard.errors import CitizencardError
from citizencard.staff.errors import SessionEnded
from citizencard.staff.permissions import GRANTS, Permission
from ledger.errors import LedgerError

PRINT: Final = "print"
LARGE: Final = "large"
LEVELS: Final = ("good", "note", "warning")
SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Said:
    """What the next page says at its top: something was done, or is to be known.

    Args:
        key: a text of the catalogue.
        level: good, note or warning.
        values: of the text; nothing personal, they travel in a cookie.
    """

    key: str
    level: str = "good"
    values: Mapping[str, str | int] | None = None


def page_blueprint(name: str, import_name: str) -> Blueprint:
    """A chapter of pages: its templates are in the folder `templates/<name>` beside it, its refusals are answered by pages."""
    blueprint = Blueprint(name, import_name, template_folder="templates")
    for kind in (CitizencardError, LedgerError):
        blueprint.register_error_handler(kind, refused)
    blueprint.register_error_handler(HTTPException, not_understood)
    blueprint.register_error_handler(Exception, broken)
    return blueprint


def render_page(template: str, *, status: int = 200, reader: bool = False, **values: Any) -> Response:  # noqa: ANN401 # any value of a template
    """A page in the layout, in the reader's language.

    Args:
        template: such as `console/card.html`; extends `web/layout.html`.
        status: of the answer.
        reader: the page speaks with a reader agent on the same computer: its policy lets it connect there.
        values: of the template, beside those that every page has (see README).
    """
    token = page_token()
    visitor = cookies.new_visitor() if token is None else None
    g.page_token = token or visitor
    language = preferred()
    said = _said(language, token)
    agent = f"http://127.0.0.1:{city().settings.agent_port}" if reader else ""
    standing = {**_always(language), "agent": agent, "said": said, "form": None, "refusal": None}
    page = render(template, language, **{**standing, **values})
    page.status_code = status
    if visitor is not None:
        cookies.give(page, cookies.VISITOR, visitor)
    if said:
        cookies.take(page, cookies.FLASH)
    if PARAMETER in request.args or PRINT in request.args:
        cookies.give(page, cookies.LOOK, f"{language}.{LARGE if is_large() else ''}", cookies.LOOK_S)
    if reader:
        page.headers["Content-Security-Policy"] = reader_policy(agent)
    page.headers["Vary"] = "Accept-Language, Cookie"
    return page


def go_to(path: str, said: Said | None = None, **parameters: str) -> Response:
    """Lead to a page after something was done (303: a reload does not do it again), and let that page say so.

    Args:
        path: of ours.
        said: what the page says.
        parameters: of the address.
    """
    answer = lead_to(path, **parameters)
    token = page_token()
    if said is not None and token is not None:
        content = json.dumps([said.level, said.key, dict(said.values or {})], ensure_ascii=False).encode()
        cookies.give(answer, cookies.FLASH, cookies.sealed(token, content))
    return answer


def is_large() -> bool:
    """Whether the reader wants large print: chosen in the address, else kept in a cookie."""
    if PRINT in request.args:
        return request.args[PRINT] == LARGE
    return request.cookies.get(cookies.LOOK, "").endswith(f".{LARGE}")


def may(permission: str) -> bool:
    """Whether one of the signed-in person's roles permits something; for showing a button, not for guarding the act."""
    return "principal" in g and bool(principal().roles & GRANTS[Permission(permission)])


def lost(error: HTTPException) -> Response:
    """No such address, or not by that method: a page for people under the console and the portal, a problem document for programs."""
    if _door() in HOME:
        return not_understood(error)
    return problems.not_understood(error)


def refused(error: CitizencardError | LedgerError) -> Response:
    """A refusal that no form has shown, as a page of its own."""
    status = STATUS.get(type(error), SERVER_ERROR)
    if status == SERVER_ERROR:
        return broken(error)
    lost = isinstance(error, NotSignedIn | SessionEnded)
    return render_page(
        "web/refused.html", status=status, refusal=describe(error), sign_in=SIGN_IN[_door()] if lost else ""
    )


def not_understood(error: HTTPException) -> Response:
    """What the web framework refuses, as a page."""
    status = HTTPStatus(error.code or SERVER_ERROR)
    if status >= SERVER_ERROR:
        return broken(error)
    page = render_page("web/refused.html", status=status, refusal=describe_status(status), sign_in="")
    page.headers.extend((name, value) for name, value in error.get_headers() if name == "Allow")
    return page


def broken(error: Exception) -> Response:
    """A fault of ours, or a database that is away: the page gives the reference that the log has."""
    answer = problems.broken(error)
    document = answer.get_json(force=True)
    page = render_page(
        "web/trouble.html", status=answer.status_code, kind=document["code"], reference=document["reference"]
    )
    if "Retry-After" in answer.headers:
        page.headers["Retry-After"] = answer.headers["Retry-After"]
    return page


def _always(language: Language) -> dict[str, object]:
    at = now()

    def moment(instant: datetime) -> str:
        return f"{instant.astimezone(BEIJING):%Y-%m-%d %H:%M}"

    def recently(instant: datetime) -> str:
        return ago(language, instant, at)

    def switched(**parameters: str) -> str:
        """The present page with other parameters."""
        return f"{request.path}?{urlencode({**request.args.to_dict(), **parameters})}"

    return {
        "area": _door().value if _door() in HOME else "",
        "csrf": cookies.form_token(page_token() or ""),
        "large": is_large(),
        "arrived": frozenset(request.args) if request.method == "GET" else frozenset(),
        "who": principal() if "principal" in g else None,
        "signed_in": "principal" in g or "resident" in g,
        "entries": _entries(),
        "home": HOME.get(_door(), "/"),
        "may": may,
        "yuan": yuan,
        "masked": masked,
        "moment": moment,
        "labelled": labelled,
        "unbroken": unbroken,
        "recently": recently,
        "switched": switched,
        "new_key": lambda: secrets.token_urlsafe(KEY_BYTES),
    }


def _said(language: Language, token: str | None) -> tuple[tuple[str, str], ...]:
    content = cookies.opened(token, request.cookies.get(cookies.FLASH, "")) if token else None
    if content is None:
        return ()
    level, key, values = json.loads(content)
    return ((level, say(language, key, **values)),)


def _entries() -> tuple[Entry, ...]:
    if "principal" not in g:
        return entries(Door.PORTAL) if "resident" in g else ()
    roles = principal().roles
    return tuple(
        entry
        for entry in entries(Door.CONSOLE)
        if not (needed := ACCESS["GET", entry.path].permissions) or any(roles & GRANTS[one] for one in needed)
    )


def _door() -> Door:
    path = request.path
    return next((door for door, home in HOME.items() if path == home or path.startswith(f"{home}/")), Door.PAGE)
