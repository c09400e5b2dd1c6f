"""Carrying out what a form asks for: once however often it is sent, and a refusal goes back onto the page as a sentence."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Response, g, request

from api.auth import principal
from api.city import city, now
from api.errors import NotSignedIn
from api.idempotency import sealed_hash
from api.statuses import STATUS
from api.web.doors import resident
from api.web.forms import KEY_FIELD, Filled
from api.web.guard import TOKEN_FIELD
from api.web.page import render_page
from api.web.refusals import describe
from citizencard.errors import CitizencardError
from citizencard.idempotency.work import Done, KeyedRequest, Transaction, do_again, do_once
from ledger.errors import LedgerError

SEE_OTHER = 303
UNPROCESSABLE = 422
SERVER_ERROR = 500

T = TypeVar("T")


def book_once(form: Filled[Any], work: Callable[[Transaction], Mapping[str, Any]]) -> Done:
    """Do the work of one transaction once for this form, however often it is sent: a double click or a reload books once.

    Args:
        form: as read; its hidden key names the request.
        work: does it; what it returns (ids, states, nothing personal) is stored beside the effect and given again to repetitions.

    Returns:
        `.answer.body` is what the work returned the first time; `.replayed` whether this was a repetition.

    Raises:
        IdempotencyError: see `citizencard.idempotency`: in progress, or the key came with other fields.
    """
    return do_once(city().sessions, _keyed(form), work)


def book_again(form: Filled[Any], flow: Callable[[], Mapping[str, Any]]) -> Done:
    """The same for work of several transactions that ends the same however often it is begun."""
    return do_again(city().sessions, _keyed(form), flow)


def answer_form(form: Filled[T], act: Callable[[T], Response], template: str, **values: Any) -> Response:  # noqa: ANN401 # any value of a template
    """Act on a form, or show its page again with what is wrong.

    Args:
        form: as read.
        act: does what is asked and says where to go; its refusals are shown on the page.
        template: the page that the form is on; gets `form`, `refusal` and the values.
        values: of the page.

    Returns:
        The answer of `act`; else the page with status 422 and a sentence at each field, or with the refusal and its status.
    """
    if form.value is None:
        return render_page(template, status=UNPROCESSABLE, form=form, refusal=None, **values)
    try:
        return act(form.value)
    except (CitizencardError, LedgerError) as error:
        status = STATUS.get(type(error), SERVER_ERROR)
        if status == SERVER_ERROR:
            raise
        return render_page(template, status=status, form=form, refusal=describe(error), **values)


def _keyed(form: Filled[Any]) -> KeyedRequest:
    scope = f"{_caller()} {request.method} {request.url_rule}"
    fields = sorted(
        (name, value) for name, value in request.form.items(multi=True) if name not in (TOKEN_FIELD, KEY_FIELD)
    )
    body = json.dumps(fields, ensure_ascii=False).encode()
    return KeyedRequest(scope, form.key, sealed_hash(request.path, body), SEE_OTHER, now())


def _caller() -> str:
    if "principal" in g:
        return principal().actor.id
    if "resident" in g:
        return resident().actor.id
    raise NotSignedIn("only somebody who is signed in can book")
