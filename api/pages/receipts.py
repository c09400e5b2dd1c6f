"""Receipts for everybody who holds one: the page that says whether a slip is genuine, and the slip as PDF."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response

from api.city import city
from api.pages.frame import render
from api.pages.home import trouble
from api.pages.language import preferred
from api.pages.slip_pdf import slip_pdf
from api.pages.slips import slip, written_serial
from api.problems import refused
from citizencard.db import reading
from citizencard.errors import CitizencardError
from citizencard.receipts.issuing import by_token
from citizencard.receipts.models import Receipt

PDF: Final = "application/pdf"

pages = Blueprint("receipts", __name__)
pages.register_error_handler(CitizencardError, refused)
pages.register_error_handler(Exception, trouble)


@pages.get("/verify/<token>")
def verify(token: str) -> Response:
    """What the slip with this token says, as it was issued."""
    receipt = _receipt(token)
    if receipt is None:
        return _none()
    language = preferred()
    return _unlisted(render("verify.html", language, slip=slip(receipt, language), token=receipt.token))


@pages.get("/receipts/<token>.pdf")
def print_slip(token: str) -> Response:
    """The slip as PDF, A5."""
    receipt = _receipt(token)
    if receipt is None:
        return _none()
    answer = Response(slip_pdf(receipt), content_type=PDF)
    answer.headers["Content-Disposition"] = f'inline; filename="receipt-{written_serial(receipt.serial)}.pdf"'
    return _unlisted(answer)


def _receipt(token: str) -> Receipt | None:
    with reading(city().sessions) as session:
        receipt = by_token(session, token)
        session.expunge_all()
    return receipt


def _none() -> Response:
    page = render("verify_none.html")
    page.status_code = HTTPStatus.NOT_FOUND
    return _unlisted(page)


def _unlisted(answer: Response) -> Response:
    """Search engines keep it out of their lists."""
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
