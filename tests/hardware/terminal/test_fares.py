"""Fares on the device: the worked example of the day, what is refused, and bounds that hold for every table."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.terminal.errors import DeviceTableInvalid, DeviceTableNotInForce, UnknownCardClass, UnknownLine
from hardware.terminal.fares import Anchor, ClassDiscount, DeviceTable, TransferRule, price, round_half_up

DOCUMENT: dict[str, Any] = {
    "format": 1,
    "version": 3,
    "effective_from": "2026-01-01T00:00:00+08:00",
    "transfer": {
        "window_s": 3600,
        "window_inclusive": True,
        "anchor": "previous",
        "same_line": False,
        "reduce_fen": 100,
        "order": "discount_then_reduce",
        "max_count": 1,
    },
    "lines": {"1": {"base_fen": 200}, "2": {"base_fen": 200}},
    "classes": {
        "01": {"name": "adult", "numerator": 9, "denominator": 10},
        "03": {"name": "senior70", "numerator": 0, "denominator": 10},
    },
    "rounding": "half_up",
}
TABLE = DeviceTable.parse(DOCUMENT)
MORNING = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


def test_the_fares_of_the_example_day() -> None:
    """An adult pays ¥1.80, ¥0.80 on another line within the hour; a person over 70 pays nothing."""
    first = price(TABLE, 1, 0x01, None, MORNING)
    second = price(TABLE, 2, 0x01, Anchor(1, MORNING), MORNING + timedelta(minutes=40))
    senior = price(TABLE, 1, 0x03, None, MORNING)
    assert (first.base_fen, first.price_fen, first.transferred) == (200, 180, False)
    assert (second.base_fen, second.price_fen, second.transferred) == (200, 80, True)
    assert (senior.base_fen, senior.price_fen) == (200, 0)
    assert second.explanation == "line 2 ¥2.00, class adult 9/10, transfer less ¥1.00: ¥0.80"


@pytest.mark.parametrize(
    ("line", "age_s", "expected"),
    [(2, 0, True), (2, 3600, True), (2, 3601, False), (2, -1, False), (1, 60, False)],
)
def test_a_transfer_is_another_line_within_the_window(line: int, age_s: int, expected: bool) -> None:
    """The sixtieth minute still counts; the same line, a later minute and a tap from the future do not."""
    fare = price(TABLE, line, 0x01, Anchor(1, MORNING), MORNING + timedelta(seconds=age_s))
    assert fare.transferred is expected
    assert fare.price_fen == (80 if expected else 180)


def test_an_exclusive_window_ends_before_its_last_second() -> None:
    """Whether the last instant counts is a rule of the city, not of the device."""
    document = deepcopy(DOCUMENT)
    document["transfer"]["window_inclusive"] = False
    table = DeviceTable.parse(document)
    assert not price(table, 2, 0x01, Anchor(1, MORNING), MORNING + timedelta(seconds=3600)).transferred
    assert price(table, 2, 0x01, Anchor(1, MORNING), MORNING + timedelta(seconds=3599)).transferred


def test_a_city_without_a_transfer_rule_reduces_nothing() -> None:
    """A table without the rule is a valid table."""
    table = DeviceTable.parse({**DOCUMENT, "transfer": None})
    assert price(table, 2, 0x01, Anchor(1, MORNING), MORNING).price_fen == 180


def test_what_the_table_does_not_know_has_no_price() -> None:
    """A device never guesses a fare: unknown line, unknown class, a table of next year."""
    with pytest.raises(UnknownLine):
        price(TABLE, 9, 0x01, None, MORNING)
    with pytest.raises(UnknownCardClass, match="0A"):
        price(TABLE, 1, 0x0A, None, MORNING)
    with pytest.raises(DeviceTableNotInForce):
        price(TABLE, 1, 0x01, None, datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("format",), 2, "format 2"),
        (("format",), None, "format None"),
        (("rounding",), "down", "rounding"),
        (("day_cap_fen",), 1000, "'day_cap_fen' in the table"),
        (("transfer", "surcharge_fen"), 100, "'surcharge_fen' in transfer"),
        (("lines", "1", "night_fen"), 300, "'night_fen' in line 1"),
        (("classes", "01", "cap_fen"), 300, "'cap_fen' in card class 01"),
        (("version",), True, "version"),
        (("effective_from",), "yesterday", "ISO 8601"),
        (("effective_from",), "2026-01-01T00:00:00", "offset"),
        (("transfer", "order"), "reduce_then_discount", "order"),
        (("transfer", "max_count"), 2, "max_count"),
        (("transfer", "window_s"), 3600.0, "window_s"),
        (("transfer", "same_line"), 0, "same_line"),
        (("lines", "1", "base_fen"), -1, "base_fen"),
        (("lines", "1"), 200, "line 1"),
        (("lines", "01"), {"base_fen": 200}, "'01'"),
        (("lines", "65536"), {"base_fen": 200}, "'65536'"),
        (("classes", "1"), {"numerator": 1, "denominator": 1}, "card class"),
        (("classes", "01", "denominator"), 0, "denominator"),
        (("classes", "01", "numerator"), 11, "numerator"),
    ],
)
def test_a_table_that_is_not_understood_is_refused(path: tuple[str, ...], value: object, said: str) -> None:
    """A device works with a table it understands entirely, or with none; the message names the entry."""
    document: dict[str, Any] = deepcopy(DOCUMENT)
    part = document
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    with pytest.raises(DeviceTableInvalid, match=said):
        DeviceTable.parse(document)


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_half_a_fen_rounds_up(numerator: int, denominator: int) -> None:
    """The rounded quotient is within half a fen of the exact one, and exactly half goes up."""
    twice_error = 2 * (round_half_up(numerator, denominator) * denominator - numerator)
    assert -denominator < twice_error <= denominator


_SHARES = st.tuples(st.integers(0, 100), st.integers(1, 100)).filter(lambda share: share[0] <= share[1])


@given(st.integers(0, 10_000), st.integers(0, 10_000), _SHARES, st.integers(0, 3_000), st.integers(-100, 8_000))
def test_fares_are_bounded_and_rise_with_the_base(
    one_fen: int, other_fen: int, share: tuple[int, int], reduce_fen: int, age_s: int
) -> None:
    """Whatever the tariff: never below nothing, never above the full fare, and a dearer line is never cheaper."""
    table = DeviceTable(
        version=1,
        effective_from=MORNING - timedelta(days=1),
        transfer=TransferRule(3600, window_inclusive=True, same_line=False, reduce_fen=reduce_fen),
        lines={1: min(one_fen, other_fen), 2: max(one_fen, other_fen)},
        classes={1: ClassDiscount("any", *share)},
    )
    anchor = Anchor(3, MORNING - timedelta(seconds=age_s))
    cheap, dear = (price(table, line, 1, anchor, MORNING) for line in (1, 2))
    assert 0 <= cheap.price_fen <= cheap.base_fen
    assert cheap.price_fen <= dear.price_fen <= dear.base_fen
