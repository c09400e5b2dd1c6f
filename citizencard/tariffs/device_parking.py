"""How a lot stands in a device table (hardware/terminal/PROTOCOL.md), or that only the server can price it."""

from math import lcm
from typing import Final

from citizencard.tariffs.device_bytes import Pool, condition, name, whole
from citizencard.tariffs.parking_rules import Charge, ParkingRule

MAX_VEHICLES: Final = 32
"""Classes of vehicles that a device tells apart in one lot."""
MAX_UNIT: Final = 10_080
"""A device reckons shares of steps in so many parts of a fen at most."""
BY_SERVER: Final = b"\x01"
_PERIODS: Final = ("stay", "24_hours", "calendar_day")
_PARTS: Final = ("counts", "free", "by_minute")
_HOW: Final = ("half_up", "up", "down", "half_even")


def lot(rule: ParkingRule, conditions: Pool) -> bytes:
    """What follows the name of a lot.

    Raises:
        TariffNotForDevices: an amount is larger than its field.
    """
    if not _is_for_devices(rule):
        return BY_SERVER
    has = (
        rule.free.charged_after << 1
        | rule.free.every_period << 2
        | rule.steps_continue << 3
        | (rule.most is not None) << 4
        | bool(rule.discounts or rule.permits) << 5
    )
    vehicles = bytes([len(rule.vehicles)]) + b"".join(name(each) for each in rule.vehicles)
    return (
        bytes([has, _PERIODS.index(rule.period)])
        + rule.free.minutes.to_bytes(2)
        + bytes([rule.free_period_every or 0, _HOW.index(rule.rounding.how)])
        + whole(f"{rule.place}.rounding.to", rule.rounding.to, 4)
        + whole(f"{rule.place}.most_a_period", rule.most or 0, 4)
        + vehicles
        + bytes([len(rule.charges)])
        + b"".join(_charge(charge, rule.vehicles, conditions) for charge in rule.charges)
    )


def _is_for_devices(rule: ParkingRule) -> bool:
    parts = [step.each_minutes for one in rule.charges if one.part_of_step == "by_minute" for step in one.steps]
    return len(rule.vehicles) <= MAX_VEHICLES and lcm(*parts) <= MAX_UNIT


def _charge(charge: Charge, vehicles: tuple[str, ...], conditions: Pool) -> bytes:
    has = (charge.most is not None) | (charge.long_stay is not None) << 1
    long_after, long_price = charge.long_stay or (0, 0)
    mask = 0 if charge.vehicles is None else sum(1 << vehicles.index(each) for each in charge.vehicles)
    kind = 1 if charge.steps else 2 if charge.a_visit is not None else 3
    fixed = (
        (bytes(2) if charge.when is None else conditions.number(condition(charge.when)))
        + mask.to_bytes(4)
        + bytes([kind, _PARTS.index(charge.part_of_step), has])
        + whole(f"{charge.place}.most_a_period", charge.most or 0, 4)
        + long_after.to_bytes(2)
        + whole(f"{charge.place}.long_stay.price", long_price, 4)
    )
    if charge.steps:
        return (
            fixed
            + bytes([len(charge.steps)])
            + b"".join(
                (step.up_to_minutes or 0).to_bytes(2)
                + step.each_minutes.to_bytes(2)
                + whole(f"{charge.place}.steps.{index}.price", step.price, 4)
                for index, step in enumerate(charge.steps)
            )
        )
    price = charge.a_visit if charge.a_visit is not None else charge.a_period
    return fixed + whole(charge.place, price or 0, 4)
