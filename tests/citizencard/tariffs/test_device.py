"""Compiling tariffs for devices: the published bytes, what is marked for the server, what is refused.

Prices are held against the server's in tests/journeys/test_device_fares.py.
"""

from copy import deepcopy
from typing import Any

import pytest

from citizencard.tariffs import device
from citizencard.tariffs.device import MAX_BYTES, compile_table
from citizencard.tariffs.document import read
from citizencard.tariffs.errors import TariffNotForDevices
from hardware.terminal.fares import DeviceTable
from hardware.terminal.fares_rules import MarkKind
from tests.hardware.terminal.published import CONDITIONS, DISTANCE, FLAT, Example

SOURCE = {"page": "made for a test", "grade": "A", "date": "2026"}


def document(**parts: Any) -> dict[str, Any]:
    """A small tariff, with these parts of rides beside its lines."""
    return {
        "format": 2,
        "name": "test",
        "version": 1,
        "effective_from": "2026-01-01T00:00:00+08:00",
        "currency": "CNY",
        "source": SOURCE,
        "transit": {
            "classes": {"01": {"name": "adult"}},
            "modes": {"bus": {}, "tram": {}},
            "lines": {
                "1-3": {"mode": "bus", "operator": "north", "fare": {"flat": "2.00"}},
                "4": {"mode": "tram", "operator": "south", "fare": {"flat": "2.00"}},
                "7": {"mode": "bus", "operator": "south", "fare": {"flat": "3.00"}},
            },
            **parts,
        },
    }


def table(**parts: Any) -> DeviceTable:
    return DeviceTable.parse(compile_table(read(document(**parts))))


@pytest.mark.parametrize("published", [FLAT, DISTANCE, CONDITIONS])
def test_the_published_documents_become_the_published_bytes(published: Example) -> None:
    """Whoever builds a device from the page gets from our server what the page shows."""
    assert compile_table(read(published.document)).hex() == published.table.hex()


def test_the_same_tariff_is_always_the_same_bytes() -> None:
    """The order of names in a document means nothing, so two servers send the same."""
    turned = deepcopy(DISTANCE.document)
    for part in (turned["transit"], turned["transit"]["lines"]["1001"], turned):
        for name in reversed(list(part)):
            part[name] = part.pop(name)
    assert compile_table(read(turned)) == DISTANCE.table


def test_what_needs_a_cards_history_is_marked_by_name() -> None:
    """The display can say that the price may fall at the close of the day, and by which rule."""
    found = table(
        passes={"month": {"period": "month", "price": "80.00", "modes": ["tram"]}},
        bands=[{"name": "band", "period": "month", "of": "paid", "steps": [{"above": "150.00", "pays": "0.9"}]}],
        ride_counts=[{"name": "count", "period": "year", "after": 1200, "operators": ["south"]}],
        lifetime=[{"name": "life", "rides_a_year": 365, "years": 40}],
        caps=[{"name": "cap", "period": "day", "most": "9.00", "lines": ["2-3"]}],
        transfers=[
            {"name": "four", "minutes": 30, "most_a_day": 4, "less": "1.00"},
            {"name": "three", "minutes": 30, "most_in_a_row": 3, "less": "1.00"},
            {"name": "once", "minutes": 30, "most_in_a_row": 1, "less": "1.00"},
            {"name": "endless", "minutes": 30, "less": "1.00"},
        ],
    )
    marks = {(mark.kind, mark.name) for mark in found.rules.marks}
    assert marks == {
        (MarkKind.PASS, "month"),
        (MarkKind.BANDS, "band"),
        (MarkKind.RIDE_COUNT, "count"),
        (MarkKind.LIFETIME, "life"),
        (MarkKind.CAP, "cap"),
        (MarkKind.TRANSFER, "four"),
        (MarkKind.TRANSFER, "three"),
    }
    assert [rule.by_server for rule in found.rules.transfers] == [True, True, False, False]
    scopes = {mark.name: mark.scope.lines and mark.scope.lines.ranges for mark in found.rules.marks}
    assert (scopes["month"], scopes["count"], scopes["cap"], scopes["band"]) == (
        ((4, 4),),
        ((4, 4), (7, 7)),
        ((2, 3),),
        None,
    )


def test_modes_and_operators_become_lines() -> None:
    """A device need not know who runs a line; neighbouring lines with one rule are one entry, whatever the document calls them."""
    found = table(concessions=[{"modes": ["bus"], "operators": ["south"], "pays": "0.5"}])
    (rule,) = found.rules.concessions
    assert rule.scope.lines is not None
    assert rule.scope.lines.ranges == ((7, 7),)
    assert found.rules.lines[1] is found.rules.lines[3]


def test_a_rule_that_means_no_line_is_left_out() -> None:
    """No bus of the south on line 1: nothing to carry to a device."""
    found = table(concessions=[{"lines": ["1"], "operators": ["south"], "pays": "0.5"}])
    assert found.rules.concessions == ()


def test_what_does_not_fit_is_refused_with_its_place() -> None:
    """A number that a device cannot hold is never cut down to one that it can."""
    dinars = document()
    dinars["currency"] = "KWD"
    dinars["transit"]["lines"]["4"]["fare"] = {"flat": "5000000.000"}
    with pytest.raises(TariffNotForDevices) as raised:
        compile_table(read(dinars))
    assert raised.value.fields["place"] == "transit.lines.4.fare"
    early = document()
    early["effective_from"] = "1999-12-31T23:59:59+08:00"
    with pytest.raises(TariffNotForDevices, match="effective_from"):
        compile_table(read(early))


def test_a_table_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tariff that no device could hold is refused as a whole; the limit is that of the page, and here a byte too low."""
    assert MAX_BYTES == 8 * 2**20
    monkeypatch.setattr(device, "MAX_BYTES", len(FLAT.table) - 1)
    with pytest.raises(TariffNotForDevices, match=f"{len(FLAT.table)} bytes"):
        compile_table(read(FLAT.document))


def test_a_tariff_without_rides_is_a_table_all_the_same() -> None:
    """A city that only parks cars has gates."""
    only = {name: part for name, part in DISTANCE.document.items() if name != "transit"}
    found = DeviceTable.parse(compile_table(read(only)))
    assert (found.rules.lines, found.rules.classes, list(found.rules.lots)) == ({}, {}, ["street"])
