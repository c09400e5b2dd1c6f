"""The OpenAPI document as chapters that a person reads: operations by tag, fields as tables, an example of every body."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.pages.shapes import Field, fields_of, name_of, sample

METHODS: Final = ("get", "post", "put", "patch", "delete")
DEVICES: Final = "/terminals"
_PROBLEM_STATUS: Final = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back when all goes well.

    Args:
        status: HTTP status.
        schema: name of the schema, empty for an answer without a body.
        fields: its fields.
        example: an answer of that form.
    """

    status: str
    schema: str
    fields: tuple[Field, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the interface.

    Args:
        anchor: where it is on the page.
        method, path: such as POST and /v1/loads.
        summary: first line of what it does.
        paragraphs: the rest of it.
        door: name of the security scheme, empty when it is open to everybody.
        parameters: in the path, the query and the headers.
        takes: media type of the body, empty when there is none.
        schema: name of the body's schema.
        fields: of the body.
        example: a body that works.
        answers: when all goes well.
        refusals: statuses that it may be refused with.
    """

    anchor: str
    method: str
    path: str
    summary: str
    paragraphs: tuple[str, ...]
    door: str
    parameters: tuple[Field, ...]
    takes: str
    schema: str
    fields: tuple[Field, ...]
    example: str
    answers: tuple[Answer, ...]
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """Operations that belong together."""

    anchor: str
    name: str
    about: str
    is_for_devices: bool
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """A named form of a body."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """The whole documentation."""

    title: str
    version: str
    about: str
    doors: tuple[tuple[str, str], ...]
    chapters: tuple[Chapter, ...]
    schemas: tuple[Schema, ...]

    def find(self, method: str, path: str) -> Operation | None:
        """The operation with this method and path, None when the document has none."""
        wanted = anchor_of(method, path)
        return next((one for chapter in self.chapters for one in chapter.operations if one.anchor == wanted), None)


def read(document: Mapping[str, Any]) -> Book:
    """Read an OpenAPI 3.1 document, however little is in it. Operations without a tag are left out, as are tags without operations."""
    components = document.get("components", {})
    schemas = components.get("schemas", {})
    operations = [(tag, one) for tag, one in _operations(document, schemas)]
    chapters = tuple(
        Chapter(
            anchor=f"chapter-{slug(tag['name'])}",
            name=tag["name"],
            about=tag.get("description") or "",
            is_for_devices=any(one.path.startswith(DEVICES) for name, one in operations if name == tag["name"]),
            operations=tuple(one for name, one in operations if name == tag["name"]),
        )
        for tag in document.get("tags", ())
        if any(name == tag["name"] for name, _ in operations)
    )
    used = _used(document.get("paths", {}), schemas)
    return Book(
        title=document.get("info", {}).get("title", ""),
        version=document.get("info", {}).get("version", ""),
        about=document.get("info", {}).get("description", ""),
        doors=tuple(
            (name, scheme.get("description", "")) for name, scheme in components.get("securitySchemes", {}).items()
        ),
        chapters=chapters,
        schemas=tuple(Schema(name, fields_of(schemas[name], schemas)) for name in sorted(used)),
    )


def anchor_of(method: str, path: str) -> str:
    """Where an operation is on the page: POST /v1/cards/{card_id}/activation is at `post-v1-cards-card_id-activation`."""
    return slug(f"{method} {path}")


def slug(text: str) -> str:
    """Lower-case letters, digits and underscores, joined by hyphens."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")


def _operations(document: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                for tag in item[method].get("tags", ())[:1]:
                    shared = item.get("parameters", ())
                    yield tag, _operation(method, path, {"shared": shared, **item[method]}, schemas)


def _operation(method: str, path: str, found: Mapping[str, Any], schemas: Mapping[str, Any]) -> Operation:
    takes, body = _content(found.get("requestBody", {}))
    schema = body.get("schema", {})
    responses = found.get("responses", {})
    door = next((name for needed in found.get("security", ()) for name in needed), "")
    return Operation(
        anchor=anchor_of(method, path),
        method=method.upper(),
        path=path,
        summary=found.get("summary", ""),
        paragraphs=tuple(part.strip() for part in found.get("description", "").split("\n\n") if part.strip()),
        door=door,
        parameters=tuple(_parameters([*found["shared"], *found.get("parameters", ())], schemas)),
        takes=takes,
        schema=name_of(schema),
        fields=fields_of(schema, schemas),
        example=_pretty(body["example"]) if "example" in body else "",
        answers=tuple(
            _answer(status, response, schemas) for status, response in sorted(responses.items()) if _is_good(status)
        ),
        refusals=tuple(status for status in sorted(responses) if status.isdigit() and not _is_good(status)),
    )


def _is_good(status: str) -> bool:
    return status.isdigit() and int(status) < _PROBLEM_STATUS


def _content(holder: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    return next(iter(holder.get("content", {}).items()), ("", {}))


def _answer(status: str, response: Mapping[str, Any], schemas: Mapping[str, Any]) -> Answer:
    _, body = _content(response)
    schema = body.get("schema", {})
    example = _pretty(body.get("example", sample(schema, schemas))) if schema else ""
    return Answer(status, name_of(schema), fields_of(schema, schemas), example)


def _parameters(given: list[Mapping[str, Any]], schemas: Mapping[str, Any]) -> Iterator[Field]:
    for parameter in given:
        wrapped = {"properties": {parameter["name"]: parameter.get("schema", {})}}
        (field,) = fields_of(wrapped, schemas)
        yield Field(
            name=field.name,
            type=field.type,
            schema="",
            required=bool(parameter.get("required")),
            place=parameter["in"],
            about=" · ".join(part for part in (parameter.get("description", ""), field.about) if part),
        )


def _used(paths: Mapping[str, Any], schemas: Mapping[str, Any]) -> set[str]:
    """Names of the schemas that some operation reaches."""
    reached: set[str] = set()
    pending = _references(paths)
    while pending:
        name = pending.pop()
        if name in schemas and name not in reached:
            reached.add(name)
            pending |= _references(schemas[name])
    return reached


def _references(node: object) -> set[str]:
    if isinstance(node, Mapping):
        own = {name_of(node)} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(_references(value) for value in node.values()))
    return set().union(*(_references(value) for value in node)) if isinstance(node, list) else set()


def _pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
