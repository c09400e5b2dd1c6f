"""Tariffs in words, in the reader's language."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from api.console.tariff_words import MAX_SHOWN, seen
from citizencard.settlement.previewing import Preview
from citizencard.settlement.tally import Change, Report
from citizencard.tariffs.differences import differences
from tests.citizencard.tariffs.small_city import DOCUMENT, document

AT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(("language", "words"), [("zh", "全价"), ("en", "full fare")])
def test_an_approver_reads_differences_and_reasons(language: str, words: str) -> None:
    """Prices that change, the other places, and the reason of a fare before and after, none of them for a tap without an explanation."""
    after = document(4, AT, "2.50") | {"name": "n" * 60, "notes": ["x" * 400]}
    report = Report(4, AT, AT, full_rules=False)
    why = {
        "minor": 200,
        "lines": [{"what": "base", "minor": 200, "rule": "transit.lines.1.fare", "facts": {"line": 1, "by": "flat"}}],
    }
    report.add(Change(1, AT, 1, 1, 200, 250, {}, why), {}, {})
    with Flask(__name__).test_request_context(f"/?lang={language}"):
        found = seen(after, Preview(3, DOCUMENT, differences(DOCUMENT, after), report))
        alone = seen(after, None)
    assert found.changes is not None
    assert (found.changes.prices[0].who, found.changes.prices[0].before, found.changes.prices[0].after) == (
        words,
        "¥2.00",
        "¥2.50",
    )
    assert not found.is_same
    assert ("name", DOCUMENT["name"], "n" * 60) in found.others
    assert all(len(text) <= MAX_SHOWN + 1 for _, *texts in found.others for text in texts)
    (told,) = found.largest
    assert told.before == ""
    assert "¥2.00" in told.after
    assert (alone.changes, alone.largest, alone.preview) == (None, [], None)
