"""Every piece of a ride's price can be said in both languages, with the facts that the engine gives."""

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final

from citizencard.tariffs.quotes import Line
from citizencard.tariffs.sentences import Language, piece
from citizencard.tariffs.transit.entitlements import Carried, PassSale, carry, sell_pass
from citizencard.tariffs.transit.history import rate_ride
from citizencard.tariffs.transit.pricing import Anchor, Ride, price
from citizencard.tariffs.transit.states import History
from citizencard.tariffs.transit.texts import TEXTS
from tests.citizencard.tariffs.transit.make_rides import ADULT, SENIOR, STUDENT, at, city

STOPS: Final[dict[str, Any]] = {"from_stop": 1, "to_stop": 2}
FARES: Final[dict[str, Any]] = {
    "1": {"flat": "2.00"},
    "2": {"sections": {"stops": [[1, 2]], "prices": ["2.00"]}, "top": "3.00"},
    "3": {"between": [{"from": 1, "to": 2, "price": "2.00"}]},
    "4": {"distance": {"first_km": "9", "first": "2.00"}},
    "5": {"time": {"first_minutes": 60, "first": "2.00"}, "overtime_minutes": 30, "top": "3.00"},
}
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
EIGHT: Final = at("08:00")
CITY: Final = city(
    lines={number: {"mode": "bus", "fare": fare} for number, fare in FARES.items()},
    concessions=[
        {"classes": ["01"], "pays": "0.5"},
        {"classes": ["02"], "less": "1.00"},
        {"classes": ["03"], "costs": "1.00"},
    ],
    transfers=[{"minutes": 30, "less": "0.10"}],
    companions={"classes": ["01"], "most": 2},
    bands=[
        {"name": "band", "lines": ["2"], "period": "day", "of": "paid", "steps": [{"above": "1.00", "pays": "0.1"}]}
    ],
    passes={
        "counted": {"period": "day", "price": "1", "rides": 1},
        "all": {"lines": ["3"], "period": "day", "price": "1"},
    },
    ride_counts=[{"name": "count", "period": "day", "after": 9}],
    lifetime=[{"name": "life", "rides_a_year": 1, "years": 9}],
    caps=[{"name": f"cap-{period}", "period": period, "most": "9.00"} for period in ("day", "week", "month", "year")],
)


def rated(rule: str, total: int, line: int = 1) -> tuple[Line, ...]:
    """The pieces of a ride after so much."""
    history = History()
    carry(CITY, Carried(rule, EIGHT, total), history)
    return rate_ride(CITY, Ride(line, ADULT, EIGHT, **(STOPS if line == 2 else {})), history)[0].lines


def pieces() -> Iterator[Line]:
    """Pieces of every kind."""
    half_an_hour = EIGHT + timedelta(minutes=30)
    rides = [
        Ride(1, ADULT, EIGHT, Anchor(2, EIGHT), persons=3),
        Ride(1, STUDENT, EIGHT),
        Ride(1, SENIOR, EIGHT),
        Ride(2, ADULT, EIGHT, **STOPS),
        Ride(2, ADULT, EIGHT),
        Ride(2, ADULT, EIGHT, claimed_base=200),
        Ride(3, ADULT, EIGHT, **STOPS),
        Ride(4, ADULT, EIGHT, km=Fraction("4.5")),
        Ride(5, ADULT, EIGHT, exit_at=half_an_hour),
        Ride(5, ADULT, EIGHT, exit_at=half_an_hour + timedelta(seconds=1)),
    ]
    for ride in rides:
        yield from price(CITY, ride).quote.lines
    for rule, total in [
        ("count", 9),
        ("life", 9),
        *((f"cap-{period}", 900) for period in ("day", "week", "month", "year")),
    ]:
        yield from rated(rule, total)
    yield from rated("band", 200, line=2)
    for name, line in (("counted", 1), ("all", 3)):
        history = History()
        yield from sell_pass(CITY, PassSale(name, ADULT, EIGHT), history).lines
        yield from rate_ride(CITY, Ride(line, ADULT, EIGHT, **STOPS), history)[0].lines


def test_every_text_is_said() -> None:
    """No passenger reads a gap: each text is used by some piece, and has all of its facts in both languages."""
    unsaid = set(TEXTS)
    for line in pieces():
        said = {piece(line, CITY.money, language) for language in LANGUAGES}
        assert len(said) == len(LANGUAGES)
        assert not any("{" in text or not text for text in said)
        unsaid -= {line.what, f"{line.what}.{line.facts.get('by')}"}
    assert not unsaid


def test_sentences() -> None:
    """Some of them, word for word."""
    transfer = price(CITY, Ride(1, ADULT, EIGHT, Anchor(2, EIGHT - timedelta(minutes=29, seconds=59)))).quote.lines[-1]
    assert piece(transfer, CITY.money, "zh") == "乘线路 2 后 29 分钟换乘（限 30 分钟内），优惠 ¥0.10"
    assert piece(transfer, CITY.money, "en") == "transfer 29 min after line 2 (within 30 min): ¥0.10 off"
    cap = rated("cap-day", 850)[-1]
    assert piece(cap, CITY.money, "en") == "capped at ¥9.00 a day, ¥8.50 paid so far: ¥0.50 off"
    assert piece(cap, CITY.money, "zh") == "每日封顶 ¥9.00，当日已付 ¥8.50，优惠 ¥0.50"
