"""Values on the command line of a terminal: bytes and times."""

from datetime import datetime

import click


class Octets(click.ParamType[bytes, str]):
    """Bytes as hexadecimal digits, of an exact length."""

    name = "digits"

    def __init__(self, length: int) -> None:
        self._length = length

    def convert(self, value: str | bytes, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """Read the digits; click shows the message of a failure as a usage error."""
        if isinstance(value, bytes):
            return value
        try:
            octets = bytes.fromhex(value)
        except ValueError:
            octets = b""
        if len(octets) != self._length:
            self.fail(f"must be {2 * self._length} digits", param, ctx)
        return octets


class Instant(click.ParamType[datetime, str]):
    """A time in ISO 8601 with its offset from UTC."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the time; click shows the message of a failure as a usage error."""
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None:
            self.fail("must be like 2026-11-21T08:30:00+08:00", param, ctx)
        return instant
