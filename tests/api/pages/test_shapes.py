"""JSON Schema in words."""

from typing import Any

import pytest

from api.pages.shapes import about, fields_of, name_of, sample, type_of

REF = {"$ref": "#/components/schemas/Thing"}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "date-time"}, "date-time"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"type": "array", "items": REF}, "list of Thing"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integer"),
        ({"type": "object", "additionalProperties": {}}, "object"),
        ({"type": "object", "additionalProperties": False}, "object"),
        ({"enum": ["a", "b"]}, "a | b"),
        ({"oneOf": [REF, {"type": "null"}]}, "Thing or null"),
        (REF, "Thing"),
        ({}, "any"),
    ],
)
def test_types_are_words(schema: dict[str, Any], words: str) -> None:
    """A reader needs no JSON Schema to know what to send."""
    assert type_of(schema) == words


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"description": "fen", "minimum": 1, "maximum": 2**53}, "fen"),
        ({"minimum": 0, "maximum": 10_000}, "0 to 10,000"),
        ({"minLength": 1, "maxLength": 64, "examples": ["x"]}, "1 to 64 characters · such as `x`"),
        ({"minItems": 2, "maxItems": 2}, "2 items"),
        ({"minimum": 5}, "at least 5"),
        ({"default": 10}, "default `10`"),
        ({"default": None}, ""),
        ({"pattern": "^a$"}, "pattern `^a$`"),
    ],
)
def test_bounds_are_words(schema: dict[str, Any], words: str) -> None:
    """Limits stand beside the meaning; those that only say what JSON can carry are left out."""
    assert about(schema) == words


def test_fields_follow_references() -> None:
    """The body of a request is usually a named schema."""
    schemas = {
        "Thing": {"properties": {"id": {"type": "string"}, "more": {"items": REF, "type": "array"}}, "required": ["id"]}
    }
    found = fields_of(REF, schemas)
    assert [(one.name, one.required, one.schema) for one in found] == [("id", True, ""), ("more", False, "Thing")]
    assert fields_of({"$ref": "#/components/schemas/Missing"}, schemas) == ()
    assert name_of({"type": "string"}) == ""


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "examples": ["card_1"]}, "card_1"),
        ({"type": "string", "default": "load"}, "load"),
        ({"type": ["string", "null"], "default": None}, "…"),
        ({"enum": ["approve", "decline"]}, "approve"),
        ({"type": "integer", "minimum": 400}, 400),
        ({"type": "integer", "minimum": -5}, 1),
        ({"type": "boolean"}, True),
        ({"type": "array", "items": {"type": "string", "format": "date"}}, ["2026-11-21"]),
        ({"type": "object"}, {}),
    ],
)
def test_samples_have_the_form(schema: dict[str, Any], value: object) -> None:
    """An example is made from what the schema says; the better it says it, the better the example."""
    assert sample(schema, {}) == value


def test_ring_of_schemas_ends() -> None:
    """A thing that contains things is shown to a depth, not for ever."""
    schemas = {"Thing": {"properties": {"inner": REF}}}
    value, depth = sample(REF, schemas), 0
    while value is not None:
        value, depth = value["inner"], depth + 1
    assert depth == 8
