"""Fares on the device: the published examples, and what has no price."""

from datetime import UTC, datetime, timedelta

import pytest

from hardware.card.bcd import BEIJING
from hardware.terminal.errors import (
    DeviceTableNotInForce,
    RideNotPriced,
    StayNotPriced,
    UnknownCardClass,
    UnknownLine,
)
from hardware.terminal.fares import Anchor, DeviceTable, Ride, price, quote
from hardware.terminal.fares_parking import Stay
from tests.hardware.terminal.published import CONDITIONS, DISTANCE, FLAT

TABLE = DeviceTable.parse(FLAT.table)
METRO = DeviceTable.parse(DISTANCE.table)
MORNING = datetime(2026, 11, 21, 8, tzinfo=BEIJING)


def clock(text: str) -> datetime:
    return datetime.combine(MORNING.date(), datetime.strptime(text, "%H:%M:%S").time(), BEIJING)  # noqa: DTZ007 # zone is given


def anchor(text: str) -> Anchor | None:
    line, _, at = text.partition(", ")
    return Anchor(int(line), clock(at)) if line else None


def test_rides_of_the_first_example_cost_what_the_page_says() -> None:
    """Price, base and what the card carries on, ride by ride; the display says why."""
    assert len(FLAT.rows) == 5
    for row in FLAT.rows:
        at = clock(row["at"])
        fare = price(TABLE, Ride(int(row["line"]), int(row["class"], 16), at, anchor(row["carries"])))
        assert (fare.base_fen, fare.price_fen) == (int(row["base"]), int(row["price"]))
        assert fare.next_anchor == anchor(row["carries on"])
        assert fare.may_fall == ()
    second = price(TABLE, Ride(2, 1, MORNING, Anchor(1, MORNING)))
    assert second.explanation == "line 2 ¥2.00, adult pays 9/10, transfer less ¥1.00: ¥0.80"


def test_rides_of_the_second_example_cost_what_the_page_says() -> None:
    """Metro by km: a begun step counts, too long inside is the top price; the cap of the day is the server's."""
    assert len(DISTANCE.rows) == 4
    for row in DISTANCE.rows:
        exit_at = MORNING + timedelta(minutes=int(row["minutes"]))
        whole, _, part = row["km"].partition(".")
        asked = Ride(1001, 1, MORNING, exit_at=exit_at, distance_mm=int(whole + part.ljust(6, "0")))
        fare = price(METRO, asked)
        assert (fare.base_fen, fare.price_fen) == (int(row["base"]), int(row["price"]))
        assert fare.next_anchor == Anchor(1001, exit_at)
        assert fare.may_fall == ("day_cap",)
        assert fare.explanation.endswith("final at the close of the day")


def test_rides_of_the_third_example_cost_what_the_page_says() -> None:
    """Which hours, days, seasons and dates count, which way, for how many: no vendor has to guess the edges."""
    ferry = DeviceTable.parse(CONDITIONS.table)
    assert len(CONDITIONS.rows) == 17
    for row in CONDITIONS.rows:
        at = datetime.fromisoformat(row["at"]).replace(tzinfo=BEIJING)
        stops = (int(row["from"]), int(row["to"])) if row["from"] else (None, None)
        ride = Ride(9, int(row["class"], 16), at, from_stop=stops[0], to_stop=stops[1], persons=int(row["persons"]))
        if not row["price"]:
            with pytest.raises(RideNotPriced):
                price(ferry, ride)
            continue
        fare = price(ferry, ride)
        assert (fare.base_fen, fare.price_fen) == (int(row["base"]), int(row["price"])), row
        assert ", ".join(fare.may_fall) == row["may fall"]


def test_what_is_not_in_the_table_has_no_price() -> None:
    """A device asks no invented fare: it says what is missing."""
    with pytest.raises(UnknownLine):
        price(TABLE, Ride(3, 1, MORNING))
    with pytest.raises(UnknownCardClass):
        price(TABLE, Ride(1, 2, MORNING))
    with pytest.raises(DeviceTableNotInForce):
        price(TABLE, Ride(1, 1, datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC)))
    with pytest.raises(RideNotPriced, match="exit lies"):
        price(METRO, Ride(1001, 1, MORNING, exit_at=MORNING - timedelta(seconds=1), distance_mm=1))
    with pytest.raises(RideNotPriced, match="1 more"):
        price(TABLE, Ride(1, 1, MORNING, persons=2))
    with pytest.raises(RideNotPriced, match="nobody"):
        price(TABLE, Ride(1, 1, MORNING, persons=0))
    with pytest.raises(StayNotPriced, match="not in the device table"):
        quote(METRO, Stay("yard", MORNING, MORNING))
    with pytest.raises(StayNotPriced, match="32 days"):
        quote(METRO, Stay("street", MORNING, MORNING + timedelta(days=32)))
    with pytest.raises(DeviceTableNotInForce):
        quote(METRO, Stay("street", datetime(2026, 1, 1, tzinfo=UTC), MORNING))
