"""The document that makers of clients build against says what the server does."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from api.face import StrictParser
from api.idempotency import HEADER, NEEDS_NO_KEY
from api.openapi import document_of
from api.routes import ACCESS, Door
from api.schemas.examples import EXAMPLES
from tests.api.world import World


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    """The document, as the server serves it."""
    answer = world.anybody().get("/openapi.json")
    assert answer.content_type == "application/json"
    found: dict[str, Any] = answer.get_json()
    assert found == json.loads(json.dumps(document_of(world.app)))
    return found


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post", "put", "delete"):
                yield method.upper(), path, operation


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def as_path(rule: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def test_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    """Generators of clients take the document: version, title, and references that all lead somewhere."""
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"]
    assert document["info"]["version"]
    for reference in references(document):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def test_document_lists_every_route(document: dict[str, Any]) -> None:
    """What is not documented is not there, and what is documented is."""
    wanted = {(method, as_path(rule)) for method, rule in ACCESS if rule.startswith(("/v1/", "/terminals/"))}
    assert {(method, path) for method, path, _ in operations(document)} == wanted


def test_document_says_who_may_call_what(document: dict[str, Any]) -> None:
    """A maker of clients learns from the document alone how to come in, and what a refusal looks like."""
    doors = {(method, as_path(rule)): access.door for (method, rule), access in ACCESS.items()}
    schemes: dict[Door, list[dict[str, list[str]]]] = {
        Door.OPEN: [],
        Door.STAFF: [{"session": []}],
        Door.TERMINAL: [{"signature": []}],
    }
    assert set(document["components"]["securitySchemes"]) == {"session", "signature"}
    for method, path, operation in operations(document):
        assert operation["security"] == schemes[doors[method, path]], path
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
        assert any(status.startswith("2") for status in operation["responses"]), path
        assert operation["summary"], path
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)


def test_document_says_which_requests_need_a_key(document: dict[str, Any]) -> None:
    """Nobody finds out by a refusal that a key is needed."""
    exempt = {as_path(rule) for rule in NEEDS_NO_KEY}
    for method, path, operation in operations(document):
        needs = method == "POST" and path.startswith("/v1/") and path not in exempt
        assert needs == any(parameter["name"] == HEADER for parameter in operation.get("parameters", [])), path


def test_every_body_has_an_example_that_is_taken(document: dict[str, Any], world: World) -> None:
    """Whoever copies an example gets no refusal for its shape."""
    for method, path, operation in operations(document):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None or path == "/terminals/purchases":
            continue
        name = body["schema"]["$ref"].rpartition("/")[2]
        assert body["example"] == EXAMPLES[name], (method, path)
    assert len(EXAMPLES) >= 20
    del world


def test_amounts_are_whole_numbers_and_unknown_fields_are_refused(document: dict[str, Any]) -> None:
    """A generated client cannot send half a fen, nor believe that a misspelt field was taken."""
    for name, schema in document["components"]["schemas"].items():
        for member, about in schema.get("properties", {}).items():
            if member.endswith("_fen"):
                assert "integer" in (about["type"] if isinstance(about["type"], list) else [about["type"]]), (
                    name,
                    member,
                )
        if name.endswith("Request") and name != "UploadRequest":
            assert schema["additionalProperties"] is False, name


def test_patterns_can_be_read_by_other_languages(document: dict[str, Any]) -> None:
    """Patterns are ECMA 262, which knows no anchors of Python's."""
    assert "\\\\Z" not in json.dumps(document)
    assert StrictParser.DEFAULT_UNKNOWN_BY_LOCATION["query"] == "raise"
