"""Every refusal as a problem document (RFC 9457): in words for people, in a code for machines; nothing else leaves the house."""

import json
import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from api.city import request_id
from api.errors import NotSignedIn, RequestMalformed, ShapeInvalid
from api.instants import rfc3339
from api.statuses import RETRY_AFTER_S, STATUS
from api.titles import TITLES_ZH
from citizencard.errors import CitizencardError
from citizencard.staff.errors import SessionEnded
from hardware.errors import HardwareError
from ledger.errors import LedgerError

CONTENT_TYPE: Final = "application/problem+json"
SHAPE_ERRORS: Final = "shape_errors"
RESERVED: Final = frozenset({"type", "title", "status", "detail", "instance", "code", "request_id", "errors"})
MAX_ERRORS: Final = 100
MAX_DEPTH: Final = 16
SERVER_ERROR: Final = 500
DATABASES: Final = frozenset({"sqlalchemy", "psycopg", "sqlite3"})
"""Whose errors may say that the database does not answer: the library's and, of connections taken past it, the drivers'."""

log = logging.getLogger("citizencard.api")


def install(app: Flask) -> None:
    """Let every way in which a request can fail end in a problem document."""
    app.register_error_handler(CitizencardError, refused)
    app.register_error_handler(LedgerError, refused)
    app.register_error_handler(HardwareError, refused)
    app.register_error_handler(HTTPException, not_understood)
    app.register_error_handler(Exception, broken)


def problem(status: int, code: str, title: str, detail: str, more: Mapping[str, object] | None = None) -> Response:
    """Build a problem document as an answer.

    Args:
        status: HTTP status.
        code: stable slug; the problem type is `/problems/<code>`.
        title: what kind of problem it is; the same for all of its occurrences.
        detail: what is wrong this time.
        more: members of its own; those with a reserved name go by `refused_<name>`.
    """
    document: dict[str, object] = {
        "type": f"/problems/{code}",
        "title": _title(code, title),
        "status": status,
        "detail": detail,
        "instance": request.path,
        "code": code,
        "request_id": request_id(),
    }
    document |= {_member(name): _plain(value) for name, value in (more or {}).items()}
    answer = Response(json.dumps(document, ensure_ascii=False), status, content_type=CONTENT_TYPE)
    answer.headers["Content-Language"] = "zh-Hans" if speaks_chinese() else "en"
    return answer


def refused(error: CitizencardError | LedgerError | HardwareError) -> Response:
    """A refusal of the domain, with its public fields."""
    status = STATUS.get(type(error), SERVER_ERROR)
    if status == SERVER_ERROR:
        return broken(error)
    fields = getattr(error, "fields", None)
    values: Mapping[str, object] = fields if isinstance(fields, Mapping) else vars(error)
    public = {name: values[name] for name in error.public if name in values}
    answer = problem(status, error.code, _title_of(type(error)), str(error), public)
    wait_s = public.get("retry_after_s", RETRY_AFTER_S.get(type(error)))
    if wait_s is not None:
        answer.headers["Retry-After"] = str(wait_s)
    if isinstance(error, NotSignedIn | SessionEnded):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def not_understood(error: HTTPException) -> Response:
    """What the web framework refuses: no such route, wrong method, too large, not JSON, wrong fields."""
    status = error.code or SERVER_ERROR
    if status >= SERVER_ERROR:
        return broken(error)
    messages = getattr(error, "data", {}).get("messages") if isinstance(getattr(error, "data", None), dict) else None
    if status == HTTPStatus.UNPROCESSABLE_ENTITY and isinstance(messages, Mapping):
        return shape_invalid(messages)
    if status == HTTPStatus.BAD_REQUEST:
        return refused(RequestMalformed("the body cannot be read as JSON"))
    phrase = HTTPStatus(status)
    answer = problem(status, phrase.name.lower(), phrase.phrase, error.description or phrase.phrase)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def shape_invalid(messages: Mapping[str, object]) -> Response:
    """Wrong fields, each with the place it is at: a JSON pointer into the body, or a parameter's name."""
    errors = [
        {"pointer" if location == "json" else "parameter": place, "detail": detail}
        for location, found in messages.items()
        for place, detail in _places(found, "", 0, pointer=location == "json")
    ][:MAX_ERRORS]
    detail = f"{len(errors)} field{'s' if len(errors) != 1 else ''} cannot be taken"
    status = STATUS[ShapeInvalid]
    return problem(status, ShapeInvalid.code, _title_of(ShapeInvalid), detail, {SHAPE_ERRORS: errors})


def broken(error: Exception) -> Response:
    """A fault of ours: the log gets where it happened, the caller a reference to it. Neither gets a value of the request."""
    reference = secrets.token_hex(6)
    where = " < ".join(_frames(error))
    log.error("%s %s: %s at %s", reference, request_id(), type(error).__qualname__, where)
    if _is_database_away(error):
        answer = problem(
            503, "database_away", "The database does not answer", "try again in a moment", {"reference": reference}
        )
        answer.headers["Retry-After"] = "2"
        return answer
    detail = "nothing was changed; please report the reference"
    return problem(SERVER_ERROR, "internal_error", "Something went wrong on our side", detail, {"reference": reference})


def speaks_chinese() -> bool:
    """Whether the caller would rather read Chinese than English; English when nothing is said."""
    return request.accept_languages.best_match(["en", "zh", "zh-CN", "zh-Hans"], "en") != "en"


def _title(code: str, title: str) -> str:
    return TITLES_ZH.get(code, title) if speaks_chinese() else title


def _title_of(refusal: type[Exception]) -> str:
    return (refusal.__doc__ or "").strip().splitlines()[0].rstrip(".")


def _member(name: str) -> str:
    if name == SHAPE_ERRORS:
        return "errors"
    return f"refused_{name}" if name in RESERVED else name


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | str():
            plain: object = value
        case datetime():
            plain = rfc3339(value)
        case date():
            plain = value.isoformat()
        case bytes():
            plain = value.hex().upper()
        case Mapping():
            plain = {str(name): _plain(item) for name, item in value.items()}
        case Sequence():
            plain = [_plain(item) for item in value]
        case _:
            plain = str(value)
    return plain


def _places(found: object, place: str, depth: int, *, pointer: bool) -> Iterator[tuple[str, str]]:
    if isinstance(found, Mapping) and depth < MAX_DEPTH:
        for name, inner in found.items():
            part = "" if name == "_schema" else f"/{_escaped(str(name))}" if pointer else str(name)
            yield from _places(inner, place + part, depth + 1, pointer=pointer)
    elif isinstance(found, list | tuple):
        yield from ((place, str(message)) for message in found)
    else:
        yield place, str(found)


def _escaped(name: str) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _frames(error: Exception) -> Iterator[str]:
    """Where an error came from, innermost first: file names and lines, no values, which may be anybody's name or number."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    yield from reversed(frames[-12:])


def _is_database_away(error: Exception) -> bool:
    """Whether the database is not there or too busy. Known by name: this package imports neither the database library nor a driver."""
    return any(
        kind.__module__.partition(".")[0] in DATABASES and kind.__name__ in ("OperationalError", "TimeoutError")
        for kind in type(error).__mro__
    )
