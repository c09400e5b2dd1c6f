"""Values on the command line of a terminal."""

from datetime import datetime

import click
import pytest

from hardware.card.bcd import BEIJING
from hardware.cli.values import Instant, Octets


def test_digits_and_times_are_read_or_refused() -> None:
    """Whoever types a number too short, or a time without its zone, is told so before anything happens."""
    assert Octets(2).convert("0A0b", None, None) == b"\x0a\x0b"
    assert Octets(2).convert(b"\x01", None, None) == b"\x01"
    eight = datetime(2026, 11, 21, 8, tzinfo=BEIJING)
    assert Instant().convert("2026-11-21T08:00:00+08:00", None, None) == eight
    assert Instant().convert(eight, None, None) is eight
    for kind, text in ((Octets(2), "0A"), (Octets(1), "zz"), (Instant(), "noon"), (Instant(), "2026-11-21T08:00:00")):
        with pytest.raises(click.BadParameter, match="must be"):
            kind.convert(text, None, None)
