"""The rules of a device table as values: rounding, times, sums of money."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hardware.terminal.fares_rules import Condition, Head, How, LineSet, Rounding, Scope, offset_of

ANY = Condition(None, None, None, None, frozenset())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_condition_holds_when_all_that_it_names_holds() -> None:
    """Hours over midnight belong to the new day; a season may go over the turn of the year; an excepted date never holds."""
    assert ANY.holds(at("2026-11-21T08:00:00"))
    night = replace(ANY, hours=(21 * 3600, 7 * 3600), days=frozenset({5}))
    assert night.holds(at("2026-11-21T21:00:00"))  # a Saturday
    assert night.holds(at("2026-11-21T06:59:59"))
    assert not night.holds(at("2026-11-21T07:00:00"))
    assert not night.holds(at("2026-11-22T00:00:00"))
    winter = replace(ANY, season=((12, 1), (2, 29)), except_dates=frozenset({date(2027, 1, 1)}))
    assert [
        winter.holds_on(date.fromisoformat(day)) for day in ("2026-11-30", "2026-12-01", "2027-02-28", "2027-01-01")
    ] == [
        False,
        True,
        True,
        False,
    ]
    only = replace(ANY, dates=frozenset({date(2026, 10, 1)}))
    assert only.holds_on(date(2026, 10, 1))
    assert not only.holds_on(date(2026, 10, 2))


def test_a_scope_fits_when_class_line_and_time_do() -> None:
    """What a scope does not name does not matter."""
    now = at("2026-11-21T08:00:00")
    assert Scope(None, None, None).fits(1, 1, now)
    assert Scope(frozenset({1}), LineSet(((1, 3), (7, 7))), ANY).fits(7, 1, now)
    assert not Scope(frozenset({1}), None, None).fits(1, 2, now)
    assert not Scope(None, LineSet(((1, 3), (7, 7))), None).fits(4, 1, now)
    assert not Scope(None, None, replace(ANY, days=frozenset({0}))).fits(1, 1, now)


def test_money_is_written_as_its_currency_is() -> None:
    """Yuan with two decimals, won with none, dinars with three."""
    head = Head(1, at("2026-01-01T00:00:00"), offset_of(480), "CNY", 2, Rounding(1, How.HALF_UP))
    assert head.zone.utcoffset(None) == timedelta(hours=8)
    assert head.money(5) == "¥0.05"
    assert replace(head, currency="KRW", digits=0).money(1250) == "KRW 1250"
    assert replace(head, currency="KWD", digits=3).money(1250) == "KWD 1.250"


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.integers(1, 500), st.sampled_from(How))
def test_rounding_goes_the_way_that_the_table_says(numerator: int, denominator: int, to_fen: int, how: How) -> None:
    """The result is a multiple of the step, less than a step away, on the right side, and at most half a step when halves decide."""
    found = Rounding(to_fen, how).settle(numerator, denominator)
    assert found % to_fen == 0
    off = found * denominator - numerator
    step = to_fen * denominator
    assert -step < off < step
    assert how is not How.UP or off >= 0
    assert how is not How.DOWN or off <= 0
    if how in {How.HALF_UP, How.HALF_EVEN}:
        assert abs(2 * off) <= step
        if abs(2 * off) == step:
            assert off > 0 if how is How.HALF_UP else found // to_fen % 2 == 0
