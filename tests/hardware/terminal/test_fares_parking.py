"""Stays on the device: the published example, every way to charge, and what only the server can say."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hardware.card.bcd import BEIJING
from hardware.terminal.errors import StayNotPriced
from hardware.terminal.fares import DeviceTable, quote
from hardware.terminal.fares_parking import Charge, Lot, Part, Period, Stay, Step, price_stay
from hardware.terminal.fares_rules import How, Rounding
from tests.hardware.terminal.published import DISTANCE

METRO = DeviceTable.parse(DISTANCE.table)
MORNING = datetime(2026, 11, 21, 8, tzinfo=BEIJING)
VISIT = Charge(None, None, (), Part.COUNTS, 500, None, None, None)
HOURLY = replace(VISIT, visit_fen=None, steps=(Step(60, 30, 300), Step(None, 60, 200)))
LOT = Lot(
    charges=(HOURLY,),
    vehicles=(),
    free_minutes=0,
    charged_after=False,
    free_again=False,
    period=Period.STAY,
    steps_continue=False,
    free_period_every=0,
    most_fen=None,
    rounding=Rounding(1, How.HALF_UP),
    may_fall=False,
)


def fen(lot: Lot, minutes: float, began: datetime = MORNING, vehicle: str | None = None) -> int:
    stay = Stay("lot", began, began + timedelta(minutes=minutes), vehicle)
    return price_stay({"lot": lot}, METRO.head, stay).price_fen


def clock(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-21T{text}+08:00")


def test_stays_of_the_second_example_cost_what_the_page_says() -> None:
    """A gate that lost its line shows what the bill will say."""
    printed = re.search(r"Parking in `street` from 08:00: (.*)\.", DISTANCE.text)
    assert printed
    stays = re.findall(r"(\d+) minutes (\d+)", printed[1])
    assert len(stays) == 4
    for minutes, fen in stays:
        found = quote(METRO, Stay("street", MORNING, MORNING + timedelta(minutes=int(minutes))))
        assert (found.price_fen, found.may_fall) == (int(fen), False)
    overnight = quote(METRO, Stay("street", clock("20:40:00"), clock("21:20:00")))
    assert overnight.explanation == "street, 40 min: ¥5.00"


@pytest.mark.parametrize(
    ("part", "minutes", "expected"),
    [
        (Part.COUNTS, 1, 300),
        (Part.COUNTS, 61, 800),
        (Part.FREE, 29, 0),
        (Part.FREE, 119, 600),
        (Part.BY_MINUTE, 15, 150),
        (Part.BY_MINUTE, 90, 700),
        (Part.BY_MINUTE, 61, 603),
    ],
)
def test_a_part_of_a_step_costs_what_the_lot_says(part: Part, minutes: int, expected: int) -> None:
    """A begun half hour is a whole one, nothing, or its share, settled once: 6.00 + 1 minute of 2.00 an hour is 6.03."""
    assert fen(replace(LOT, charges=(replace(HOURLY, part=part),)), minutes) == expected


def test_periods_begin_anew_or_go_on() -> None:
    """The second day: from the entry or from midnight, with its own price, or with the steps where they stood; some are free."""
    daily = replace(LOT, period=Period.DAY_FROM_ENTRY, most_fen=1000)
    assert fen(daily, 24 * 60 + 1) == 1000 + 300
    assert fen(replace(daily, most_fen=None, steps_continue=True), 24 * 60 + 1) == 600 + 23 * 200 + 200
    assert fen(replace(daily, free_period_every=2), 24 * 60 + 1) == 1000
    assert fen(replace(daily, period=Period.CALENDAR_DAY), 60, clock("23:45:00")) == 300 + 600
    assert fen(replace(daily, charges=(replace(VISIT, visit_fen=None, period_fen=700),)), 48 * 60 + 1) == 2100
    assert fen(replace(daily, charges=(VISIT,)), 48 * 60 + 1) == 500


def test_free_minutes_are_inside_or_outside_and_once_or_always() -> None:
    """Whether a longer stay pays for them too, and whether the second day has its own, is the lot's rule."""
    free = replace(LOT, free_minutes=30)
    assert (fen(free, 30.9), fen(free, 31)) == (0, 600)
    after = replace(free, charged_after=True)
    assert (fen(after, 31), fen(after, 61)) == (300, 600)
    again = replace(after, free_again=True, period=Period.DAY_FROM_ENTRY, most_fen=1000)
    assert (fen(again, 24 * 60 + 30), fen(again, 24 * 60 + 31)) == (1000, 1300)


def test_long_stays_caps_and_vehicles() -> None:
    """A price of the day after so many minutes, the most of a charge, and lorries by themselves."""
    assert fen(replace(LOT, charges=(replace(HOURLY, long_stay=(120, 5000)),)), 121) == 5000
    assert fen(replace(LOT, charges=(replace(HOURLY, most_fen=700),)), 121) == 700
    lorries = replace(VISIT, visit_fen=9000, vehicles=frozenset({1}))
    both = replace(LOT, vehicles=("small", "lorry"), charges=(lorries, VISIT))
    assert (fen(both, 10), fen(both, 10, vehicle="small"), fen(both, 10, vehicle="lorry")) == (500, 500, 9000)
    with pytest.raises(StayNotPriced, match="ship"):
        fen(both, 10, vehicle="ship")


def test_what_only_the_server_knows_is_said() -> None:
    """A lot too intricate for the device has no price here; one with permits has a price that may be lower."""
    with pytest.raises(StayNotPriced, match="only the server"):
        fen(replace(LOT, charges=None), 10)
    stay = Stay("lot", MORNING, MORNING + timedelta(minutes=10))
    priced = price_stay({"lot": replace(LOT, may_fall=True)}, METRO.head, stay)
    assert (priced.price_fen, priced.may_fall) == (300, True)
    assert priced.explanation == "lot, 10 min: ¥3.00, less with a discount or permit"
