"""JSON Schema in a person's words: a field's type, its bounds, and a value that it could have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MAX_DEPTH: Final = 8
BIGGEST_SHOWN: Final = 2**53
"""Bounds that only say what JSON can carry are not worth a reader's time."""
_REFERENCE: Final = "#/components/schemas/"
_SAMPLES: Final[Mapping[str, Any]] = {
    "date-time": "2026-11-21T00:30:00Z",
    "date": "2026-11-21",
    "number": 1,
    "boolean": True,
    "string": "…",
    "object": {},
    "null": None,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body, or one parameter.

    Args:
        name: as it is sent.
        type: in words, such as `string or null` or `list of VerdictAnswer`.
        schema: name of the schema that says more, empty when there is none.
        required: it must be there.
        about: what it means, and its bounds.
        place: of a parameter: path, query or header.
    """

    name: str
    type: str
    schema: str
    required: bool
    about: str
    place: str = ""


def name_of(schema: Mapping[str, Any]) -> str:
    """The name in a reference to a schema; empty when it is none."""
    reference = schema.get("$ref", "")
    return reference.removeprefix(_REFERENCE) if isinstance(reference, str) else ""


def fields_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of an object in the order of the document; none for anything else."""
    found = _resolved(schema, schemas)
    required = frozenset(found.get("required", ()))
    return tuple(
        Field(name, type_of(inner), _points_to(inner), name in required, about(inner))
        for name, inner in found.get("properties", {}).items()
    )


def type_of(schema: Mapping[str, Any]) -> str:
    """A schema's type in words."""
    if name_of(schema):
        return name_of(schema)
    for joined in ("oneOf", "anyOf", "allOf"):
        if joined in schema:
            return " or ".join(type_of(one) for one in schema[joined])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    kinds = schema.get("type", "any")
    words = [kinds] if isinstance(kinds, str) else list(kinds)
    return " or ".join(_word(kind, schema) for kind in words)


def about(schema: Mapping[str, Any]) -> str:
    """What a field means, its bounds and its default, in one line."""
    parts = [schema.get("description", ""), _bounds(schema)]
    if "pattern" in schema and "examples" not in schema:
        parts.append(f"pattern `{schema['pattern']}`")
    if schema.get("examples"):
        parts.append(f"such as `{schema['examples'][0]}`")
    if schema.get("default") not in (None, ""):
        parts.append(f"default `{schema['default']}`")
    return " · ".join(part for part in parts if part)


def sample(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:  # noqa: ANN401 # any JSON
    """A value of the schema's form: its example, its default, or something of its type."""
    found = _resolved(schema, schemas)
    given = [*found.get("examples", ()), found.get("default"), *found.get("enum", ())]
    known = next((value for value in given if value is not None), None)
    if known is not None or depth >= MAX_DEPTH:
        return known
    if "properties" in found:
        return {name: sample(inner, schemas, depth + 1) for name, inner in found["properties"].items()}
    kinds = found.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "array":
        return [sample(found.get("items", {}), schemas, depth + 1)]
    if kind == "integer":
        return max(1, found.get("minimum", 1))
    return _SAMPLES.get(found.get("format", ""), _SAMPLES.get(kind))


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    target: Mapping[str, Any] = schemas.get(name_of(schema), schema) if name_of(schema) else schema
    return target


def _points_to(schema: Mapping[str, Any]) -> str:
    return name_of(schema) or name_of(schema.get("items", {}))


def _word(kind: str, schema: Mapping[str, Any]) -> str:
    if kind == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping) and schema["additionalProperties"]:
        return f"object of {type_of(schema['additionalProperties'])}"
    return str(schema.get("format", kind)) if kind == "string" else kind


def _bounds(schema: Mapping[str, Any]) -> str:
    for low, high, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
    ):
        least, most = schema.get(low), schema.get(high)
        if most is not None and most < BIGGEST_SHOWN:
            return f"{least or 0:,} to {most:,}{unit}" if least != most else f"{most:,}{unit}"
        if least and 1 < abs(least) < BIGGEST_SHOWN:
            return f"at least {least:,}{unit}"
    return ""
