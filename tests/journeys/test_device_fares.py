"""What a device asks is what the server reckons, for every tariff that can be published.

The two share no code: the server's engines read the document, the device only the bytes that were compiled from it and sent.
"""

import json
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from citizencard.tariffs import document as server_document
from citizencard.tariffs import parking
from citizencard.tariffs.device import compile_table
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.parking import Stay
from citizencard.tariffs.transit import pricing
from citizencard.tariffs.transit.rides import Anchor, Ride
from hardware.terminal import fares, fares_parking
from hardware.terminal.errors import RideNotPriced, StayNotPriced, UnknownCardClass, UnknownLine
from tests.journeys.make_device_tariffs import BEGINNING, SOURCE, documents, lots, rides, stays

SHIPPED = Path(server_document.__file__).parent / "shipped"
NOT_PRICED = "not priced"


def on_server(tariff: Tariff, ride: Ride) -> tuple[Any, ...] | str:
    """Base, price, whether it was a transfer, and what the card carries on."""
    try:
        found = pricing.price(tariff, ride)
    except (RuleMissing, EventInvalid):
        return NOT_PRICED
    return found.base, found.quote.minor, found.transferred, found.next_anchor and tuple(found.next_anchor)


def on_device(table: fares.DeviceTable, ride: Ride) -> tuple[Any, ...] | str:
    """The same as the device reckons, from what it can know: whole seconds and millimetres."""
    anchor = None if ride.anchor is None else fares.Anchor(ride.anchor.line, ride.anchor.at)
    distance_mm = None if ride.km is None else int(ride.km * 10**6)
    asked = fares.Ride(
        ride.line,
        ride.card_class,
        ride.at,
        anchor,
        ride.exit_at,
        distance_mm,
        ride.from_stop,
        ride.to_stop,
        ride.persons,
    )
    try:
        found = fares.price(table, asked)
    except (UnknownLine, UnknownCardClass, RideNotPriced):
        return NOT_PRICED
    carried = found.next_anchor
    return found.base_fen, found.price_fen, found.transferred, carried and (carried.line, carried.at)


def table_of(tariff: Tariff) -> fares.DeviceTable:
    """What the device holds after the bytes have travelled."""
    table = fares.DeviceTable.parse(compile_table(tariff))
    assert (table.version, table.effective_from) == (tariff.version, tariff.effective_from)
    return table


@settings(max_examples=50, deadline=None)
@given(documents(), st.lists(rides(), min_size=6, max_size=16))
def test_device_and_server_ask_the_same_price(document: dict[str, Any], asked: list[Ride]) -> None:
    """Whatever tariff is published, no passenger pays another fare at the door than the server would have asked, nor carries on another."""
    assert [str(fault) for fault in server_document.check(document)] == []
    tariff = server_document.read(document)
    table = table_of(tariff)
    for ride in asked:
        priced = on_server(tariff, ride)
        assert on_device(table, ride) == priced
        if not isinstance(priced, str):
            base, price, transferred, _ = priced
            assert 0 <= price <= base * ride.persons
            assert not (transferred and ride.anchor is None)


@settings(max_examples=120, deadline=None)
@given(lots(), st.lists(stays(), min_size=3, max_size=8))
def test_gate_and_server_ask_the_same_price(rule: dict[str, Any], asked: list[Stay]) -> None:
    """A gate that can price a stay without a line shows what the bill will say."""
    document = {
        "format": 2,
        "name": "generated",
        "version": 1,
        "effective_from": BEGINNING.isoformat(),
        "currency": "CNY",
        "source": SOURCE,
        "parking": {"lot": rule},
    }
    assume(not server_document.check(document))
    tariff = server_document.read(document)
    table = table_of(tariff)
    for stay in asked:
        quote = parking.quote(tariff.parking["lot"], stay, tariff.offset)
        found = fares.quote(table, fares_parking.Stay("lot", stay.entered_at, stay.left_at, stay.vehicle))
        assert found.price_fen == quote.minor
        assert found.may_fall == (quote.minor > 0 and "permits" in rule)


def test_shipped_tariffs_are_priced_alike_by_device_and_server() -> None:
    """The files that we ship compile, and every ride and stay of their worked examples costs the same at the device."""
    compared = 0
    for path in sorted(SHIPPED.glob("*.json")):
        if path.name.endswith(".examples.json"):
            continue
        tariff = server_document.read(json.loads(path.read_text(encoding="utf-8")))
        table = table_of(tariff)
        for ride in shipped_rides(tariff):
            assert on_device(table, ride) == on_server(tariff, ride), (path.name, ride)
            compared += 1
        for name, rule in tariff.parking.items():
            for minutes in (14, 15, 30, 31, 60, 61, 67, 90, 91, 600, 1440, 1441, 4000):
                began = tariff.effective_from + timedelta(days=7, hours=8)
                stay = Stay(began, began + timedelta(minutes=minutes))
                asked = fares_parking.Stay(name, stay.entered_at, stay.left_at)
                assert fares.quote(table, asked).price_fen == parking.quote(rule, stay, tariff.offset).minor
                compared += 1
    assert compared > 500


def shipped_rides(tariff: Tariff) -> list[Ride]:
    """Rides on the ends of each run of lines, by each class, after rides on each of the others, at the edges of the usual windows."""
    if tariff.transit is None:
        return []
    places = {line.place: number for number, line in tariff.transit.lines.items()}
    at = tariff.effective_from + timedelta(days=40, hours=8)
    return [
        Ride(
            number,
            card_class,
            at,
            Anchor(earlier, at + timedelta(minutes=20 if exit_counts else 0, seconds=-age_s)),
            at + timedelta(minutes=20) if exit_counts else None,
            km,
        )
        for number in places.values()
        for card_class in tariff.transit.classes
        for earlier in (*places.values(), number - 1 or 2)
        for age_s in (0, 1800, 1801, 5400, 5401)
        for exit_counts, km in ((False, None), (True, None), (True, Fraction("6.1")), (True, Fraction(40)))
    ]


def test_a_stay_that_only_the_server_can_price_is_said_to_be_so() -> None:
    """Shares of steps that a device cannot reckon in whole numbers are left to the server, never rounded on the way."""
    steps = [{"up_to_minutes": 97, "each_minutes": 97, "price": "1.00"}, {"each_minutes": 9973, "price": "2.00"}]
    document = {
        "format": 2,
        "name": "generated",
        "version": 1,
        "effective_from": BEGINNING.isoformat(),
        "currency": "CNY",
        "source": SOURCE,
        "parking": {"lot": {"title": "a lot", "charges": [{"steps": steps, "part_of_step": "by_minute"}]}},
    }
    table = table_of(server_document.read(document))
    with pytest.raises(StayNotPriced, match="only the server can price it"):
        fares.quote(table, fares_parking.Stay("lot", BEGINNING, BEGINNING + timedelta(hours=1)))
