"""Single values: what has the right form must also mean something."""

import pytest

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.checks import Inspection
from citizencard.tariffs.values import inspect_values

CNY = Money("CNY", 2)


def told(document: dict[str, object], money: Money = CNY) -> list[str]:
    inspection = Inspection([])
    inspect_values(inspection, document, money)
    return [str(fault) for fault in inspection.faults]


def source(**fields: object) -> dict[str, object]:
    return {"source": {"page": "x", "grade": "A", "date": "2026", **fields}}


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"effective_from": "2026-02-30T00:00:00+08:00"}, "effective_from"),
        ({"effective_from": "0001-01-01T00:00:00+08:00"}, "effective_from"),
        ({"effective_from": "2026-01-01T00:00:00+99:00"}, "effective_from"),
        (source(grade="C"), "source"),
        (source(grade="K", sample=False), "source"),
        (source(date="2026-13"), "source.date"),
        (source(date="2026-02-30"), "source.date"),
        ({"transit": {"rounding": {"to": "0.00", "how": "up"}}}, "transit.rounding"),
        ({"transit": {"concessions": [{"pays": "3/2"}]}}, "transit.concessions.0.pays"),
        ({"transit": {"concessions": [{"pays": "0"}, {"less": "0.005"}]}}, "transit.concessions.1.less"),
        (
            {"transit": {"concessions": [{"when": {"season": {"from": "02-30", "until": "03-01"}}}]}},
            "transit.concessions.0.when.season.from",
        ),
        (
            {"transit": {"concessions": [{"when": {"hours": {"from": "07:00", "until": "07:00"}}}]}},
            "transit.concessions.0.when.hours",
        ),
        (
            {"parking": {"a": {"permits": {"m": {"when": {"dates": ["2026-01-01", "2026-02-29"]}}}}}},
            "parking.a.permits.m.when.dates.1",
        ),
    ],
)
def test_what_means_nothing_is_named(document: dict[str, object], place: str) -> None:
    """A day that does not exist, a discount above the price, half a fen: each with its place."""
    assert [one.partition(": ")[0] for one in told(document)] == [place]


@pytest.mark.parametrize(
    "document",
    [
        {"effective_from": "2026-01-01T00:00:00Z"},
        source(grade="C", sample=True),
        *(source(date=date) for date in ("2026-05", "2026-05-31", "unknown")),
        {"transit": {"concessions": [{"pays": "1.0", "when": {"season": {"from": "02-29", "until": "01-31"}}}]}},
        {"transit": {"rounding": {"to": "0.10", "how": "down"}}},
        {"utilities": {"a": {"price": "0.5283"}}},
    ],
)
def test_what_means_something_passes(document: dict[str, object]) -> None:
    """Leap days, whole shares and prices of a unit below a fen are fine."""
    assert told(document) == []


@pytest.mark.parametrize(
    ("money", "fit", "unfit"),
    [(CNY, "2.50", "2.505"), (Money("KRW", 0), "1000", "2.5"), (Money("KWD", 3), "2.505", None)],
    ids=str,
)
def test_amounts_are_whole_minor_units_of_their_currency(money: Money, fit: str, unfit: str | None) -> None:
    """Nobody is charged half a fen, or a tenth of a won."""
    assert told({"transit": {"concessions": [{"less": fit}]}}, money) == []
    if unfit is not None:
        assert "decimals" in told({"transit": {"concessions": [{"less": unfit}]}}, money)[0]


def test_events_are_inspected_by_their_own_form() -> None:
    """The same meanings hold for what is to be priced."""
    inspection = Inspection([])
    inspect_values(inspection, {"kind": "taxi", "at": "2026-02-30T08:00:00Z"}, CNY, form=("events", "taxi"))
    assert [fault.place for fault in inspection.faults] == ["at"]
