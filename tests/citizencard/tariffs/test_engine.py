"""Prices: the published examples, what must hold for every tariff, and the device that reckons the same."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizencard.clock import BEIJING
from citizencard.tariffs.document import read
from citizencard.tariffs.engine import Anchor, Ride, compile_device_table, price, round_half_up
from citizencard.tariffs.errors import ClassNotInTariff, LineNotInTariff, TariffInvalid
from hardware.terminal import fares
from tests.citizencard.tariffs.make_tariffs import published

EIGHT = datetime(2026, 11, 21, 8, 0, tzinfo=BEIJING)
ADULT, SENIOR = 0x01, 0x03
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("card_class", "anchor_line", "age", "price_fen", "subsidy_fen"),
    [
        (ADULT, None, None, 180, 20),
        (ADULT, 1, timedelta(minutes=1), 80, 120),
        (ADULT, 1, HOUR, 80, 120),
        (ADULT, 1, HOUR + timedelta(seconds=1), 180, 20),
        (ADULT, 1, timedelta(0), 80, 120),
        (ADULT, 1, timedelta(seconds=-1), 180, 20),
        (ADULT, 2, timedelta(minutes=30), 180, 20),
        (SENIOR, None, None, 0, 200),
        (SENIOR, 1, timedelta(minutes=30), 0, 200),
    ],
)
def test_published_examples(
    card_class: int, anchor_line: int | None, age: timedelta | None, price_fen: int, subsidy_fen: int
) -> None:
    """Every line of the table in citizencard/tariffs/README.md, a ride on line 2."""
    anchor = None if anchor_line is None or age is None else Anchor(anchor_line, EIGHT)
    found = price(read(published(0)), Ride(2, card_class, EIGHT + (age or timedelta(0)), anchor))
    assert (found.price_fen, found.base_fen - found.price_fen) == (price_fen, subsidy_fen)
    assert found.base_fen - found.concession_fen - found.transfer_fen == found.price_fen


def test_halves_go_up() -> None:
    """Half a fen is the passenger's, always: 4.5 is 5, and 1.5, 2.5 are 2 and 3."""
    assert [round_half_up(numerator, 2) for numerator in (1, 2, 3, 4, 5)] == [1, 1, 2, 2, 3]
    document = published(0)
    document["lines"]["2"]["base_fen"] = 5
    assert price(read(document), Ride(2, ADULT, EIGHT)).price_fen == 5


def test_open_window_and_same_line() -> None:
    """A rule may leave out the last second and may count the same line."""
    document = published(0)
    document["transfer"] |= {"window_inclusive": False, "same_line": True}
    tariff = read(document)
    prices = [
        price(tariff, Ride(2, ADULT, EIGHT + age, Anchor(2, EIGHT))).price_fen
        for age in (HOUR, HOUR - timedelta(seconds=1))
    ]
    assert prices == [180, 80]


def test_what_is_not_listed_has_no_price() -> None:
    """Nobody guesses a fare."""
    with pytest.raises(LineNotInTariff):
        price(read(published(0)), Ride(3, ADULT, EIGHT))
    with pytest.raises(ClassNotInTariff):
        price(read(published(0)), Ride(1, 2, EIGHT))


def test_published_device_table() -> None:
    """What devices get is what the page shows: no sponsors, everything in order."""
    document = published(0)
    document["lines"] = {"10": {"base_fen": 100}, **document["lines"]}
    assert list(compile_device_table(document)["lines"]) == ["1", "2", "10"]
    assert compile_device_table(published(0)) == published(1)
    with pytest.raises(TariffInvalid):
        compile_device_table({})


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Any tariff of format 1."""
    share = st.integers(1, 1000).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))
    transfer = st.fixed_dictionaries(
        {
            "window_s": st.integers(0, 7200),
            "window_inclusive": st.booleans(),
            "anchor": st.just("previous"),
            "same_line": st.booleans(),
            "reduce_fen": st.integers(0, 300),
            "order": st.just("discount_then_reduce"),
            "max_count": st.just(1),
        }
    )
    lines = draw(st.dictionaries(st.integers(1, 5), st.integers(0, 500), min_size=1))
    classes = draw(st.dictionaries(st.integers(0, 4), share, min_size=1))
    return {
        "format": 1,
        "version": draw(st.integers(1, 2**32 - 1)),
        "effective_from": "2026-01-01T00:00:00+08:00",
        "rounding": "half_up",
        "transfer": draw(st.none() | transfer),
        "lines": {str(line): {"base_fen": base_fen} for line, base_fen in lines.items()},
        "classes": {
            f"{byte:02X}": {"name": "class", "numerator": numerator, "denominator": denominator, "sponsor": "s"}
            for byte, (numerator, denominator) in classes.items()
        },
    }


@given(documents(), st.data())
def test_device_reckons_as_the_server(document: dict[str, Any], data: st.DataObject) -> None:
    """A passenger pays on the bus what the server would have asked, for every tariff, line, class and anchor."""
    line = int(data.draw(st.sampled_from(sorted(document["lines"]))))
    card_class = int(data.draw(st.sampled_from(sorted(document["classes"]))), 16)
    age = timedelta(seconds=data.draw(st.integers(-10, 7300)))
    anchored = data.draw(st.none() | st.integers(1, 5))
    server = price(
        read(document), Ride(line, card_class, EIGHT + age, None if anchored is None else Anchor(anchored, EIGHT))
    )
    table = fares.DeviceTable.parse(compile_device_table(document))
    device = fares.price(
        table, line, card_class, None if anchored is None else fares.Anchor(anchored, EIGHT), EIGHT + age
    )
    assert (device.price_fen, device.base_fen, device.transferred) == (
        server.price_fen,
        server.base_fen,
        server.transferred,
    )
    assert 0 <= server.price_fen <= server.base_fen


@given(documents(), st.integers(0, 500), st.integers(0, 500))
def test_prices_rise_with_the_fare(document: dict[str, Any], one_fen: int, other_fen: int) -> None:
    """A dearer line never costs a passenger less."""
    byte = min(document["classes"])
    document["lines"] = {"1": {"base_fen": min(one_fen, other_fen)}, "2": {"base_fen": max(one_fen, other_fen)}}
    tariff = read(document)
    cheap, dear = (price(tariff, Ride(line, int(byte, 16), EIGHT, Anchor(3, EIGHT))).price_fen for line in (1, 2))
    assert cheap <= dear
