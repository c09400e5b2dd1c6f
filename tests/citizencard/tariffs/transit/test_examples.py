"""The prices that cities print for rides, and those that follow from their rules, reproduced from the shipped tariffs to the cent."""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from citizencard.clock import BEIJING
from citizencard.tariffs.transit.entitlements import Carried, carry
from citizencard.tariffs.transit.history import History
from citizencard.tariffs.transit.pricing import Ride, price
from tests.citizencard.tariffs.make_rules import shipped
from tests.citizencard.tariffs.transit.make_rides import (
    ADULT,
    METRO,
    TRAM,
    at,
    city,
    device_prices,
    metro,
    rated_prices,
)


def bus(clock: str, line: int = 1, card_class: int = ADULT) -> Ride:
    return Ride(line, card_class, at(clock))


def test_suzhou_f1_metro_then_bus() -> None:
    """Printed by the Suzhou transport bureau (jtj.suzhou.gov.cn, 12 Mar 2021): metro 1.90, bus within 90 minutes after the exit 0.00."""
    suzhou = shipped("suzhou")
    rides = [metro(at("07:40"), at("08:00"), "5"), bus("09:30")]
    assert device_prices(suzhou, *rides) == rated_prices(suzhou, rides) == [190, 0]
    assert device_prices(suzhou, rides[0], bus("09:30:01")) == [190, 120], "the window is over a second later"


def test_suzhou_f3_never_below_nothing() -> None:
    """Printed on the same page: bus 1.20, then the community bus of 1.00 costs 0.00."""
    suzhou = shipped("suzhou")
    assert device_prices(suzhou, bus("08:00"), bus("08:30", 700)) == [120, 0]


def test_suzhou_chain_without_end() -> None:
    """Rule of the same page: the window counts from the ride before, without end; rail 7:00, bus 8:00, tram 9:00, all reduced."""
    suzhou = shipped("suzhou")
    rides = [
        metro(at("06:40"), at("07:00"), "6"),
        bus("08:00", 2),
        bus("09:00", TRAM),
        bus("10:30", 3),
        bus("12:00", 3),
    ]
    assert device_prices(suzhou, *rides) == rated_prices(suzhou, rides) == [190, 0, 0, 0, 120]


def test_wuxi_f6() -> None:
    """Printed (bbbaike.com/news/jiaodian/140704.html): 7:00 bus 1.20; 8:00 in, 8:50 out metro of 4.00 1.90; 10:20 bus 0.00."""
    wuxi = shipped("wuxi")
    rides = [bus("07:00"), metro(at("08:00"), at("08:50"), "15"), bus("10:20")]
    assert device_prices(wuxi, *rides) == rated_prices(wuxi, rides) == [120, 190, 0]


def test_nanjing_f8() -> None:
    """Printed total (g.bm.manmankan.com/nanjing/202304/11260.shtml): bus, bus, metro 1.60 + 0.00 + 0.90 = 2.50."""
    nanjing = shipped("nanjing")
    rides = [bus("08:00"), bus("08:20", 2), metro(at("08:50"), at("09:10"))]
    prices = device_prices(nanjing, *rides)
    assert prices == rated_prices(nanjing, rides) == [160, 0, 90]
    assert sum(prices) == 250


def test_nanjing_window_counts_from_the_first_ride() -> None:
    """Derived from the same page, "首次刷卡计时": the third ride is 100 minutes after the first and 40 after the second."""
    rides = [bus("08:00"), bus("09:00", 2), bus("09:40", 3), bus("10:00", 4)]
    assert device_prices(shipped("nanjing"), *rides) == rated_prices(shipped("nanjing"), rides) == [160, 0, 160, 0]


@pytest.mark.parametrize(
    ("so_far", "price_minor"),
    [(0, 190), (15_000, 190), (15_001, 180), (20_000, 180), (20_001, 160), (30_000, 160), (30_001, 190)],
)
def test_nanjing_metro_bands(so_far: int, price_minor: int) -> None:
    """Rule of xqloan.com/resources/63620.html: 0.95 up to 150 in the month, then 0.90, above 200 0.80, above 300 again 0.95."""
    nanjing, history = shipped("nanjing"), History()
    carry(nanjing, Carried("metro_month", at("12:00"), so_far), history)
    assert rated_prices(nanjing, [metro(at("12:00"), at("12:20"))], history) == [price_minor]
    april = at("12:00", day=32)
    assert rated_prices(nanjing, [metro(april, april)], history) == [190], "each month begins anew"


def test_zhenjiang_every_second_ride() -> None:
    """Rule of hbzqbyyxgs.com/goomai/305808.html: the second tap within 30 minutes is 0.50 less, the third begins anew."""
    zhenjiang = shipped("zhenjiang")
    for card_class in (0x41, 0x47):
        rides = [Ride(1 + index % 2, card_class, at(f"08:{10 * index:02}")) for index in range(4)]
        assert device_prices(zhenjiang, *rides) == rated_prices(zhenjiang, rides) == [100, 50, 100, 50]


@pytest.mark.parametrize(("card_class", "price_minor"), [(0x41, 100), (0x47, 100), (0x44, 40), (0x4B, 50), (0x4C, 0)])
def test_zhenjiang_classes(card_class: int, price_minor: int) -> None:
    """Same page: A and G half, D (student) a fifth, K a quarter, L free; a custom route has no discount and no transfer."""
    zhenjiang = shipped("zhenjiang")
    assert device_prices(zhenjiang, bus("08:00", 1, card_class), bus("08:10", 900, card_class)) == [price_minor, 500]


def test_zhenjiang_1200_rides_a_year() -> None:
    """Same page: a G card pays for 1,200 rides of a calendar year; further ones are free until the year ends."""
    rides = [
        Ride(1, 0x47, datetime(2026, 1, 1, 6, tzinfo=BEIJING) + index * timedelta(hours=6)) for index in range(1500)
    ]
    prices = rated_prices(shipped("zhenjiang"), rides)
    of_year = sum(1 for ride in rides if ride.at.year == 2026)
    assert of_year > 1200
    assert prices[:1200] == [100] * 1200
    assert prices[1200:of_year] == [0] * (of_year - 1200)
    assert prices[of_year:] == [100] * (1500 - of_year)


def test_zhenjiang_free_for_life() -> None:
    """Same page: 40 years with 365 taps each make a G card free; the year that is not over yet does not count."""
    zhenjiang, history = shipped("zhenjiang"), History()
    carry(zhenjiang, Carried("forty_years", at("08:00"), 39), history)
    year = [Ride(1, 0x47, datetime(2026, 1, 1, 8, tzinfo=BEIJING) + day * timedelta(days=1)) for day in range(365)]
    assert rated_prices(zhenjiang, year, history) == [100] * 365
    assert rated_prices(zhenjiang, [Ride(1, 0x47, datetime(2027, 1, 1, 8, tzinfo=BEIJING))], history) == [0]


@pytest.mark.parametrize(("card_class", "price_minor"), [(1, 180), (6, 180), (2, 100), (5, 100), (3, 0), (4, 0)])
def test_yangzhong(card_class: int, price_minor: int) -> None:
    """Rule of shadafang.com/a/202312/5578681.html: adult and Jiangsu card 0.9, student and 60-69 0.5, 70 and care free."""
    assert device_prices(shipped("yangzhong"), bus("08:00", 1, card_class)) == [price_minor]


@pytest.mark.parametrize(
    ("name", "full_minor"),
    [
        ("wuxi", {"0": 200, "5": 200, "5.000001": 300, "10": 300, "10.1": 400, "15": 400, "15.1": 500, "22": 500}),
        ("wuxi", {"22.1": 600, "29": 600, "29.1": 700, "38": 700, "38.1": 800}),
        ("suzhou", {"6": 200, "6.1": 300, "11": 300, "11.1": 400, "16": 400, "16.1": 500, "23": 500, "23.1": 600}),
        ("suzhou", {"30": 600, "30.1": 700, "39": 700, "39.1": 800}),
    ],
)
def test_distance_fares(name: str, full_minor: dict[str, int]) -> None:
    """Rules of xiaoyuanlian.cn/trip/125235.html (Wuxi) and tus8.com/szditiedongtai/shenzhenditie_37331.html (Suzhou): at every boundary."""
    tariff = shipped(name)
    found = {km: price(tariff, metro(at("08:00"), at("09:00"), km)).base for km in full_minor}
    assert found == full_minor


def test_suzhou_too_long_inside() -> None:
    """Rule of the same Suzhou page: more than 120 minutes inside cost the top fare, whatever the way; so does a lost exit."""
    suzhou = shipped("suzhou")
    assert price(suzhou, metro(at("08:00"), at("10:00"), "5")).base == 200
    assert price(suzhou, metro(at("08:00"), at("10:00:01"), "5")).base == 1000
    assert price(suzhou, Ride(METRO, ADULT, at("08:00"))).quote.minor == 950


SEOUL: Final[dict[str, Any]] = {
    "lines": {"1-9": {"mode": "bus", "fare": {"flat": "1250"}}},
    "transfers": [
        {
            "name": "discounted",
            "minutes": 30,
            "minutes_when": [{"when": {"hours": {"from": "21:00", "until": "07:00"}}, "minutes": 60}],
            "most_a_day": 4,
            "pays": "0",
        }
    ],
}


def test_seoul_four_transfers_a_day() -> None:
    """Rule of t-money.co.kr/ncs/pct/ugd/ReadFrgnGd.dev: at most 4 discounted transfers a day, not on the same line; amounts made up."""
    seoul = city("KRW", **SEOUL)
    rides = [Ride(1 + index, ADULT, at(f"{9 + index // 4:02}:{index % 4 * 15:02}")) for index in range(7)]
    assert rated_prices(seoul, rides) == [1250, 0, 0, 0, 0, 1250, 1250]
    assert device_prices(seoul, *rides) == [1250] * 7, (
        "a card does not carry the count, so a device takes the full price"
    )
    tomorrow = Ride(1, ADULT, at("08:00", 3)), Ride(2, ADULT, at("08:30", 3))
    assert rated_prices(seoul, [*rides, *tomorrow])[-2:] == [1250, 0]
    assert rated_prices(seoul, [Ride(1, ADULT, at("09:00")), Ride(1, ADULT, at("09:05"))]) == [1250, 1250]


@pytest.mark.parametrize(
    ("first", "later", "is_transfer"),
    [
        (at("20:59:59"), at("21:29:59"), True),
        (at("20:59:59"), at("21:30"), False),
        (at("21:00"), at("22:00"), True),
        (at("21:00"), at("22:00:01"), False),
        (at("06:59:59"), at("07:59:59"), True),
        (at("07:00"), at("07:30"), True),
        (at("07:00"), at("07:30:01"), False),
    ],
)
def test_seoul_windows(first: datetime, later: datetime, *, is_transfer: bool) -> None:
    """Same page: 30 minutes, and 60 for a ride from 21:00 to 07:00; the last second counts."""
    assert rated_prices(city("KRW", **SEOUL), [Ride(1, ADULT, first), Ride(2, ADULT, later)])[1] == (
        0 if is_transfer else 1250
    )


def test_a_currency_without_smaller_unit() -> None:
    """A won is a won: a discount is settled to the whole won."""
    tariff = city("KRW", **SEOUL, concessions=[{"pays": "0.9999"}])
    assert price(tariff, Ride(1, ADULT, at("08:00"))).quote.minor == 1250
    tariff = city("KRW", **SEOUL, concessions=[{"pays": "0.9995"}])
    assert price(tariff, Ride(1, ADULT, at("08:00"))).quote.minor == 1249
