"""Parking prices: the printed example, the published table, and what must hold for every rule."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizencard.clock import BEIJING
from citizencard.tariffs.document import check, read
from citizencard.tariffs.errors import StayInvalid
from citizencard.tariffs.parking import MAX_STAY, ParkingPart, ParkingRule, quote, read_rule
from tests.citizencard.tariffs.make_tariffs import published

EIGHT = datetime(2026, 11, 21, 8, 0, tzinfo=BEIJING)
LOT = "east_street"
RULE: dict[str, Any] = published(2)["parking"][LOT]


def rule(**changes: object) -> ParkingRule:
    return read_rule(RULE | changes)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


# Source: Taicang's development and reform commission answering a resident (67 minutes: 7 yuan); the others follow from its rule.
@pytest.mark.parametrize(
    ("stay", "fen"),
    [(0, 0), (30, 0), (31, 500), (60, 500), (61, 700), (67, 700), (90, 700), (91, 900), (600, 4000)],
)
def test_taicang(stay: int, fen: int) -> None:
    """A driver pays in the street what the city has printed."""
    assert quote(rule(), EIGHT, EIGHT + minutes(stay)).fen == fen


@pytest.mark.parametrize(
    ("entered", "left", "fen"),
    [
        ((21, 20, 40), (21, 21, 20), 500),
        ((21, 20, 40), (21, 21, 10), 0),
        ((21, 21, 0), (22, 7, 0), 0),
        ((21, 21, 0), (22, 7, 1), 500),
        ((21, 6, 30), (21, 7, 0), 0),
        ((21, 8, 0), (22, 8, 0), 4000),
        ((21, 8, 0), (22, 8, 31), 4500),
        ((21, 12, 0), (21, 12, 30), 0),
    ],
)
def test_only_charged_hours_count(entered: tuple[int, int, int], left: tuple[int, int, int], fen: int) -> None:
    """Minutes of the night cost nothing, and each 24 hours from the entry have their own cap."""
    began, ended = (EIGHT.replace(day=day, hour=hour, minute=minute) for day, hour, minute in (entered, left))
    assert quote(rule(), began, ended).fen == fen


def test_begun_minutes_do_not_count() -> None:
    """A second more than half an hour is still free; the thirty-first minute is not."""
    assert quote(rule(), EIGHT, EIGHT + timedelta(minutes=30, seconds=59)).fen == 0
    assert quote(rule(), EIGHT, EIGHT + minutes(31)).fen == 500


def test_price_explains_itself() -> None:
    """The driver sees what the price is made of."""
    price = quote(rule(), EIGHT, EIGHT + minutes(67))
    assert price.parts == (ParkingPart("first", 60, 500), ParkingPart("steps", 7, 200))
    assert (price.minutes, price.charged_minutes, price.capped) == (67, 67, False)
    assert quote(rule(), EIGHT, EIGHT + minutes(12)).parts == (ParkingPart("free", 12, 0),)
    long = quote(rule(), EIGHT, EIGHT + minutes(600))
    assert long.parts[-1] == ParkingPart("over_cap", 0, -100)
    assert long.capped
    evening = quote(rule(), EIGHT.replace(hour=20, minute=40), EIGHT.replace(hour=21, minute=20))
    assert evening.parts == (ParkingPart("uncharged", 20, 0), ParkingPart("first", 20, 500))


def test_no_cap_no_hours() -> None:
    """A lot that charges day and night without a cap."""
    always = rule(cap=None, charged=None)
    assert quote(always, EIGHT, EIGHT + timedelta(days=2)).fen == 500 + 94 * 200


def test_impossible_stays() -> None:
    """Nobody pays for a stay that ends before it begins, and no request makes the server reckon for ever."""
    for left_at in (EIGHT - timedelta(seconds=1), EIGHT + MAX_STAY + timedelta(seconds=1)):
        with pytest.raises(StayInvalid):
            quote(rule(), EIGHT, left_at)
    assert quote(rule(), EIGHT, EIGHT + MAX_STAY).fen == 3660 * 4000


FENS = st.integers(0, 2_000)
BLOCKS: st.SearchStrategy[dict[str, Any]] = st.builds(dict, minutes=st.integers(1, 200), fen=FENS)


@st.composite
def rules(draw: st.DrawFn) -> ParkingRule:
    """Any rule that the document may hold."""
    first = draw(BLOCKS)
    cap: dict[str, Any] | None = draw(
        st.none() | st.builds(dict, hours=st.integers(1, 48), fen=st.integers(first["fen"], 8_000))
    )
    hours = draw(st.lists(st.integers(0, 24), min_size=2, max_size=2, unique=True).map(sorted))
    charged = draw(st.none() | st.just({"from": f"{hours[0]:02}:00", "until": f"{hours[1]:02}:00"}))
    made = RULE | {"free_minutes": draw(st.integers(0, 120)), "first": first, "step": draw(BLOCKS)}
    made |= {"cap": cap, "charged": charged}
    assert check(published(0) | {"parking": {LOT: made}}) == []
    return read_rule(made)


INSTANTS = st.integers(0, 2 * 86_400).map(lambda second: EIGHT + timedelta(seconds=second))
SECONDS = st.integers(0, 5 * 86_400).map(lambda second: timedelta(seconds=second))


@given(one=rules(), entered_at=INSTANTS, shorter=SECONDS, longer=SECONDS)
def test_who_stays_longer_never_pays_less(
    one: ParkingRule, entered_at: datetime, shorter: timedelta, longer: timedelta
) -> None:
    """Waiting at the gate never makes it cheaper, and a quote is the bill of the same instant."""
    shorter, longer = sorted((shorter, longer))
    first, second = quote(one, entered_at, entered_at + shorter), quote(one, entered_at, entered_at + longer)
    assert first.fen <= second.fen
    assert quote(one, entered_at, entered_at + shorter) == first


@given(one=rules(), entered_at=INSTANTS, stay=SECONDS)
def test_never_above_the_cap(one: ParkingRule, entered_at: datetime, stay: timedelta) -> None:
    """No begun period of the cap costs more than the cap, and the parts are the price."""
    price = quote(one, entered_at, entered_at + stay)
    assert sum(part.fen for part in price.parts) == price.fen >= 0
    assert sum(part.minutes for part in price.parts) == price.minutes
    if one.cap is not None:
        periods = -(-stay // timedelta(hours=one.cap.hours))
        assert price.fen <= periods * one.cap.fen


@given(entered_at=INSTANTS, first=SECONDS, second=SECONDS)
def test_zone_of_the_clock_does_not_matter(entered_at: datetime, first: timedelta, second: timedelta) -> None:
    """In whatever zone the instants are written, the price is the same."""
    left_at = entered_at + first + second
    other = entered_at.astimezone(UTC)
    assert quote(rule(), entered_at, left_at) == quote(rule(), other, left_at)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"free_minutes": -1}, "free_minutes"),
        ({"free_minutes": True}, "free_minutes"),
        ({"name": ""}, "name"),
        ({"source": None}, "source"),
        ({"first": {"minutes": 0, "fen": 500}}, "first.minutes"),
        ({"first": 500}, "first"),
        ({"step": {"minutes": 30}}, "step.fen"),
        ({"step": {"minutes": 30, "fen": 2.5}}, "step.fen"),
        ({"cap": {"hours": 169, "fen": 4000}}, "cap.hours"),
        ({"cap": {"hours": 24, "fen": 499}}, "cap.fen"),
        ({"cap": "none"}, "cap"),
        ({"charged": {"from": "7:00", "until": "21:00"}}, "charged.from"),
        ({"charged": {"from": "21:00", "until": "07:00"}}, "charged.until"),
        ({"charged": {"from": "07:00", "until": "24:01"}}, "charged.until"),
        ({"charged": {"from": "07:00", "until": "21:00", "days": 5}}, "charged.days"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_each_mistake_has_its_place(change: dict[str, object], place: str) -> None:
    """No wrong value slips into a price."""
    document = published(0) | {"parking": {LOT: RULE | change}}
    assert [fault.place for fault in check(document)] == [f"parking.{LOT}.{place}"]


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ({"a:b": RULE}, "parking.a:b"),
        ({"": RULE}, "parking."),
        ({LOT: None}, f"parking.{LOT}"),
        ([], "parking"),
        (None, "parking"),
        ({str(number): RULE for number in range(501)}, "parking"),
    ],
)
def test_part_is_rules_by_lot(part: object, place: str) -> None:
    """A lot has a name that a gate can be assigned to."""
    assert [fault.place for fault in check(published(0) | {"parking": part})] == [place]


def test_document_is_read_whole() -> None:
    """What two people agree on is what lots are priced by."""
    assert read(published(0) | published(2)).parking == {LOT: rule()}
    assert read(published(0)).parking == {}
