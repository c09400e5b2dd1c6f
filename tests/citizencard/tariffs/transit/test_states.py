"""What is remembered about a card: stored and read again it is the same, and it does not grow."""

import json
from datetime import timedelta

from citizencard.tariffs.transit.entitlements import PassSale, sell_pass
from citizencard.tariffs.transit.pricing import Ride
from citizencard.tariffs.transit.states import MAX_PERIODS, MAX_RULES, History
from tests.citizencard.tariffs.transit.make_rides import ADULT, at, city, rated_prices


def test_state_is_plain_data() -> None:
    """A day's close stores a card's state as JSON and goes on from it the next day."""
    tariff = city(
        transfers=[{"minutes": 30, "costs": "0"}],
        caps=[{"name": "day", "period": "day", "most": "5.00"}],
        passes={"one": {"period": "day", "price": "1.00", "rides": 3}, "all": {"period": "day", "price": "1.00"}},
    )
    history = History()
    for name in ("one", "all"):
        sell_pass(tariff, PassSale(name, ADULT, at("07:00")), history)
    assert rated_prices(tariff, [Ride(1, ADULT, at("08:00")), Ride(2, ADULT, at("08:10"))], history) == [0, 0]
    stored = json.dumps(history.as_data())
    assert History.of_data(json.loads(stored)) == history
    assert History.of_data(json.loads(json.dumps(History().as_data()))) == History()


def test_a_copy_of_its_own() -> None:
    """What was stored does not change with the state that goes on."""
    history = History()
    history.put("caps.day", "2026-03-02", 1)
    stored = history.as_data()
    history.put("caps.day", "2026-03-02", 2)
    assert stored["totals"] == {"caps.day": {"2026-03-02": 1}}


def test_state_does_not_grow() -> None:
    """A card that rides for years, under ever new rules, needs no more room."""
    tariff = city(caps=[{"name": "day", "period": "day", "most": "5.00"}])
    history = History()
    rated_prices(tariff, [Ride(1, ADULT, at("08:00") + timedelta(days=day)) for day in range(40)], history)
    assert len(history.totals["caps.day"]) == MAX_PERIODS
    assert max(history.totals["caps.day"]) == "2026-04-10"
    for number in range(MAX_RULES + 9):
        history.put(f"caps.{number}", f"2026-05-{1 + number % 30:02}", number)
        history.put_pass(f"pass-{number}", f"2026-05-{1 + number % 30:02}", None)
        history.put_years(f"lifetime.{number}", 1)
    assert (len(history.totals), len(history.passes), len(history.years)) == (MAX_RULES, MAX_RULES, MAX_RULES)
    assert "caps.day" not in history.totals, "the rule that was longest unused goes first"
    for day in range(40):
        history.put_pass("pass-500", f"2027-{1 + day // 28:02}-{1 + day % 28:02}", day)
    assert len(history.passes["pass-500"]) == MAX_PERIODS
