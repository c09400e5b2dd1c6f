"""What a what-if adds up."""

from datetime import UTC, datetime

from citizencard.settlement import tally
from citizencard.settlement.tally import LARGEST, Change, Report

AT = datetime(2026, 11, 20, tzinfo=UTC)


def change(record_id: int, before_fen: int, after_fen: int) -> Change:
    return Change(record_id, AT, 1, 1, before_fen, after_fen, {}, {})


def test_the_largest_changes_are_shown_and_no_more() -> None:
    """Of a hundred thousand taps that change, people see those that change most, dearer or cheaper, the same ones every time."""
    report = Report(1, AT, AT, full_rules=False)
    for number in range(100):
        report.add(change(number, 200, 200 + number if number % 2 else 200 - number), {}, {})
    assert [one.record_id for one in report.largest] == list(range(99, 99 - LARGEST, -1))
    same = Report(1, AT, AT, full_rules=False)
    for number in range(100):
        same.add(change(number, 200, 300), {}, {})
    assert [one.record_id for one in same.largest] == list(range(LARGEST))


def test_missing_rules_are_counted_without_end() -> None:
    """A file that prices nothing does not fill the memory with places."""
    report = Report(1, AT, AT, full_rules=False)
    for number in range(tally.MAX_GROUPS + 2):
        report.missing(f"transit.lines.{number}")
    report.missing("transit.lines.0")
    assert len(report.unpriced) == tally.MAX_GROUPS + 1
    assert (report.unpriced["transit.lines.0"], report.unpriced[""], report.taps) == (2, 2, tally.MAX_GROUPS + 3)
