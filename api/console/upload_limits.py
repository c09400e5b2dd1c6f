"""Releasing a terminal or a card of which nothing is judged any more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from api.auth import actor
from api.city import city, now
from api.console.blueprint import pages
from api.console.findings import LIST, LimitLine, limit_line
from api.errors import ShapeInvalid
from api.v1.taps import limit_id_of
from api.web.forms import Form, Line, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.audit import REASON_CHARS
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.purse.uploads.limits import open_limits, release_limit
from citizencard.staff.permissions import Permission


@dataclass(frozen=True, slots=True)
class Released:
    """Why."""

    reason: str


class ReleasedForm(Form):
    """A reason."""

    reason = Line(REASON_CHARS)


@pages.get("/console/upload-limits/<limit_id>")
def upload_limit_form(limit_id: str) -> Response:
    """What is to be released, and the form."""
    return render_page("console/upload_limit.html", form=new_form(), limit=_limit(limit_id))


@pages.post("/console/upload-limits/<limit_id>/releases")
def release_upload_limit(limit_id: str) -> Response:
    """Let the records be judged again, once for this form."""
    who = actor(Permission.LIMITS_RELEASE)
    number = _number(limit_id)
    form = read_form(ReleasedForm, Released)

    def act(given: Released) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            return {"id": release_limit(session, number, who, given.reason, now()).id}

        book_once(form, work)
        return go_to(LIST, Said("findings.limit.released"))

    return answer_form(form, act, "console/upload_limit.html", limit=_limit(limit_id))


def _limit(limit_id: str) -> LimitLine | None:
    number = _number(limit_id)
    with reading(city().sessions) as session:
        return next((limit_line(one) for one in open_limits(session, number - 1, 1) if one.id == number), None)


def _number(limit_id: str) -> int:
    number = limit_id_of(limit_id)
    if number is None:
        raise ShapeInvalid("must be an id of a limit")
    return number
