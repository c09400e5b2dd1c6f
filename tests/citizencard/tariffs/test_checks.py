"""Mistakes are told with their place, in words that say what must be there."""

import pytest

from citizencard.tariffs.checks import MAX_FAULTS, Fault, Inspection, form_faults, schema, shown


def told(document: object) -> list[str]:
    return [str(fault) for fault in form_faults(document)]


def test_what_is_missing_unknown_or_wrong() -> None:
    """A misspelt field is told with the one that was meant."""
    rule = {"title": "x", "flag": {"km": "3", "price": 9.0}, "km_prize": "1.60"}
    document = {"format": 2, "taxi": {"city": rule}}
    assert [fault for fault in told(document) if fault.startswith("taxi")] == [
        "taxi.city.km_price: is missing",
        "taxi.city.km_prize: is not known here; km_price is",
        'taxi.city.flag.price: must be an amount in the main unit of the currency, as text, such as "2.00"',
    ]
    assert "name: is missing" in told(document)
    assert told([]) == ["document: must be an object"]
    assert "parking.a b: must be named by 1 to 60 letters, digits, _ and -" in told({"parking": {"a b": {}}})
    assert any(one.startswith("zzz: is not known here; known are format, name") for one in told({"zzz": 1}))


def test_values_that_other_validators_let_through() -> None:
    """2.0 is no format, and a line break is no part of a name."""
    assert "format: must be 2" in told({"format": 2.0})
    assert "format: must be 2" in told({"format": True})
    assert "name: must be a text of 1 to 60 characters" in told({"name": "a\nb"})
    assert "currency: must be an ISO 4217 code such as CNY" in told({"currency": "CNY\n"})


def test_there_is_an_end_to_it() -> None:
    """A file of mistakes is told up to a limit, and one of brackets not at all."""
    assert MAX_FAULTS <= len(form_faults({"parking": {f"a{number}": 1 for number in range(400)}})) <= 2 * MAX_FAULTS
    deep: object = 1
    for _ in range(5000):
        deep = [deep]
    assert told({"parking": deep}) == ["document: must not be nested so deeply"]


def test_what_is_below_a_mistake_is_not_read() -> None:
    """A check of meaning relies on the form of what it reads."""
    inspection = Inspection([Fault("transit.lines.1.fare", "is missing")])
    assert not inspection.sound("transit.lines.1")
    assert not inspection.sound("transit")
    assert inspection.sound("transit.lines.10")
    inspection.add("parking.a", "wrong")
    assert not inspection.sound("parking")
    assert not inspection.full
    assert [fault.place for fault in inspection.found()] == ["transit.lines.1.fare", "parking.a"]


@pytest.mark.parametrize(("entry", "ends"), [({}, "has none"), ({"pays": 1, "less": 1}, "has pays and less")])
def test_exactly_one(entry: dict[str, object], ends: str) -> None:
    """Where a rule must say one thing, none and two are told."""
    inspection = Inspection([])
    inspection.exactly_one_of("x", entry, ("pays", "less", "costs"))
    assert [fault.message for fault in inspection.faults] == [f"must have exactly one of pays, less and costs, {ends}"]
    inspection.exactly_one_of("y", {"costs": 1}, ("pays", "less", "costs"))
    assert inspection.sound("y")


def test_places_can_be_shown_anywhere() -> None:
    """A name that a terminal or a database could not take is escaped, and a very long one cut."""
    assert shown("transit.线路") == "transit.线路"
    assert shown("a\x1b[2J\ud800") == "a\\u001b[2J\\ud800"
    assert len(shown("x" * 10_000)) == 300


@pytest.mark.parametrize("name", ["tariff", "events"])
def test_every_description_completes_the_sentence(name: str) -> None:
    """No part of a form is without the words for what must be there."""
    bare = []

    def gather(place: str, form: object) -> None:
        if not isinstance(form, dict):
            return
        if {"type", "enum", "const", "pattern"} & form.keys() and "description" not in form and "/if" not in place:
            bare.append(place)
        for part in ("properties", "$defs"):
            for field, below in form.get(part, {}).items():
                gather(f"{place}/{part}/{field}", below)
        for part in ("items", "additionalProperties", "if"):
            gather(f"{place}/{part}", form.get(part))

    gather("", schema(name))
    assert [place for place in bare if "source" not in place] == []
