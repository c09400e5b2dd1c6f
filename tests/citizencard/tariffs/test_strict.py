"""What JSON Schema leaves to the library, settled strictly."""

from typing import Any

import pytest

from citizencard.tariffs.strict import MAX_DEPTH, strict_validator, too_deep


@pytest.mark.parametrize(
    ("schema", "fit", "unfit"),
    [
        ({"type": "integer"}, [1, 0, -3], [1.0, True, "1"]),
        ({"type": "string", "pattern": "^[a-z]+$"}, ["ab"], ["ab\n", "", "aB"]),
        ({"type": "array", "uniqueItems": True}, [[], ["a", "b"]], [["a", "b", "a"]]),
        ({"type": "array", "maxItems": 2, "uniqueItems": True}, [["a"]], [["a"] * 3000]),
    ],
)
def test_values_are_taken_strictly(schema: dict[str, Any], fit: list[Any], unfit: list[Any]) -> None:
    """A price is never built on 1.0 for 1, on a line break after a name, or on one name twice."""
    validator = strict_validator(schema)
    assert [value for value in fit if not validator.is_valid(value)] == []
    assert [value for value in unfit if validator.is_valid(value)] == []


def test_depth_is_bounded() -> None:
    """A file of brackets keeps nobody busy."""
    value: object = "x"
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert not too_deep(value)
    for _ in range(100_000):
        value = {"a": value}
    assert too_deep(value)
