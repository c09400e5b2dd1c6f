"""Events from files: each priced in its order, each mistake told with number, field and reason, none in the way of the others."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.document import read
from citizencard.tariffs.errors import EventInvalid
from citizencard.tariffs.events.pricing import Outcome, price_events, total
from citizencard.tariffs.events.reading import read_events
from tests.citizencard.tariffs.every_line import DOCUMENT, EVENTS, bill, priced, ride, stay

CNY = Money("CNY", 2)
TARIFF = read(DOCUMENT)


def outcomes(*events: dict[str, Any]) -> list[Outcome]:
    return price_events(TARIFF, read_events(list(events), CNY))


def prices(*events: dict[str, Any]) -> list[str]:
    return [CNY.text(one.quote.minor) if one.quote else str(one.refusal) for one in outcomes(*events)]


def test_every_kind_of_event_costs_what_is_expected() -> None:
    """Rides, passes, stays, permits, taxis, fuel, bills and late fees of a whole city."""
    _, found = priced()
    assert [one for one in found if not one.is_good] == []
    assert {one.event.kind for one in found} == {
        "ride", "pass", "carry", "stay", "permit", "taxi", "fuel", "bill", "late",
    }  # fmt: skip
    minor, sponsors = total(found)
    assert minor == sum(one.quote.minor for one in found if one.quote)
    assert set(sponsors) == {"city"}


def test_rides_are_priced_in_the_order_of_their_times() -> None:
    """A file may name the later ride first; cards do not know of each other."""
    assert prices(ride("a", "01", 2, "08:30:00"), ride("a", "01", 1, "08:00:00"), ride("b", "01", 1, "08:40:00")) == [
        "0.80",
        "1.80",
        "1.80",
    ]
    assert prices(
        {key: value for key, value in ride("x", "01", 1, "08:00:00").items() if key != "card"},
        {key: value for key, value in ride("x", "01", 2, "08:30:00").items() if key != "card"},
    ) == ["1.80", "0.80"]


def test_a_tier_runs_on_over_the_bills_of_a_household() -> None:
    """What the year has used up is used up; another household, another year and a price by the month begin anew."""
    tariff = read(
        {
            **{key: DOCUMENT[key] for key in ("format", "name", "version", "effective_from", "currency", "source")},
            "utilities": {
                "power": {
                    "title": "Power",
                    "unit": "kWh",
                    "tiers": {"per": "year", "steps": [{"up_to": "100", "price": "0.50"}, {"price": "1.00"}]},
                }
            },
        }
    )

    def power(account: str, first: str, last: str, **fields: object) -> dict[str, Any]:
        return {"kind": "bill", "utility": "power", "account": account, "from": first, "to": last, **fields}

    events = [
        power("a", "2026-01-01", "2026-01-31", units="90"),
        power("a", "2026-02-01", "2026-02-28", units="20"),
        power("b", "2026-02-01", "2026-02-28", units="20"),
        power("a", "2027-01-01", "2027-01-31", units="20"),
        power("a", "2026-03-01", "2026-03-31", units="20", units_before="95"),
        power("a", "2026-04-01", "2026-04-30", units="1"),
    ]
    found = price_events(tariff, read_events(events, CNY))
    assert [one.quote.minor for one in found if one.quote] == [4500, 1500, 1000, 1000, 1750, 100]


@pytest.mark.parametrize(
    ("event", "place"),
    [
        (ride("a", "01", 77, "08:00:00"), "transit.lines.77"),
        (ride("a", "0F", 1, "08:00:00"), "transit.classes.0F"),
        (ride("a", "01", 13, "08:00:00"), "transit.lines.13.fare.top"),
        (stay("nowhere", "08:00:00", "02T09:00:00"), "parking.nowhere"),
        ({"kind": "permit", "lot": "steps", "permit": "year"}, "parking.steps.permits.year"),
        ({"kind": "taxi", "fleet": "red", "at": "2026-03-02T08:00:00Z", "km": "1"}, "taxi.red"),
        ({**EVENTS[-1], "rule": "office"}, "late_fees.office"),
        (bill("gaz", units="1"), "utilities.gaz"),
        (
            {"kind": "fuel", "station": "east", "product": "95", "litres": "1", "at": "2026-03-02T08:00:00Z"},
            "fuel.east.products.95",
        ),
        ({"kind": "pass", "class": "04", "pass": "year", "at": "2026-03-02T08:00:00Z"}, "transit.passes.year"),
    ],
)
def test_a_missing_rule_is_named_and_stops_nobody(event: dict[str, Any], place: str) -> None:
    """Whoever writes the tariff learns which rule is missing; the events around it have their prices."""
    first, failed, last = outcomes(ride("z", "01", 1, "08:00:00"), event, bill("water", units="1"))
    assert failed.refusal is not None
    assert failed.refusal.public_fields() == {"place": place}
    assert failed.refusal.code == "rule_missing"
    assert first.is_good
    assert last.is_good
    assert failed.as_data(CNY)["error"]["place"] == place


@pytest.mark.parametrize(
    ("event", "field", "words"),
    [
        ({"kind": "walk"}, "kind", "must be one of ride, pass"),
        ("ride", "", "must be an object"),
        ({}, "kind", "is missing"),
        ({"kind": "ride", "class": "01", "line": 1}, "at", "is missing"),
        ({**ride("a", "01", 1, "08:00:00"), "km": 5}, "km", "must be a quantity as text"),
        ({**ride("a", "01", 1, "08:00:00"), "at": "2026-02-30T08:00:00+08:00"}, "at", "must be a time that exists"),
        ({**ride("a", "01", 1, "08:00:00"), "exit": 1}, "exit", "is not known here; exit_at is"),
        ({**ride("a", "01", 1, "08:00:00"), "expect": "1.005"}, "expect", "must have at most 2 decimals"),
        ({**ride("a", "01", 1, "08:00:00"), "persons": 7}, "persons", ""),
        ({**stay("steps", "08:00:00", "02T07:00:00")}, "left_at", "ends after it began"),
        (
            {"kind": "carry", "at": "2026-03-02T08:00:00Z", "rides": {"often": 1, "metro_month": 2}},
            "rides",
            "metro_month",
        ),
        ({**bill("water")}, "units", ""),
        ({**bill("water", units="1"), "to": "2026-02-01"}, "to", ""),
        ({**EVENTS[-1], "bill": "0.00"}, "bill", ""),
    ],
)
def test_a_wrong_event_is_told_by_field_and_reason(event: Any, field: str, words: str) -> None:
    """A mistake in line 2 of a file is that line's alone."""
    first, failed, last = outcomes(ride("z", "01", 1, "08:00:00"), event, bill("water", units="1"))
    assert failed.event.number == 2
    assert failed.refusal is not None
    assert failed.refusal.public_fields()["field"] == field
    assert words in str(failed.refusal)
    assert not failed.is_good
    assert first.is_good
    assert last.is_good


@pytest.mark.parametrize("document", [None, 5, "x", {}, [], {"events": []}, {"events": {}}, {"events": [], "more": 1}])
def test_what_is_no_list_of_events_is_refused_as_a_whole(document: object) -> None:
    """A tariff given for events, say, is told to be none."""
    with pytest.raises(EventInvalid):
        read_events(document, CNY)


def test_the_bare_list_is_a_file_too() -> None:
    """Both forms mean the same."""
    events = [ride("a", "01", 1, "08:00:00")]
    assert read_events(events, CNY) == read_events({"events": events, "note": "n"}, CNY)


def test_what_is_not_as_expected_is_not_good() -> None:
    """The command ends with 1 for it."""
    wrong, right = outcomes(
        ride("a", "01", 1, "08:00:00", expect="9.99"), ride("b", "01", 1, "08:00:00", expect="1.80")
    )
    assert not wrong.is_good
    assert right.is_good
    data = wrong.as_data(CNY)
    assert (data["price"], data["minor"], data["expect"], data["as_expected"]) == ("1.80", 180, "9.99", False)
    assert data["lines"][0]["what"] == "base"
    assert set(data["sentence"]) == {"zh", "en"}


FIELD = st.sampled_from(sorted({field for event in EVENTS for field in event} - {"kind"}))
VALUE = (
    st.none()
    | st.integers(-5, 10**7)
    | st.text(max_size=5)
    | st.sampled_from(["0", "999999999", "9999999.99", "9999-12-31", "0001-01-01", "01", "a"])
    | st.sampled_from(["9999-12-31T23:59:59-08:00", "0001-01-01T00:00:00Z", "2026-03-02T08:00:00Z"])
    | st.sampled_from([value for event in EVENTS for value in event.values()])
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(EVENTS), st.dictionaries(FIELD, VALUE, min_size=1, max_size=3))
def test_no_event_breaks_the_engine(event: dict[str, Any], changed: dict[str, Any]) -> None:
    """Whatever a file asks for, it is priced or refused in words."""
    (outcome,) = outcomes({**event, **changed})
    json.dumps(outcome.as_data(CNY), ensure_ascii=False)
    assert outcome.event.kind == "carry" or (outcome.quote is None) != (outcome.refusal is None)


def test_a_trait_that_no_rule_asks_for_is_refused() -> None:
    """A misspelt trait would cost the discount without a word; the known ones are named."""
    lots, homes = DOCUMENT["parking"], DOCUMENT["utilities"]
    for lot, rule in lots.items():
        known = {trait for one in rule.get("discounts", ()) for trait in one["traits"]} | rule.get("permits", {}).keys()
        wrong = outcomes(stay(lot, "08:00:00", "02T10:00:00", traits=[*sorted(known), "ecar"]))[0].refusal
        assert isinstance(wrong, EventInvalid)
        assert wrong.fields["field"] == f"traits.{len(known)}"
        assert str(wrong).startswith(f"traits.{len(known)} must be")
        assert all(trait in str(wrong) for trait in known)
    for utility, rule in homes.items():
        known = {trait for one in rule.get("free_units", ()) for trait in one.get("traits", ())}
        wrong = outcomes(bill(utility, units="1", traits=["poor"]))[0].refusal
        assert isinstance(wrong, EventInvalid)
        assert wrong.fields["field"] == "traits.0"
        assert all(trait in str(wrong) for trait in known)


def test_a_note_may_be_empty() -> None:
    """What a clerk writes beside an event never decides whether it has a price; control characters stay out of terminals."""
    assert prices({**ride("a", "01", 1, "08:00:00"), "note": ""}) == ["1.80"]
    assert prices({**ride("a", "01", 1, "08:00:00"), "note": " " * 500}) == ["1.80"]
    for note in ("x" * 501, "\x1b[2J", "a\nb"):
        (refused,) = prices({**ride("a", "01", 1, "08:00:00"), "note": note})
        assert (
            refused == "note must be a text of at most 500 characters, without line breaks and other control characters"
        )


def test_what_comes_behind_an_event_without_a_price_is_marked() -> None:
    """A ride may be no transfer any more, and a bill in another tier, when the one before it is mended."""
    found = outcomes(
        ride("a", "01", 1, "09:00:00"),
        ride("a", "01", 77, "08:00:00"),
        ride("a", "01", 1, "07:00:00"),
        ride("b", "01", 1, "09:00:00"),
        ride("c", "01", 1, "10:00:00"),
        {**ride("c", "01", 1, "08:00:00"), "at": "tomorrow"},
        ride("c", "01", 1, "09:00:00"),
        bill("water", units="x"),
        bill("water", units="1"),
        bill("water", units="1", account="other"),
    )
    behind = {one.event.number: one.after.number for one in found if one.after}
    assert behind == {1: 2, 7: 6, 9: 8}
    assert found[0].as_data(CNY)["after_unpriced"] == 2
    assert "after_unpriced" not in found[3].as_data(CNY)


@pytest.mark.parametrize(
    ("event", "field", "said"),
    [
        ({**bill("water", units="1"), "from": "2026-03-02", "to": "2026-03-01"}, "to", "to must not be before from"),
        ({**ride("a", "01", 1, "08:00:00"), "exit_at": "2026-03-01T07:00:00+08:00"}, "exit_at", "exit_at: a ride ends"),
        (stay("steps", "08:00:00", "01T07:00:00"), "left_at", "left_at: a stay ends"),
    ],
)
def test_what_cannot_be_is_told_by_the_fields_of_the_file(event: dict[str, Any], field: str, said: str) -> None:
    """Whoever reads the sentence finds the field in the file."""
    (one,) = outcomes(event)
    assert one.refusal is not None
    assert one.refusal.public_fields()["field"] == field
    assert str(one.refusal).startswith(said)
    assert "period" not in str(one.refusal.public_fields())
