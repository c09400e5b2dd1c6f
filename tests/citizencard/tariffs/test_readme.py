"""The guide by which people write tariffs: every piece that they copy from it is one that the validator takes and the engine prices so."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from citizencard.tariffs.checks import schema
from citizencard.tariffs.document import check, read
from citizencard.tariffs.events.pricing import price_events
from citizencard.tariffs.events.reading import read_events
from citizencard.tariffs.sentences import TEXTS

TEXT = (Path(__file__).parents[3] / "citizencard" / "tariffs" / "README.md").read_text()
BLOCKS: list[dict[str, Any]] = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]
COOKBOOK = TEXT[TEXT.index("## 2.") : TEXT.index("## 3.")]
PIECES: list[str] = re.findall(r"`(\{.*?\})`", COOKBOOK)
HEAD = {
    "format": 2,
    "name": "A city",
    "version": 1,
    "effective_from": "2026-01-01T00:00:00+08:00",
    "currency": "CNY",
    "source": {"page": "a page", "grade": "A", "date": "2026"},
}
RIDES: dict[str, Any] = {
    "classes": {f"{byte:02X}": {"name": f"class{byte}"} for byte in range(1, 5)},
    "modes": {"bus": {}, "metro": {}, "bike": {}},
    "lines": {"30000": {"mode": "bus", "operator": "company_a", "fare": {"flat": "2.00"}}},
}


def pairs() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each document with the events that follow it."""
    return [(document, events) for document, events in zip(BLOCKS[::2], BLOCKS[1::2], strict=True)]


@pytest.mark.parametrize("index", range(len(BLOCKS) // 2))
def test_examples_of_the_page_cost_what_it_says(index: int) -> None:
    """Whoever saves an example and runs the command beside it sees what the page says."""
    document, events = pairs()[index]
    assert check(document) == []
    tariff = read(document)
    outcomes = price_events(tariff, read_events(events, tariff.money))
    assert [(one.event.number, one.quote, str(one.refusal), one.expected) for one in outcomes if not one.is_good] == []
    assert all("expect" in one.event.fields for one in outcomes if one.event.kind != "carry")


@pytest.mark.parametrize("text", PIECES, ids=range(len(PIECES)))
def test_pieces_of_the_page_can_be_copied(text: str) -> None:
    """Each line of the cookbook stands in a tariff as it is; 50 of them at the least."""
    assert len(PIECES) >= 50
    piece = json.loads(text)
    document: dict[str, Any] = {**HEAD} if "currency" in piece else {**HEAD, "transit": RIDES}
    for name, entry in piece.items():
        if name in schema()["properties"]:
            document[name] = entry
        else:
            rides = document["transit"]
            document["transit"] = {
                **rides,
                name: {**rides.get(name, {}), **entry} if isinstance(entry, dict) else entry,
            }
    assert [str(fault) for fault in check(document)] == []
    read(document)


def test_the_page_names_every_field() -> None:
    """Nothing can be written that the page does not explain."""
    fields: set[str] = set()

    def gather(form: object) -> None:
        if isinstance(form, dict):
            properties = form.get("properties")
            fields.update(properties if isinstance(properties, dict) else ())
            for below in form.values():
                gather(below)
        elif isinstance(form, list):
            for below in form:
                gather(below)

    gather(schema())
    reference = TEXT[TEXT.index("## 4.") : TEXT.index("## 5.")]
    assert {field for field in fields if f"`{field}`" not in reference} - {"months"} == set()
    gather(schema("events"))
    assert {field for field in fields if f"`{field}`" not in TEXT} - {"months", "events"} == set()


def test_the_page_names_every_line_of_an_explanation() -> None:
    """Whoever reads the data of an explanation finds its words on the page."""
    explained = TEXT[TEXT.index("## 6.") : TEXT.index("## 7.")]
    kinds = {what.partition(".")[0] for texts in TEXTS.values() for what in texts}
    assert {kind for kind in kinds if f"`{kind}`" not in explained} == set()


def prices(parts: dict[str, Any], events: list[dict[str, Any]]) -> list[str]:
    """What events of 27 and 28 February 2026, Friday and Saturday, cost in a city with these parts."""
    document = {**HEAD, **parts}
    assert [str(fault) for fault in check(document)] == []
    tariff = read(document)
    outcomes = price_events(tariff, read_events(events, tariff.money))
    return [str(one.refusal) if one.quote is None else tariff.money.text(one.quote.minor) for one in outcomes]


def ride(clock: str, **fields: object) -> dict[str, Any]:
    """A ride of an adult on line 7."""
    return {"kind": "ride", "class": "01", "line": 7, "at": f"2026-02-{clock}:00+08:00", **fields}


def rides(**rules: object) -> dict[str, Any]:
    """A city of one bus line."""
    lines = {"7": {"mode": "bus", "fare": {"flat": "2.00"}}}
    return {"transit": {"classes": {"01": {"name": "adult"}}, "modes": {"bus": {}}, "lines": lines, **rules}}


def test_what_the_page_says_about_passes_and_counts() -> None:
    """A free ride uses up no pass ride, all rides are counted, the price of a pass is under no cap, two passes add up."""
    free = {"when": {"hours": {"from": "10:00", "until": "11:00"}}, "pays": "0"}
    one = {"one": {"period": "month", "price": "1.50", "rides": 1}}
    bought = {"kind": "pass", "class": "01", "pass": "one", "at": "2026-02-27T07:00:00+08:00"}
    seen = prices(rides(concessions=[free], passes=one), [bought, ride("27T10:00"), ride("27T12:00"), ride("27T13:00")])
    assert seen == ["1.50", "0.00", "0.00", "2.00"]
    seen = prices(rides(passes=one), [bought, bought, ride("27T12:00"), ride("27T13:00"), ride("27T14:00")])
    assert seen == ["1.50", "1.50", "0.00", "0.00", "2.00"]
    count = {"name": "third", "period": "month", "after": 2, "pays": "0.5"}
    seen = prices(
        rides(concessions=[free], passes=one, ride_counts=[count]),
        [bought, ride("27T10:00"), ride("27T12:00"), ride("27T13:00")],
    )
    assert seen[-1] == "1.00"
    cap = {"name": "daily", "period": "day", "most": "3.00"}
    seen = prices(rides(passes=one, caps=[cap]), [bought, *(ride(f"27T{hour}:00") for hour in (12, 13, 14))])
    assert seen == ["1.50", "0.00", "2.00", "1.00"]


def test_what_the_page_says_about_hours_and_ceilings() -> None:
    """Hours and days follow the calendar though the operating day begins at 04:00; `top` is no ceiling, `most` is one."""
    saturday = {"when": {"days": ["sat"]}, "pays": "0.5"}
    cap = {"name": "daily", "period": "day", "most": "2.50"}
    city = rides(day_starts="04:00", concessions=[saturday], caps=[cap])
    assert prices(city, [ride("27T23:00"), ride("28T02:00"), ride("28T05:00")]) == ["2.00", "0.50", "1.00"]
    distance = {"first_km": "6", "first": "2.00", "then": [{"each_km": "5", "adds": "1.00"}]}
    city = rides(lines={"7": {"mode": "bus", "fare": {"distance": distance, "top": "9.00"}}})
    far = ride("27T08:00", exit_at="2026-02-27T09:00:00+08:00", km="60")
    assert prices(city, [far]) == ["13.00"]
    city["transit"]["lines"]["7"]["fare"]["most"] = "9.00"
    assert prices(city, [far, {**far, "km": "11"}]) == ["9.00", "3.00"]


def test_what_the_page_says_about_halves() -> None:
    """Half of what is left, half of the full fare and then the discount, half of the full fare whatever the discount."""
    other = {"8": {"mode": "bus", "fare": {"flat": "2.00"}}}
    for rule, price in (
        ({"pays": "0.5"}, "0.90"),
        ({"pays": "0.5", "order": "reduce_then_discount"}, "0.90"),
        ({"costs": "1.00"}, "1.00"),
    ):
        city = rides(concessions=[{"pays": "0.9"}], transfers=[{"minutes": 60, **rule}])
        city["transit"]["lines"] |= other
        assert prices(city, [ride("27T08:00"), ride("27T08:30", line=8)]) == ["1.80", price]


def test_what_the_page_says_about_bills_and_late_days() -> None:
    """Free units are the cheapest ones and none of the add-on's; a bill over New Year is the new year's; day 1 follows the grace."""
    tiers = {"per": "month", "steps": [{"up_to": "20", "price": "1.00"}, {"price": "2.00"}]}
    free = [{"name": "allowance", "units": "10"}]
    water = {
        "title": "Water",
        "unit": "t",
        "tiers": tiers,
        "free_units": free,
        "add_ons": [{"name": "sewage", "price": "0.50"}],
    }
    month = {"kind": "bill", "utility": "water", "from": "2026-02-01", "to": "2026-02-28", "units": "30"}
    assert prices({"utilities": {"water": water}}, [month]) == ["45.00"]
    year = {"per": "year", "steps": [{"up_to": "100", "price": "1.00"}, {"price": "2.00"}]}
    bills: list[dict[str, Any]] = [
        {"kind": "bill", "utility": "power", "from": first, "to": last, "units": units}
        for first, last, units in (
            ("2025-11-15", "2025-12-14", "100"),
            ("2025-12-15", "2026-01-14", "100"),
            ("2026-01-15", "2026-02-14", "1"),
        )
    ]
    power = {"title": "Power", "unit": "kWh", "tiers": year}
    assert prices({"utilities": {"power": power}}, bills) == ["100.00", "100.00", "2.00"]
    home = {"title": "Homes", "of": "balance", "grace_days": 2, "per_day": [{"share": "0.01"}]}
    late = {"kind": "late", "rule": "home", "bill": "100.00", "due_on": "2026-02-01"}
    paid = [{"on": "2026-02-05", "amount": "50.00"}]
    events: list[dict[str, Any]] = [
        {**late, "on": "2026-02-03"},
        {**late, "on": "2026-02-04"},
        {**late, "on": "2026-02-06", "payments": paid},
    ]
    assert prices({"late_fees": {"home": home}}, events) == ["0.00", "1.00", "2.50"]
