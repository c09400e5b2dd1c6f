"""Files of tariffs and events as people write them: JSON in UTF-8, each field once, of a bounded size."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Final, NoReturn

from citizencard.tariffs.errors import DocumentUnreadable

MAX_DOCUMENT_BYTES: Final = 8 * 2**20
"""A tariff with all that its schema allows for a large city, twice over."""

_MAX_PLACE: Final = 300
_MAX_NAME: Final = 60


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
    twice: list[_Twice] = []
    try:
        value: object = json.loads(
            text, object_pairs_hook=lambda pairs: _object(pairs, twice), parse_constant=_no_constant
        )
    except json.JSONDecodeError as failure:
        _refuse("not_json", f"it is not JSON: line {failure.lineno}, column {failure.colno}: {failure.msg}")
    except RecursionError:
        _refuse("too_deep", "it is nested too deeply")
    except ValueError:
        # The only one left: Python converts no number of thousands of digits.
        _refuse("not_json", "it has a number with too many digits")
    if twice:
        _refuse_twice(value)
    return value


class _Twice(dict[str, object]):
    """An object with a field that it has twice."""

    name = ""


def _object(pairs: Sequence[tuple[str, object]], twice: list[_Twice]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    times = Counter(name for name, _ in pairs)
    wrong = _Twice(fields)
    wrong.name = next(name for name, _ in pairs if times[name] > 1)
    twice.append(wrong)
    return wrong


def _refuse_twice(value: object) -> NoReturn:
    """Name the first of the objects; the outermost one is always part of the value."""
    waiting: list[tuple[str, object]] = [("", value)]
    while True:
        place, entry = waiting.pop()
        if isinstance(entry, _Twice):
            where = f"{json.dumps(place[:_MAX_PLACE])[1:-1]} has" if place else "it has"
            _refuse("field_twice", f"{where} the field {json.dumps(entry.name[:_MAX_NAME])} twice")
        below = entry.items() if isinstance(entry, dict) else enumerate(entry) if isinstance(entry, list) else ()
        waiting += reversed([(f"{place}.{key}" if place else str(key), one) for key, one in below])


def _no_constant(name: str) -> NoReturn:
    _refuse("not_json", f"{name} is no JSON")


def _refuse(reason: str, sentence: str) -> NoReturn:
    raise DocumentUnreadable(sentence, reason=reason)
