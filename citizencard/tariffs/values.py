"""What single values must mean beyond their form, wherever they stand: amounts of whole minor units, days that exist, shares up to 1."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.checks import Inspection, schema

_LEAP_YEAR: Final = 2024
_TO_BE_CHECKED: Final = frozenset({"C", "K"})


def inspect_values(
    inspection: Inspection, document: Mapping[str, Any], money: Money, form: tuple[str, str | None] = ("tariff", None)
) -> None:
    """Name every value of sound form that has no sound meaning.

    Args:
        inspection: gets the mistakes; knows which values are of sound form.
        document: what is inspected.
        money: its currency.
        form: the published schema, and the name of the definition in it that the document follows; None: the schema itself.
    """
    whole, kind = schema(form[0]), form[1]
    for place, name, value in _values("", document, whole["$defs"][kind] if kind else whole, whole["$defs"]):
        if inspection.sound(place) and name in _MEANINGS and (message := _MEANINGS[name](value, money)) is not None:
            inspection.add(place, message)


def _values(
    place: str, value: object, form: Mapping[str, Any], definitions: Mapping[str, Any]
) -> Iterator[tuple[str, str, object]]:
    """Every value of the document with its place and the name of its definition in the schema."""
    name = str(form.get("$ref", "")).removeprefix("#/$defs/")
    if name:
        yield place, name, value
        form = definitions[name]
    if isinstance(value, dict):
        known, others = form.get("properties", {}), form.get("additionalProperties")
        for field, entry in value.items():
            below = known.get(field, others)
            if isinstance(below, dict):
                yield from _values(f"{place}.{field}" if place else field, entry, below, definitions)
    elif isinstance(value, list) and isinstance(form.get("items"), dict):
        for index, entry in enumerate(value):
            yield from _values(f"{place}.{index}", entry, form["items"], definitions)


def _amount(value: str, money: Money) -> str | None:
    whole, point, _ = value.partition(".")
    if money.fits(value) and (money.digits or not point):
        return None
    if money.digits:
        return f"must have at most {money.digits} decimals: {money.currency} has no smaller unit"
    return f"must have no decimals: {money.currency} has no smaller unit" + f': write "{whole}"' * money.fits(value)


def _share(value: str, _: Money) -> str | None:
    return None if Fraction(value) <= 1 else "must not be above 1: a discount is no surcharge"


def _hours(value: Mapping[str, str], _: Money) -> str | None:
    return (
        None
        if value["from"] != value["until"]
        else "must begin and end at different times; leave hours out for the whole day"
    )


def _rounding(value: Mapping[str, str], money: Money) -> str | None:
    return (
        None
        if money.rate(value["to"]) >= 1
        else f"must round to at least {Fraction(1, 10**money.digits)} {money.currency}"
    )


def _source(value: Mapping[str, Any], _: Money) -> str | None:
    if value["grade"] in _TO_BE_CHECKED and value.get("sample") is not True:
        return f'must be marked with "sample": true: grade {value["grade"]} has to be checked before anybody is charged'
    return None


def _day_of_year(value: str, _: Money) -> str | None:
    return _existing(lambda: date.fromisoformat(f"{_LEAP_YEAR}-{value}"), "a day of the year")


def _date(value: str, _: Money) -> str | None:
    return _existing(lambda: date.fromisoformat(value), "a date")


def _instant(value: str, _: Money) -> str | None:
    # A time that exists in the city but not in UTC lies at an end of the calendar.
    return _existing(lambda: datetime.fromisoformat(value).astimezone(UTC), "a time")


def _source_date(value: str, _: Money) -> str | None:
    first_day = value + "-01-01"[len(value) - 4 :] if value != "unknown" else "2000-01-01"
    return _existing(lambda: date.fromisoformat(first_day), "a date")


def _existing(read: Callable[[], object], what: str) -> str | None:
    try:
        read()
    except (ValueError, OverflowError):
        return f"must be {what} that exists"
    return None


_MEANINGS: Final[Mapping[str, Callable[[Any, Money], str | None]]] = {
    "amount": _amount,
    "share": _share,
    "hours": _hours,
    "rounding": _rounding,
    "source": _source,
    "source_date": _source_date,
    "day_of_year": _day_of_year,
    "date": _date,
    "instant": _instant,
}
