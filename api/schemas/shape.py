"""The two kinds of shapes, and lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from marshmallow import RAISE, Schema, fields, post_load

from api.schemas.fields import MAX_ID_CHARACTERS, Flag, Kind, Parameter, Text

DEFAULT_PAGE: Final = 10
MAX_PAGE: Final = 100


class Request(Schema):
    """A request that ends as a frozen value of the class `into`; unknown fields are refused."""

    into: ClassVar[type]

    class Meta:
        """Options of the library."""

        unknown = RAISE

    @post_load
    def finish(self, data: Mapping[str, Any], **_: object) -> object:
        """The value that the view gets."""
        return self.into(**data)


class Answer(Schema):
    """An answer: read from objects or mappings by attribute or name."""


@dataclass(frozen=True, slots=True)
class PageWanted:
    """Which part of a list: at most `limit` entries after the one with this id."""

    limit: int = DEFAULT_PAGE
    starting_after: str | None = None


class PageQuery(Request):
    """Parameters of every list."""

    into = PageWanted

    limit = Parameter(1, MAX_PAGE, load_default=DEFAULT_PAGE)
    starting_after = Text(MAX_ID_CHARACTERS, load_default=None)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list. There is more after it, or not; nobody counts how much."""

    data: tuple[object, ...]
    has_more: bool

    @classmethod
    def cut(cls, found: list[Any], limit: int) -> "Page":
        """Make a page of what was found with one more than the limit asked for."""
        return cls(tuple(found[:limit]), len(found) > limit)


def list_of(entry: type[Schema]) -> type[Schema]:
    """The shape of a list of entries."""
    name = entry.__name__.removesuffix("Answer") + "ListAnswer"
    members: dict[str, fields.Field[Any]] = {
        "object": Kind("list"),
        "data": fields.List(fields.Nested(entry), required=True),
        "has_more": Flag(required=True),
    }
    return type(name, (Answer,), members)
