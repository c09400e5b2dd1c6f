"""JSON Schema as strictly as a tariff needs it: 1.0 is no whole number, a pattern sees the last line break, and no list takes for ever.

Draft 2020-12 leaves these to the library: 1.0 counts as an integer there, and Python's `$` also stands before a last line break.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator, TypeChecker
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

MAX_DEPTH: Final = 24
"""The deepest value of a sound document lies at 11."""
MAX_COMPARED: Final = 2_000
"""Longer lists break `maxItems` already: nobody compares their entries."""


def too_deep(value: object) -> bool:
    """Whether lists and objects are nested deeper than anything a document needs."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [below for entry in level for below in _entries(entry)]
        if not level:
            return False
    return True


def strict_validator(schema: Mapping[str, Any]) -> Validator:
    """A validator of one of our schemas."""
    return _Strict(schema)


def _entries(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _is_integer(_: TypeChecker, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _pattern(_: Validator, pattern: str, value: object, __: Mapping[str, Any]) -> Iterator[ValidationError]:
    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value):
        yield ValidationError("does not match")


def _unique_items(_: Validator, wanted: bool, value: object, __: Mapping[str, Any]) -> Iterator[ValidationError]:  # noqa: FBT001 # the library's own signature
    if wanted and isinstance(value, list) and len(value) <= MAX_COMPARED:
        texts = [entry for entry in value if isinstance(entry, str)]
        if len(set(texts)) < len(texts):
            yield ValidationError("has an entry twice")


_Strict: Final[type[Validator]] = extend(  # type: ignore[no-untyped-call] # the library leaves it open
    Draft202012Validator,
    validators={"pattern": _pattern, "uniqueItems": _unique_items},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
