"""The documentation of the interface, made from the OpenAPI document that the routes themselves produce."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from flask import Blueprint, Response, abort, current_app, redirect
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as AnyResponse

from api.openapi import document_of
from api.pages.chapters import Book, Operation, read
from api.pages.frame import render
from api.pages.language import Language, preferred
from api.pages.markdown import Article, article
from api.statuses import STATUS
from api.titles import TITLES_ZH

BOOK: Final = "citizencard.docs"
PROTOCOL: Final = Path(__file__).parents[2] / "hardware" / "terminal" / "PROTOCOL.md"
"""What a vendor builds a terminal from."""
SERVER_FAULT: Final = 500
GUIDES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "clerk": (
        ("POST", "/v1/staff-sessions"),
        ("POST", "/v1/people"),
        ("PUT", "/v1/people/{person_id}/social-security"),
        ("POST", "/v1/cards"),
        ("POST", "/v1/reader-jobs"),
        ("POST", "/v1/reader-jobs/{job_id}/steps/{step}"),
        ("POST", "/v1/cards/{card_id}/activation"),
        ("POST", "/v1/loads"),
        ("POST", "/v1/online-accounts/{account_id}/top-ups"),
        ("POST", "/v1/payments/{payment_id}/refunds"),
        ("POST", "/v1/cards/{card_id}/loss-reports"),
    ),
    "resident": (
        ("GET", "/v1/cards/{card_id}/shadow"),
        ("GET", "/v1/cards/{card_id}/taps"),
        ("GET", "/v1/online-accounts/{account_id}"),
        ("GET", "/v1/bills"),
        ("POST", "/v1/cards/{card_id}/loss-reports"),
    ),
    "terminals": (
        ("POST", "/terminals/enrolments"),
        ("POST", "/terminals/keys"),
        ("POST", "/terminals/sign-ins"),
        ("GET", "/terminals/parameters"),
        ("GET", "/terminals/hotlist"),
        ("GET", "/terminals/issuers"),
        ("POST", "/terminals/heartbeats"),
        ("POST", "/terminals/gaps"),
        ("POST", "/terminals/sign-outs"),
        ("POST", "/terminals/batches"),
        ("POST", "/terminals/purchases"),
        ("POST", "/terminals/online-purchases"),
        ("POST", "/terminals/online-reversals"),
        ("POST", "/terminals/holds"),
        ("POST", "/terminals/hold-settlements"),
        ("POST", "/terminals/hold-releases"),
        ("POST", "/terminals/balances"),
        ("POST", "/terminals/loads"),
        ("POST", "/terminals/loads/probes"),
        ("POST", "/terminals/loads/proofs"),
        ("POST", "/terminals/loads/give-backs"),
        ("POST", "/terminals/parking/entries"),
        ("POST", "/terminals/parking/quotes"),
        ("POST", "/terminals/parking/exits"),
    ),
}
"""The way that each of the three newcomers goes through the interface; steps that a document does not have are left out."""

_OTHER_PROBLEMS: Final = (
    (400, "body_truncated", "The body is shorter than was announced"),
    (404, "not_found", "Not Found"),
    (405, "method_not_allowed", "Method Not Allowed"),
    (408, "body_too_slow", "The body did not come in time"),
    (413, "request_entity_too_large", "Request Entity Too Large"),
    (415, "unsupported_media_type", "Unsupported Media Type"),
    (500, "internal_error", "Something went wrong on our side"),
    (503, "database_away", "The database does not answer"),
    (503, "too_many_bodies", "Too many bodies are on their way"),
)
"""Problems that come from the bridge to the server, from the web framework or from faults, not from a refusal of the domain."""

pages = Blueprint("docs", __name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """A row of the table of problems."""

    status: int
    code: str
    title: str


@pages.get("/docs")
def documentation() -> Response:
    """The whole interface on one page."""
    language = preferred()
    found = _book()
    return render(
        "docs.html",
        language,
        book=found,
        guides=guides(found),
        problems=problems(language),
        protocol=protocol(),
        prose=prose,
    )


@pages.get("/problems/<code>")
def problem_type(code: str) -> AnyResponse:
    """The address that names a kind of problem leads to its row in the table (RFC 9457 §3.1.1)."""
    if all(known.code != code for known in problems(Language.EN)):
        abort(404)
    return redirect(f"/docs#problem-{code}", 303)


@cache
def protocol() -> Article:
    """The page that terminals are built from."""
    return article(PROTOCOL.read_text(encoding="utf-8"), "protocol")


def guides(book: Book) -> dict[str, tuple[Operation, ...]]:
    """The steps of each guide that the document has."""
    return {
        name: tuple(found for method, path in steps if (found := book.find(method, path)) is not None)
        for name, steps in GUIDES.items()
    }


def problems(language: Language) -> list[Problem]:
    """Every problem that can leave the house, by status and code. Faults of ours have one code, whatever went wrong inside."""
    rows = {
        (status, refusal.code): _title(refusal)  # type: ignore[attr-defined] # every refusal has a code
        for refusal, status in STATUS.items()
        if status != SERVER_FAULT
    }
    rows |= {(status, code): title for status, code, title in _OTHER_PROBLEMS}
    spoken = TITLES_ZH if language is Language.ZH else {}
    return [Problem(status, code, spoken.get(code, title)) for (status, code), title in sorted(rows.items())]


def prose(text: str) -> Markup:
    """A line of the document: what stands between backticks is code, everything is escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def _title(refusal: type[Exception]) -> str:
    return (refusal.__doc__ or "").strip().splitlines()[0].rstrip(".")


def _book() -> Book:
    extensions: dict[str, Any] = current_app.extensions
    if BOOK not in extensions:
        extensions[BOOK] = read(document_of(current_app))
    return cast("Book", extensions[BOOK])
