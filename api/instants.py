"""Instants as they travel in JSON: RFC 3339, in UTC, with a Z."""

from datetime import UTC, datetime


def rfc3339(instant: datetime) -> str:
    """An aware instant such as 2026-11-21T00:30:00Z; fractions of a second only where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
