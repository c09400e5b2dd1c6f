"""The small checks: each accepts what it says and names what it refuses."""

import pytest

from citizencard.tariffs import checks
from citizencard.tariffs.checks import Check, Fault


@pytest.mark.parametrize(
    ("check", "fit", "unfit"),
    [
        (checks.an_integer(1, 3), [1, 3], [0, 4, True, 2.0, "2", None]),
        (checks.one_of(1, "a"), [1, "a"], [True, "b", None]),
        (checks.a_flag, [True, False], [0, None, "true"]),
        (checks.an_object, [{}], [None, []]),
        (checks.an_object_or_none, [{}, None], [[], 1]),
        (checks.some_entries, [{"a": 1}], [{}, [1], None]),
        (checks.a_list(2, 1), [[1], [1, 2]], [[], [1, 2, 3], {}]),
        (checks.a_text(3), ["a", "abc"], ["", " ", "abcd", 1]),
        (checks.a_party, ["a_b-1"], ["", "a b", "a:b", "é", 1, "x" * 61]),
        (checks.an_instant, ["2026-01-01T00:00:00+08:00"], ["2026-01-01T00:00:00", "soon", 1]),
    ],
)
def test_each_check(check: Check, fit: list[object], unfit: list[object]) -> None:
    """A wrong value of a tariff is refused in words, whatever its type."""
    assert [value for value in fit if check(value) is not None] == []
    assert [value for value in unfit if check(value) is None] == []


def test_fields_are_known_and_there() -> None:
    """A misspelt name is two mistakes: one is not known, the other is missing."""
    wanted = {"fen": checks.an_integer(0, 9), "note": checks.a_text(3)}
    found = checks.check_fields("x.", {"fenn": 1}, wanted, frozenset({"note"}))
    assert found == [Fault("x.fenn", "is not known here"), Fault("x.fen", "is missing")]
    assert str(found[0]) == "x.fenn: is not known here"
    assert str(Fault("", "must be a JSON object")) == "document: must be a JSON object"


def test_rules_by_name() -> None:
    """A part holds rules by names that can stand in an account code."""
    assert checks.check_rules("lots", None, lambda _place, _rule: []) == []
    found = checks.check_rules("lots", {"a b": 1, "b": {}}, lambda place, _rule: [Fault(f"{place}x", "wrong")])
    assert [fault.place for fault in found] == ["lots.a b", "lots.a b", "lots.b.x"]
