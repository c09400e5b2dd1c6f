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
    document: dict[str, Any] = {**HEAD, "transit": RIDES}
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
