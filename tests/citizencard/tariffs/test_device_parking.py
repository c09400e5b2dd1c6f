"""Lots in a device table; what they cost is held against the server in tests/journeys/test_device_fares.py."""

from copy import deepcopy
from typing import Any

from citizencard.tariffs.device import compile_table
from citizencard.tariffs.document import read
from hardware.terminal.fares import DeviceTable
from hardware.terminal.fares_parking import Lot, Part, Period
from tests.hardware.terminal.published import DISTANCE


def lot(**changes: Any) -> Lot:
    """The published street with other rules."""
    only = {name: part for name, part in deepcopy(DISTANCE.document).items() if name != "transit"}
    only["parking"]["street"] |= changes
    return DeviceTable.parse(compile_table(read(only))).rules.lots["street"]


def test_every_rule_of_a_lot_arrives() -> None:
    """What a gate prices by is what the document says."""
    found = lot(
        vehicles=["small", "lorry"],
        free={"minutes": 15, "longer_stays": "charged_after", "again": "every_period"},
        period="calendar_day",
        next_period="continues",
        free_period_every=7,
        rounding={"to": "0.10", "how": "down"},
        charges=[
            {"vehicles": ["lorry"], "a_period": "30.00", "most_a_period": "30.00"},
            {
                "steps": [{"each_minutes": 30, "price": "2.00"}],
                "part_of_step": "by_minute",
                "long_stay": {"after_minutes": 600, "price": "25.00"},
            },
        ],
        permits={"month": {"period": "month", "price": "150.00"}},
    )
    assert (found.period, found.steps_continue, found.free_period_every) == (Period.CALENDAR_DAY, True, 7)
    assert (found.free_minutes, found.charged_after, found.free_again, found.may_fall) == (15, True, True, True)
    assert (found.rounding.to_fen, found.most_fen, found.vehicles) == (10, 4000, ("small", "lorry"))
    assert found.charges is not None
    lorries, others = found.charges
    assert (lorries.vehicles, lorries.period_fen, lorries.most_fen) == (frozenset({1}), 3000, 3000)
    assert (others.vehicles, others.part, others.long_stay, others.most_fen) == (
        None,
        Part.BY_MINUTE,
        (600, 2500),
        None,
    )


def test_a_lot_with_more_vehicles_than_a_device_tells_apart_is_the_servers() -> None:
    """The gate asks the server then; it does not guess."""
    only = {name: part for name, part in deepcopy(DISTANCE.document).items() if name != "transit"}
    only["parking"]["street"]["vehicles"] = [f"class_{number}" for number in range(33)]
    found = DeviceTable.parse(compile_table(read(only)))
    assert found.rules.lots["street"].charges is None


def test_shares_that_a_device_cannot_reckon_are_the_servers() -> None:
    """Steps of 97 and of 9,973 minutes by the minute have no common measure that a small device could use."""
    steps = [{"up_to_minutes": 97, "each_minutes": 97, "price": "1.00"}, {"each_minutes": 9973, "price": "2.00"}]
    assert lot(charges=[{"steps": steps, "part_of_step": "by_minute"}]).charges is None
    assert lot(charges=[{"steps": steps, "part_of_step": "counts"}]).charges is not None
