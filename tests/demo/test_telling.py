"""How the story is told."""

import io
from datetime import UTC, datetime

from demo.telling import LABEL_WIDTH, Story, clock, typed, yuan


def test_times_in_the_story_are_the_city_s() -> None:
    """A reader anywhere in the world sees the time that stands on the card, not that of his own machine."""
    assert clock(datetime(2026, 11, 21, 16, 5, 9, tzinfo=UTC)) == "00:05:09"


def test_amounts_are_written_as_on_a_slip() -> None:
    """Two places, thousands apart, and a debt's sign before the yuan."""
    assert [yuan(fen) for fen in (0, 5, 123_450, -180)] == ["¥0.00", "¥0.05", "¥1,234.50", "-¥1.80"]


def test_figures_stand_below_each_other() -> None:
    """Chinese characters take two columns, and the figures of a page still make one column."""
    out = io.StringIO()
    story = Story(out)
    story.fact("挂失", "1")
    story.fact("loss", "1")
    chinese, english = out.getvalue().splitlines()
    assert len(english) == 4 + LABEL_WIDTH + 1
    assert len(chinese) == len(english) - len("挂失")


def test_amounts_are_typed_as_forms_take_them() -> None:
    """No sign, no thousands mark, two places."""
    assert [typed(fen) for fen in (5, 4_950, 123_400)] == ["0.05", "49.50", "1234.00"]
