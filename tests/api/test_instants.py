"""Instants in JSON."""

from datetime import UTC, datetime, timedelta, timezone

from api.instants import rfc3339


def test_instants_are_utc_with_z() -> None:
    """Whoever reads an answer in whatever country reads the same instant."""
    assert rfc3339(datetime(2026, 11, 21, 0, 30, tzinfo=UTC)) == "2026-11-21T00:30:00Z"
    beijing = timezone(timedelta(hours=8))
    assert rfc3339(datetime(2026, 11, 21, 8, 30, 0, 5, tzinfo=beijing)) == "2026-11-21T00:30:00.000005Z"
