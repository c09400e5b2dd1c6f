"""Files of tariffs and events as people write them: JSON in UTF-8, each field once, of a bounded size."""

import json
from collections.abc import Sequence
from typing import Final, NoReturn

from citizencard.tariffs.errors import DocumentUnreadable

MAX_DOCUMENT_BYTES: Final = 8 * 2**20
"""A tariff with all that its schema allows for a large city, twice over."""


def read_json(raw: bytes) -> object:
    """The value that a file holds.

    Raises:
        DocumentUnreadable: it is larger than 8 MiB, not UTF-8 (names the byte), not JSON (names line and column), or has a field twice.
    """
    if len(raw) > MAX_DOCUMENT_BYTES:
        _refuse("too_large", f"it has more than {MAX_DOCUMENT_BYTES // 2**20} MiB")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        line = raw.count(b"\n", 0, failure.start) + 1
        _refuse("not_utf8", f"it is not UTF-8: byte {failure.start + 1}, in line {line}, cannot be read")
    try:
        value: object = json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_constant)
    except json.JSONDecodeError as failure:
        _refuse("not_json", f"it is not JSON: line {failure.lineno}, column {failure.colno}: {failure.msg}")
    except RecursionError:
        _refuse("too_deep", "it is nested too deeply")
    except ValueError:
        # The only one left: Python converts no number of thousands of digits.
        _refuse("not_json", "it has a number with too many digits")
    return value


def _each_once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for position, name in enumerate(names) if name in names[:position])
        _refuse("field_twice", f"an object has the field {json.dumps(twice[:60], ensure_ascii=True)} twice")
    return fields


def _no_constant(name: str) -> NoReturn:
    _refuse("not_json", f"{name} is no JSON")


def _refuse(reason: str, sentence: str) -> NoReturn:
    raise DocumentUnreadable(sentence, reason=reason)
