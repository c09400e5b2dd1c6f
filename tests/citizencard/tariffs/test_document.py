"""The validator: every mistake of a tariff is named with its place, and what has none is read as it stands."""

import json
from copy import deepcopy
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizencard.tariffs.document import check, read
from citizencard.tariffs.errors import TariffInvalid

SHIPPED = Path(__file__).parents[3] / "citizencard" / "tariffs" / "shipped"
HEAD: dict[str, Any] = {
    "format": 2,
    "name": "A city",
    "version": 7,
    "effective_from": "2026-01-01T00:00:00+08:00",
    "currency": "CNY",
    "source": {"page": "a page", "grade": "A", "date": "2026"},
}
TRANSIT: dict[str, Any] = {
    "classes": {"01": {"name": "adult"}},
    "modes": {"bus": {}},
    "lines": {"1-9": {"mode": "bus", "fare": {"flat": "2.00"}}},
    "concessions": [{"name": "card", "pays": "0.9", "when": {"season": {"from": "03-01", "until": "11-30"}}}],
    "transfers": [{"minutes": 60, "less": "1.00"}],
}
WATER: dict[str, Any] = {
    "title": "Water",
    "unit": "t",
    "tiers": {
        "per": "month",
        "steps": [{"up_to": "20", "price": "1.80"}, {"up_to": "30", "price": "2.70"}, {"price": "3.60"}],
    },
}
STREET: dict[str, Any] = {"title": "Street", "charges": [{"steps": [{"each_minutes": 30, "price": "2.00"}]}]}
TAXI: dict[str, Any] = {"title": "Taxi", "flag": {"km": "3", "price": "9.00"}, "km_price": "1.60"}
FUEL: dict[str, Any] = {
    "title": "East",
    "products": {"92": {"litre_price": "7.43"}},
    "discounts": [{"name": "card", "pays": "0.9"}],
}
LATE: dict[str, Any] = {"title": "Homes", "of": "balance", "per_day": [{"share": "0.001"}], "utilities": ["water"]}
WHOLE: dict[str, Any] = {
    **HEAD,
    "transit": TRANSIT,
    "parking": {"street": STREET},
    "taxi": {"city": TAXI},
    "fuel": {"east": FUEL},
    "utilities": {"water": WATER},
    "late_fees": {"home": LATE},
}


def documents() -> list[dict[str, Any]]:
    """Sound documents of every part."""
    files = sorted(file for file in SHIPPED.glob("*.json") if not file.name.endswith(".examples.json"))
    return [WHOLE, *(json.loads(file.read_text()) for file in files)]


@pytest.mark.parametrize("document", documents(), ids=lambda document: document["name"])
def test_sound_documents_are_read(document: dict[str, Any]) -> None:
    """What the city ships can be put into force."""
    assert check(document) == []
    tariff = read(document)
    assert tariff.version == document["version"]
    assert tariff.effective_from == datetime.fromisoformat(document["effective_from"])


def test_a_document_is_read_as_it_stands() -> None:
    """Money, wall clock and every part are there; what a document leaves out is not."""
    tariff = read({**WHOLE, "utc_offset": "-03:30"})
    assert tariff.money.digits == 2
    assert tariff.offset.utcoffset(None) == -timedelta(hours=3, minutes=30)
    assert tariff.transit is not None
    assert set(tariff.transit.lines) == set(range(1, 10))
    assert tariff.utilities["water"].tiers.steps[0].rate == Fraction(180)
    assert set(tariff.late_fees) == {"home"}
    bare = read(HEAD)
    assert bare.transit is None
    assert bare.parking == {}


def test_ten_mistakes_are_ten_located_messages() -> None:
    """Whoever writes a tariff sees all mistakes at once, each where it is, whatever its kind."""
    document = deepcopy(WHOLE)
    document["effective_from"] = "2026-02-30T00:00:00+08:00"  # a day that does not exist
    document["source"]["grade"] = "C"  # not marked as a sample
    document["transit"]["lines"]["1-9"]["mode"] = "tram"  # a mode that nobody wrote down
    document["transit"]["lines"]["1-9"]["fare"]["flat"] = 2.0  # a number for an amount
    document["transit"]["concessions"][0]["less"] = "0.50"  # two of which one must be
    document["transit"]["transfers"][0]["minuets"] = 60  # a misspelt field
    del document["parking"]["street"]["charges"][0]["steps"][0]["price"]  # a missing field
    document["taxi"]["city"]["flag"]["price"] = "9.005"  # half a fen
    document["utilities"]["water"]["tiers"]["steps"][1]["up_to"] = "20"  # limits that do not rise
    document["late_fees"]["home"]["utilities"] = ["gas"]  # a rule that does not exist
    assert {fault.place: fault.message.partition(":")[0] for fault in check(document)} == {
        "effective_from": "must be a time that exists",
        "source": 'must be marked with "sample"',
        "transit.lines.1-9.mode": "must be a mode of this tariff",
        "transit.lines.1-9.fare.flat": 'must be an amount in the main unit of the currency, as text, such as "2.00"',
        "transit.concessions.0": "must have exactly one of pays, less and costs, has pays and less",
        "transit.transfers.0.minuets": "is not known here; minutes is",
        "parking.street.charges.0.steps.0.price": "is missing",
        "taxi.city.flag.price": "must have at most 2 decimals",
        "utilities.water.tiers.steps.1.up_to": "must be above 20",
        "late_fees.home.utilities.0": "must be the name of a rule under utilities",
    }
    with pytest.raises(TariffInvalid) as caught:
        read(document)
    assert len(caught.value.public_fields()["faults"]) == 10  # type: ignore[arg-type] # a list
    assert "source: must be marked" in str(caught.value)


@pytest.mark.parametrize(
    "document", [None, 1, "x", [], {}, [WHOLE], {**WHOLE, "currency": "yuan"}, {**WHOLE, "currency": "RMB"}]
)
def test_what_is_no_tariff_is_refused(document: object) -> None:
    """A wrong file is told to be one."""
    assert check(document)
    with pytest.raises(TariffInvalid):
        read(document)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(
        [
            "0",
            "1",
            "2.00",
            "0.001",
            "24:00",
            "00:00",
            "02-30",
            "2026-02-30",
            "1-9",
            "9-1",
            "FF",
            "bus",
            "month",
            "bill",
            "2/3",
        ]
    )
)
FIELDS = st.sampled_from(
    ["from", "until", "each_km", "per", "steps", "up_to", "pays", "less", "when", "1-9", "5", "a.b", "\ud800", "title"]
)
VALUES = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(FIELDS, below, max_size=3), max_leaves=6
)
SOUND = documents()


def mutated(document: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """A copy with a few values changed, taken out, put in or moved anywhere."""
    copy = deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        entry: Any = copy
        while True:
            names = list(entry) if isinstance(entry, dict) else list(range(len(entry)))
            if not names:
                break
            name = data.draw(st.sampled_from(names))
            if isinstance(entry[name], dict | list) and data.draw(st.integers(0, 4)):
                entry = entry[name]
                continue
            match data.draw(st.sampled_from(["put", "take", "double", "scalar"])):
                case "put":
                    entry[name] = data.draw(VALUES)
                case "take":
                    del entry[name]
                case "double":
                    key = data.draw(FIELDS) if isinstance(entry, dict) else name
                    entry[key] = deepcopy(entry[name])
                case _:
                    entry[name] = data.draw(SCALARS)
            break
    return copy


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_no_document_breaks_the_validator(data: st.DataObject) -> None:
    """Whatever a file holds, it is refused with its mistakes or read: nothing between, and every message can be sent as JSON."""
    document = mutated(data.draw(st.sampled_from(SOUND)), data)
    faults = check(document)
    json.dumps([str(fault) for fault in faults], ensure_ascii=False).encode()
    if not faults:
        read(document)


@settings(max_examples=50, deadline=None)
@given(VALUES)
def test_no_value_breaks_the_validator(document: object) -> None:
    """Any JSON at all, as a document or as one of its parts."""
    assert check(document)
    for part in ("transit", "parking", "taxi", "fuel", "utilities", "late_fees", "source"):
        if not check({**HEAD, part: document}):
            read({**HEAD, part: document})


PETROL: dict[str, Any] = {"title": "East", "products": {"92": {"litre_price": "7.43"}}}
CAB: dict[str, Any] = {"title": "Taxi", "flag": {"km": "3", "price": "9.00"}, "km_price": "1.60"}
FALLING = [{"up_to": "20", "price": "1.80"}, {"up_to": "10", "price": "2.70"}, {"price": "3.60"}]


@pytest.mark.parametrize(
    ("part", "rule", "places"),
    [
        (
            "utilities",
            {**WATER, "tiers": {"per": "month", "steps": FALLING}, "base_fees": [{"name": "a", "per": "moth"}]},
            ["base_fees.0.per", "tiers.steps.1.up_to"],
        ),
        (
            "utilities",
            {**WATER, "tiers": {"per": 1, "steps": FALLING}, "base_fees": [{"name": 1}, {"name": "a"}]},
            ["base_fees.0.name", "base_fees.1", "tiers.per", "tiers.steps.1.up_to"],
        ),
        ("utilities", {"title": 1, "unit": "t"}, ["title"]),
        (
            "parking",
            {**STREET, "title": 1, "charges": [{"steps": 1}, {"vehicles": ["x"]}]},
            ["charges.0.steps", "charges.1", "charges.1.vehicles.0", "title"],
        ),
        (
            "fuel",
            {**PETROL, "title": 1, "discounts": [{"name": 1}, {"name": "a", "products": ["95"], "less": "1"}]},
            ["discounts.0.name", "discounts.1.products.0", "title"],
        ),
        (
            "taxi",
            {**CAB, "km_price": 1, "each_km": "0", "night": [{"when": 1}, {"when": {"days": ["mon"]}}]},
            ["each_km", "km_price", "night.0.when", "night.1"],
        ),
        ("taxi", {"title": 1, "fuel_surcharge": {"price": "20.00", "included": True}}, ["flag", "km_price", "title"]),
        (
            "late_fees",
            {
                "title": 1,
                "of": 1,
                "per_day": [{"share": "0"}, {"share": "0", "from_day": 1}],
                "once": [1, {"share": "0"}],
            },
            ["of", "once.0", "once.1", "per_day.1.from_day", "title"],
        ),
    ],
)
def test_a_mistake_of_form_hides_no_other(part: str, rule: dict[str, Any], places: list[str]) -> None:
    """Whoever mends a file mends all of it at once: a wrong word in one field hides nothing that is wrong in another."""
    found = check({**HEAD, part: {"x": rule}})
    assert sorted(fault.place.removeprefix(f"{part}.x.") for fault in found) == places


def test_what_waits_for_the_currency_is_told() -> None:
    """A list of mistakes that is not whole says so."""
    document = {**HEAD, "currency": "RMB", "utilities": {"x": {"title": "Water", "unit": "t"}}}
    said = "must be an ISO 4217 code such as CNY; what amounts and rules mean is checked once it is there"
    assert [str(fault) for fault in check(document)] == [f"currency: {said}"]
    del document["currency"]
    assert "is missing; what amounts" in str(check(document)[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2", None),
        ("2.00", 'must have no decimals: KRW has no smaller unit: write "2"'),
        ("2.50", "must have no decimals: KRW has no smaller unit"),
    ],
)
def test_a_currency_without_smaller_unit_has_no_decimals(text: str, said: str | None) -> None:
    """Whoever copies "2.00" from a page about yuan learns that it is two won, not two hundred."""
    water = {"title": "Water", "unit": "t", "price": "0.55", "minimum": text}
    found = check({**HEAD, "currency": "KRW", "utilities": {"x": water}})
    assert [fault.message for fault in found] == ([] if said is None else [said])
