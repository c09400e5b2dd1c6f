"""Reading request bodies: JSON only, and nothing in it can bring the server down."""

import json
from typing import Any

import flask
from werkzeug.exceptions import UnsupportedMediaType

from api.errors import RequestMalformed


def json_body() -> dict[str, Any]:
    """The JSON object in the present request's body; an empty body is an empty object.

    Raises:
        UnsupportedMediaType: the body is of another type.
        RequestMalformed: not JSON, not an object, nested too deeply, a number of thousands of digits, or half a surrogate pair.
        RequestEntityTooLarge: longer than the route allows.
    """
    raw = flask.request.get_data(cache=True)
    if not raw:
        return {}
    if not flask.request.is_json:
        raise UnsupportedMediaType("send application/json")
    try:
        document = json.loads(raw, parse_constant=_refuse_constant)
        if b"\\ud" in raw.lower():
            # Half a surrogate pair is no character: neither the database nor an answer could hold it.
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        # A decoder's message may repeat a part of the body.
        raise RequestMalformed("the body cannot be read as JSON") from None
    if not isinstance(document, dict):
        raise RequestMalformed("the body must be a JSON object")
    return document


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
