"""The price from the record alone: each step, in its order, with its line in the explanation."""

from datetime import datetime
from typing import Any

import pytest

from citizencard.tariffs.document import read
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.quotes import Line
from citizencard.tariffs.transit.pricing import Anchor, Ride, price
from tests.citizencard.tariffs.transit.make_rides import (
    ADULT,
    METRO,
    SENIOR,
    STUDENT,
    at,
    city,
    device_prices,
    document,
    metro,
)

HALF = {"name": "half", "classes": ["02"], "pays": "0.5", "sponsor": "education"}
CHANGE = {"name": "change", "minutes": 90, "less": "0.50", "sponsor": "transport"}


def test_explanation() -> None:
    """A passenger sees each piece, its rule and who pays it, and the pieces add up."""
    tariff = city(concessions=[HALF], transfers=[CHANGE])
    priced = price(tariff, Ride(2, STUDENT, at("08:30:40"), Anchor(1, at("08:00"))))
    assert priced.quote.lines == (
        Line("base", 200, "transit.lines.1-99.fare", {"line": 2, "by": "flat"}),
        Line(
            "concession", -100, "transit.concessions.0", {"class": "student", "by": "pays", "pays": "50%"}, "education"
        ),
        Line(
            "transfer",
            -50,
            "transit.transfers.0",
            {"from_line": 1, "from_at": "2026-03-02T08:00:00+08:00", "minutes": 30, "window_minutes": 90},
            "transport",
        ),
    )
    assert (priced.quote.minor, priced.base, priced.transferred) == (50, 200, True)
    assert priced.quote.sponsored() == {"education": 100, "transport": 50}


@pytest.mark.parametrize(
    ("order", "change", "lines"),
    [
        ("discount_then_reduce", {"less": "0.50"}, [("base", 400), ("concession", -80), ("transfer", -50)]),
        ("reduce_then_discount", {"less": "0.50"}, [("base", 400), ("transfer", -50), ("concession", -70)]),
        ("discount_then_reduce", {"costs": "1.00"}, [("base", 400), ("concession", -80), ("transfer", -220)]),
        ("reduce_then_discount", {"costs": "1.00"}, [("base", 400), ("transfer", -300), ("concession", -20)]),
        ("discount_then_reduce", {"pays": "0.5"}, [("base", 400), ("concession", -80), ("transfer", -160)]),
        ("reduce_then_discount", {"less": "9.00"}, [("base", 400), ("transfer", -400)]),
        ("discount_then_reduce", {"costs": "9.00"}, [("base", 400), ("concession", -80)]),
    ],
)
def test_order_of_operations(order: str, change: dict[str, str], lines: list[tuple[str, int]]) -> None:
    """Cities differ in what comes first, and the difference is money; what is taken off never exceeds what is left."""
    tariff = city(concessions=[{"pays": "0.8"}], transfers=[{"minutes": 30, "order": order, **change}])
    quote = price(tariff, Ride(METRO, ADULT, at("08:20"), Anchor(1, at("08:00")))).quote
    assert [(line.what, line.minor) for line in quote.lines] == lines


@pytest.mark.parametrize(
    ("reduction", "price_minor"),
    [
        ({"less": "0.30"}, 170),
        ({"less": "3.00"}, 0),
        ({"costs": "1.00"}, 100),
        ({"costs": "3.00"}, 200),
        ({"pays": "1/3"}, 67),
    ],
)
def test_concessions(reduction: dict[str, str], price_minor: int) -> None:
    """A concession is a share, an amount off or a fixed price, and never dearer than the full fare."""
    assert device_prices(city(concessions=[reduction]), Ride(1, ADULT, at("08:00"))) == [price_minor]


def test_first_concession_that_fits() -> None:
    """Scope by class, mode, operator, line and time of entry; the order of the document decides."""
    tariff = city(
        concessions=[
            {"classes": ["03"], "modes": ["bus"], "when": {"hours": {"from": "09:00", "until": "16:00"}}, "costs": "0"},
            {"operators": ["city_bus"], "lines": ["5-6"], "costs": "0.50"},
            {"operators": ["city_bus"], "costs": "1.00"},
            {"when": {"season": {"from": "07-01", "until": "08-31"}}, "costs": "2.50"},
        ]
    )
    asked = [
        (Ride(1, SENIOR, at("09:00")), 0),
        (Ride(1, SENIOR, at("08:59:59")), 100),
        (Ride(1, SENIOR, at("16:00")), 100),
        (Ride(5, ADULT, at("09:00")), 50),
        (Ride(801, SENIOR, at("09:00")), 300),
        (Ride(801, SENIOR, at("09:00", day=31 + 30 + 31 + 30 + 1)), 250),
    ]
    assert [price(tariff, ride).quote.minor for ride, _ in asked] == [minor for _, minor in asked]


def test_a_line_without_concession_or_transfer() -> None:
    """A custom route is paid in full, and changing to or from it costs as if one had not changed."""
    lines = {
        "1": {"mode": "bus", "fare": {"flat": "2.00"}},
        "9": {"mode": "bus", "fare": {"flat": "5.00"}, "no_concession": True, "no_transfer": True},
    }
    tariff = city(lines=lines, concessions=[{"pays": "0.5"}], transfers=[{"minutes": 30, "costs": "0"}])
    rides = [Ride(line, ADULT, at(f"08:{index}0")) for index, line in enumerate((1, 9, 1, 9))]
    assert device_prices(tariff, *rides) == [100, 500, 100, 500]


def test_rounding_of_shares() -> None:
    """A share is settled as the document says; rounding upwards makes nothing dearer than its full fare."""
    lines = {"1": {"mode": "bus", "fare": {"flat": "1.05"}}}
    rides: dict[str, Any] = {"lines": lines, "concessions": [{"pays": "0.9"}]}
    tariffs = [
        city(**rides),
        *(city(**rides, rounding={"to": "0.10", "how": how}) for how in ("half_up", "down", "up")),
    ]
    assert [price(tariff, Ride(1, ADULT, at("08:00"))).quote.minor for tariff in tariffs] == [95, 90, 90, 100]
    tariff = city(lines=lines, concessions=[{"pays": "0.99"}], rounding={"to": "0.10", "how": "up"})
    assert price(tariff, Ride(1, ADULT, at("08:00"))).quote.minor == 105


def test_companions() -> None:
    """Who may tap for others pays each of them by the rule; who may not is refused."""
    tariff = city(concessions=[HALF], companions={"classes": ["01", "02"], "most": 3, "pays": "0.75"})
    quote = price(tariff, Ride(1, STUDENT, at("08:00"), persons=4)).quote
    assert [(line.what, line.minor) for line in quote.lines] == [
        ("base", 200),
        ("concession", -100),
        ("companions", 450),
    ]
    assert quote.lines[-1].facts == {"others": 3, "each_minor": 150, "pays": "75%"}
    for card_class, persons in ((STUDENT, 5), (SENIOR, 2), (ADULT, 0), (ADULT, -1)):
        with pytest.raises(EventInvalid) as refused:
            price(tariff, Ride(1, card_class, at("08:00"), persons=persons))
        assert refused.value.fields["field"] == "persons"
    with pytest.raises(EventInvalid):
        price(city(), Ride(1, ADULT, at("08:00"), persons=2))


def test_companions_on_a_transfer() -> None:
    """A transfer is the holder's: others pay as if they had just got on."""
    tariff = city(transfers=[{"minutes": 30, "costs": "0"}], companions={"classes": ["01"], "most": 1})
    assert price(tariff, Ride(2, ADULT, at("08:10"), Anchor(1, at("08:00")), persons=2)).quote.minor == 200


@pytest.mark.parametrize(
    ("ride", "place"),
    [
        (Ride(100, ADULT, at("08:00")), "transit.lines.100"),
        (Ride(0, ADULT, at("08:00")), "transit.lines.0"),
        (Ride(1, 0x0B, at("08:00")), "transit.classes.0B"),
    ],
)
def test_missing_rule_is_named(ride: Ride, place: str) -> None:
    """Nobody guesses a fare: what the tariff does not say is named, however often it is asked."""
    tariff = city()
    for _ in range(2):
        with pytest.raises(RuleMissing) as refused:
            price(tariff, ride)
        assert refused.value.fields["place"] == place


def test_a_tariff_without_rides() -> None:
    """A tariff for parking alone prices no ride."""
    entry = document()
    del entry["transit"]
    with pytest.raises(RuleMissing) as refused:
        price(read(entry), Ride(1, ADULT, at("08:00")))
    assert refused.value.fields["place"] == "transit"


def test_times_that_cannot_be() -> None:
    """A time that could be anywhere, in no year of ours, or an exit before its entry is refused, each time that it is asked."""
    naive = datetime(2026, 3, 2, 8)  # noqa: DTZ001 - the naive time is what is tried
    wrong = {
        Ride(1, ADULT, naive): "at",
        Ride(1, ADULT, at("08:00").replace(year=1)): "at",
        Ride(1, ADULT, at("08:00"), Anchor(2, naive)): "anchor",
        Ride(1, ADULT, at("08:00"), exit_at=naive): "exit_at",
        Ride(1, ADULT, at("08:00"), exit_at=at("07:59")): "exit_at",
    }
    tariff = city()
    for ride, field in [*wrong.items(), *wrong.items()]:
        with pytest.raises(EventInvalid) as refused:
            price(tariff, ride)
        assert refused.value.fields["field"] == field


def test_kept_explanations_do_not_leak() -> None:
    """A tariff that is asked again, at another time or for another line of the same range, answers for that."""
    tariff = city(concessions=[{"when": {"hours": {"from": "09:00", "until": "10:00"}}, "pays": "0.5"}])
    asked = [(1, "08:00", 200), (1, "09:30", 100), (2, "09:30", 100), (1, "08:00", 200), (METRO, "08:00", 400)]
    for line, clock, minor in asked * 2:
        quote = price(tariff, Ride(line, ADULT, at(clock))).quote
        assert (quote.minor, quote.lines[0].facts["line"]) == (minor, line)


def test_metro_counts_by_entry_without_exit() -> None:
    """A device that knows only the entry goes by the entry."""
    tariff = city(transfers=[{"minutes": 30, "costs": "0"}])
    entered = price(tariff, Ride(METRO, ADULT, at("08:00")))
    assert entered.next_anchor == Anchor(METRO, at("08:00"))
    assert price(tariff, metro(at("08:00"), at("08:20"))).next_anchor == Anchor(METRO, at("08:20"))
