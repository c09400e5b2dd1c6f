"""A transfer has one way to be written as bytes, whatever the database calls its instants."""

import json

import pytest

from ledger.canonical import Fields, instant, written


@pytest.mark.parametrize(
    ("shown", "canonical"),
    [
        ("2026-11-21 00:30:00.123456+00", "2026-11-21T00:30:00.123456+00:00"),
        ("2026-11-21 00:30:00+00", "2026-11-21T00:30:00.000000+00:00"),
        ("2026-11-21 00:30:00.5+00", "2026-11-21T00:30:00.500000+00:00"),
        ("2026-11-21T00:30:00.123456+00:00", "2026-11-21T00:30:00.123456+00:00"),
        ("infinity", "infinity"),
    ],
)
def test_instants_are_written_in_one_way(shown: str, canonical: str) -> None:
    """PostgreSQL leaves out zeros and SQLite keeps our own text: the bytes are the same."""
    assert instant(shown) == canonical


def test_line_is_the_json_that_anybody_can_make() -> None:
    """Quotes, letters outside of ASCII and what is missing are written as the JSON of every language does."""
    at = "2026-11-21T00:30:00.000000+00:00"
    row = Fields(7, "r:1", 1, 2, 180, "CNY", "ride", at, at, "2026-11-21", None, "f" * 64, '{"a":"\\u5e02\u5e02"}', 5)
    assert written(row) == json.dumps(list(row), separators=(",", ":"))
    assert written((*row[:1], b"r", *row[2:])).isascii()
