"""How rules stand in a device table: the published bytes of each entry."""

from fractions import Fraction

import pytest

from citizencard.tariffs.device_bytes import Pool, class_set, condition, fare, line_set, reduction, runs, whole
from citizencard.tariffs.errors import TariffNotForDevices
from citizencard.tariffs.transit.model import Fare, Reduction, Steps
from citizencard.tariffs.when import read_when


def test_numbers_fit_or_are_refused_with_their_place() -> None:
    """A number that a device cannot hold is never cut down to one that it can."""
    assert whole("x", 258, 2) == b"\x01\x02"
    for wrong in (65_536, -1, Fraction(1, 2)):
        with pytest.raises(TariffNotForDevices, match="x: ") as raised:
            whole("x", wrong, 2)
        assert raised.value.fields["place"] == "x"


def test_equal_entries_stand_once() -> None:
    """A thousand lines of one price make one fare."""
    pool = Pool("fares")
    assert [pool.number(entry) for entry in (b"ab", b"c", b"ab")] == [b"\x00\x01", b"\x00\x02", b"\x00\x01"]
    assert (len(pool), pool.section()) == (2, b"abc")


def test_sets_rise() -> None:
    """Lines as ranges, classes as bytes, each in one order."""
    assert list(runs([5, 1, 3, 2, 9])) == [(1, 3), (5, 5), (9, 9)]
    assert list(runs([])) == []
    assert line_set([9, 1, 2, 3]).hex() == "0002" + "00010003" + "00090009"
    assert class_set([255, 1]).hex() == "000201ff"


def test_fares_and_reductions_have_the_published_bytes() -> None:
    """Each kind as the page says."""
    assert fare("x", Fare(place="x", flat=200)).hex() == "01" + "00" + "0000" + "00000000" + "000000c8"
    sections = Fare(place="x", section_of={3: 1, 1: 0}, section_prices=(200, 300), top=500)
    stops = "0002" + "0002" + "00010000" + "00030001" + "000000c8" + "0000012c"
    assert fare("x", sections).hex() == "02" + "01" + "0000" + "000001f4" + stops
    pairs = Fare(place="x", between={(2, 1): 7, (1, 2): 5})
    listed = "0002" + "00010002" + "00000005" + "00020001" + "00000007"
    assert fare("x", pairs).hex() == "03" + "00" + "0000" + "00000000" + listed
    timed = Fare(place="x", time=Steps(Fraction(10), 200, ((None, Fraction(1, 2), 3),)), top=9, overtime_minutes=120)
    steps = "0000000000000258" + "000000c8" + "0001" + "ffffffffffffffff" + "000000000000001e" + "00000003"
    assert fare("x", timed).hex() == "05" + "03" + "0078" + "00000009" + steps
    assert reduction("x", Reduction(pays=Fraction(19, 20))).hex() == "01" + "00000013" + "00000014"
    assert reduction("x", Reduction(less=100)).hex() == "02" + "00000064" + "00000000"
    assert reduction("x", Reduction(costs=0)).hex() == "03" + "00000000" + "00000000"


def test_a_condition_has_the_published_bytes() -> None:
    """Hours in minutes, days as bits, the season, then dates as cards write them."""
    entry = {
        "hours": {"from": "21:00", "until": "24:00"},
        "days": ["mon", "sun"],
        "season": {"from": "06-01", "until": "09-30"},
        "dates": ["2026-10-01"],
        "except_dates": ["2026-10-02", "0999-01-01"],
    }
    when = read_when(entry)
    assert when is not None
    assert condition(when).hex() == "0f04ec05a0410601091e00010002202610010999010120261002"
    only = read_when({"except_dates": ["2026-10-02"]})
    assert only is not None
    assert condition(only).hex() == "00" + "00" * 9 + "0000000120261002"
