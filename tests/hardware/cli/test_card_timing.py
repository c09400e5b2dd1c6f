"""The clock of the bench: as many figures as things were done. Through a real service it runs in tests/reader."""

from hardware.cli.card_timing import times
from tests.hardware.terminal.rides import adult_card


def test_each_thing_is_timed() -> None:
    """A command and a tap, so many times each."""
    taps: list[object] = []
    timing = times(adult_card(), taps.append, 3)
    assert (len(timing.apdu_s), len(timing.tap_s), len(taps)) == (3, 3, 3)
    assert 0 < timing.apdu_median_s < 1
    assert 0 <= timing.tap_median_s < 1
