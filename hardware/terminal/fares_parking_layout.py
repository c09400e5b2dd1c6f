"""A lot of the device table, read from its bytes (README.md, "Device table")."""

from typing import Final

from hardware.terminal.fares_bytes import Cursor
from hardware.terminal.fares_parking import Charge, Lot, Part, Period, Step
from hardware.terminal.fares_rules import Condition, How, Rounding

MAX_MINUTES: Final = 10_080
MAX_VEHICLES: Final = 32
MAX_FREE_PERIOD: Final = 31
_BY_SERVER: Final = 0x01
_ONLY_SERVER: Final = Lot(
    charges=None,
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


def read_lot(cursor: Cursor, conditions: tuple[Condition, ...]) -> Lot:
    """What follows the name of a lot.

    Args:
        cursor: stands behind the name.
        conditions: of the table.

    Raises:
        DeviceTableInvalid: a value is not understood.
    """
    has = cursor.flags(1, "lot, flags", known=0x3F)
    if has & _BY_SERVER:
        if has != _BY_SERVER:
            cursor.refuse("lot, flags", "must be 1 alone for a lot that only the server prices")
        return _ONLY_SERVER
    period = Period(cursor.number(1, "lot, period", most=max(Period)))
    free_minutes = cursor.number(2, "lot, free minutes", most=MAX_MINUTES)
    free_period_every = cursor.number(1, "lot, free period", most=MAX_FREE_PERIOD)
    if free_period_every == 1:
        cursor.refuse("lot, free period", "must be 0 or from 2 on")
    how = How(cursor.number(1, "lot, rounding", most=max(How)))
    rounding = Rounding(cursor.number(4, "lot, rounding step", least=1), how)
    most_fen = cursor.number(4, "lot, most a period", most=None if has & 0x10 else 0)
    vehicles = tuple(
        cursor.text("lot, vehicle") for _ in range(cursor.number(1, "lot, number of vehicles", most=MAX_VEHICLES))
    )
    count = cursor.number(1, "lot, number of charges", least=1)
    return Lot(
        charges=tuple(_charge(cursor, conditions, len(vehicles)) for _ in range(count)),
        vehicles=vehicles,
        free_minutes=free_minutes,
        charged_after=bool(has & 0x02),
        free_again=bool(has & 0x04),
        period=period,
        steps_continue=bool(has & 0x08),
        free_period_every=free_period_every,
        most_fen=most_fen if has & 0x10 else None,
        rounding=rounding,
        may_fall=bool(has & 0x20),
    )


def _charge(cursor: Cursor, conditions: tuple[Condition, ...], vehicles: int) -> Charge:
    when = cursor.one_or_none(conditions, "charge, condition")
    mask = cursor.number(4, "charge, vehicles", most=(1 << vehicles) - 1)
    kind = cursor.number(1, "charge, kind", most=3, least=1)
    part = Part(cursor.number(1, "charge, part of a step", most=max(Part)))
    has = cursor.flags(1, "charge, flags", known=0x03)
    most_fen = cursor.number(4, "charge, most a period", most=None if has & 1 else 0)
    long_after = cursor.number(2, "charge, long stay after", most=MAX_MINUTES if has & 2 else 0)
    long_fen = cursor.number(4, "charge, price of a long stay", most=None if has & 2 else 0)
    steps: tuple[Step, ...] = ()
    fen = 0
    if kind == 1:
        steps = _steps(cursor)
    else:
        fen = cursor.number(4, "charge, price")
    return Charge(
        when=when,
        vehicles=frozenset(number for number in range(vehicles) if mask >> number & 1) if mask else None,
        steps=steps,
        part=part,
        visit_fen=fen if kind == 2 else None,  # noqa: PLR2004 # the number in the layout
        period_fen=fen if kind == 3 else None,  # noqa: PLR2004 # the number in the layout
        long_stay=(long_after, long_fen) if has & 2 else None,
        most_fen=most_fen if has & 1 else None,
    )


def _steps(cursor: Cursor) -> tuple[Step, ...]:
    steps: list[Step] = []
    below = 0
    count = cursor.number(1, "charge, number of steps", least=1)
    for index in range(count):
        up_to = cursor.number(2, "charge, step up to", most=MAX_MINUTES)
        if bool(up_to) == (index + 1 == count):
            cursor.refuse("charge, step up to", "must be 0, without end, in the last step, and only there")
        if up_to and up_to <= below:
            cursor.refuse("charge, step up to", "must rise")
        below = up_to
        each = cursor.number(2, "charge, minutes of a step", most=MAX_MINUTES, least=1)
        steps.append(Step(up_to or None, each, cursor.number(4, "charge, price of a step")))
    return tuple(steps)
