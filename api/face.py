"""How a route is written: one line says what it takes and gives, and the documentation says the same, from the same schemas."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import Response
from flask.typing import ResponseReturnValue
from flask_smorest import Api, Blueprint
from marshmallow import RAISE, Schema
from webargs.flaskparser import FlaskParser

from api.idempotency import REPLAYED, Again, Once, carry_out
from api.parsing import json_body
from api.schemas.examples import EXAMPLES

View = TypeVar("View", bound=Callable[..., object])
JSON = "application/json"


class StrictParser(FlaskParser):
    """Reads bodies by our own rules, and refuses unknown parameters as well as unknown fields."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}  # noqa: RUF012 # as the library has it

    def load_json(self, req: Any, schema: Schema) -> Any:  # noqa: ANN401, ARG002 # the library's signature
        """The body as a JSON object."""
        return json_body()


class StrictBlueprint(Blueprint):  # type: ignore[misc] # the library has no types
    """A blueprint that reads requests strictly."""

    ARGUMENTS_PARSER = StrictParser()


@dataclass(frozen=True, slots=True)
class Shapes:
    """What a route takes and gives.

    Args:
        gives: schema of the answer; None for an answer without a body.
        takes: schema of the JSON body.
        query: schema of the parameters after the question mark.
        status: of the answer when all goes well.
        body: content type and schema of a body that the view reads by itself, for the documentation.
        answer: content type and schema of an answer that the view writes by itself, likewise.
    """

    gives: type[Schema] | None
    takes: type[Schema] | None = None
    query: type[Schema] | None = None
    status: int = 200
    body: tuple[str, Any] | None = None
    answer: tuple[str, Any] | None = None


class Face:
    """A chapter of the interface: routes that belong together.

    Args:
        name: of the chapter.
        prefix: in front of every path, such as `/v1`.
        about: one sentence for the documentation.
    """

    def __init__(self, name: str, prefix: str, about: str) -> None:
        self.name = name
        self.blueprint = StrictBlueprint(name, name, url_prefix=prefix, description=about)

    def get(self, path: str, shapes: Shapes) -> Callable[[View], View]:
        """A route that reads."""
        return self._route("GET", path, shapes)

    def post(self, path: str, shapes: Shapes) -> Callable[[View], View]:
        """A route that changes something; the view returns `Once` or `Again` if its answer is to be kept for repetitions."""
        return self._route("POST", path, shapes)

    def put(self, path: str, shapes: Shapes) -> Callable[[View], View]:
        """A route that sets something; repeating it changes nothing."""
        return self._route("PUT", path, shapes)

    def delete(self, path: str, shapes: Shapes) -> Callable[[View], View]:
        """A route that ends something."""
        return self._route("DELETE", path, shapes)

    def _route(self, method: str, path: str, shapes: Shapes) -> Callable[[View], View]:
        def decorate(view: View) -> View:
            handler: Callable[..., ResponseReturnValue] = _answering(view, shapes)
            documented = self.blueprint.doc(operationId=view.__name__)(handler)
            content_type, gives = shapes.answer or (None, shapes.gives)
            documented = self.blueprint.response(shapes.status, gives, content_type=content_type)(documented)
            if shapes.query is not None:
                documented = self.blueprint.arguments(shapes.query(), location="query")(documented)
            if shapes.takes is not None:
                example = dict(EXAMPLES.get(shapes.takes.__name__, {}))
                documented = self.blueprint.arguments(shapes.takes(), example=example)(documented)
            if shapes.body is not None:
                kind, schema = shapes.body
                body = {"required": True, "content": {kind: {"schema": schema}}}
                documented = self.blueprint.doc(requestBody=body)(documented)
            self.blueprint.route(path, methods=[method])(documented)
            return view

        return decorate


class Document(Api):  # type: ignore[misc] # the library has no types
    """The OpenAPI document; errors are answered by `api.problems`, not by the library."""

    def _register_error_handlers(self) -> None:
        """Leave errors alone."""

    def _register_responses(self) -> None:
        """Describe no errors of the library's own."""

    def _register_etag_headers(self) -> None:
        """Nor headers that are not used."""

    def _register_pagination_header(self) -> None:
        """The same."""


def json_answer(body: object, status: int) -> Response:
    """A JSON answer, in UTF-8, as small as it gets."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(text, status, content_type=JSON)


def _answering(view: Callable[..., object], shapes: Shapes) -> Callable[..., ResponseReturnValue]:
    schema = None if shapes.gives is None else shapes.gives()

    def dump(found: object) -> Mapping[str, Any]:
        dumped: Mapping[str, Any] = {} if schema is None else schema.dump(found)
        return dumped

    @wraps(view)
    def answer(*args: object, **kwargs: object) -> Response:
        found = view(*args, **kwargs)
        if isinstance(found, Response):
            return found
        if isinstance(found, Once | Again):
            body, done = carry_out(found, dump, shapes.status)
            response = json_answer(body, done.answer.status)
            if done.replayed:
                response.headers[REPLAYED] = "true"
            return response
        if schema is None:
            return Response(status=204)
        return json_answer(dump(found), shapes.status)

    return answer
