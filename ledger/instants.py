"""Instants in the ledger's tables: aware, in UTC, to the microsecond, the same on both databases."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.types import TypeEngine


class Instant(TypeDecorator[datetime]):
    """An aware instant. SQLite has no such type: there it is text in UTC with microseconds, which sorts like the instant."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's type on one database."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Write an instant in UTC.

        Raises:
            ValueError: the instant has no time zone.
        """
        if value is None:
            return None
        return canonical(value) if dialect.name == "sqlite" else in_utc(value)

    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:  # noqa: ARG002 # SQLAlchemy's signature
        """Read the instant back, aware, in UTC."""
        if value is None:
            return None
        return in_utc(datetime.fromisoformat(value) if isinstance(value, str) else value)  # type: ignore[arg-type] # a datetime


def in_utc(instant: datetime) -> datetime:
    """The same instant on the clock of UTC.

    Raises:
        ValueError: the instant has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)


def canonical(instant: datetime) -> str:
    """The one way an instant is written wherever bytes are compared: UTC, microseconds, `+00:00`.

    Raises:
        ValueError: the instant has no time zone.
    """
    if instant.tzinfo is UTC and instant.microsecond:
        # As it is written anyway, at half the cost: a batch has as many of them as transfers.
        return instant.isoformat()
    # An offset is costly to format, and this one is always the same.
    return in_utc(instant).replace(tzinfo=None).isoformat(timespec="microseconds") + "+00:00"
