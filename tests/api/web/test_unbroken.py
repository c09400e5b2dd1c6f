"""Dates on narrow pages."""

from markupsafe import Markup

from api.web.unbroken import unbroken


def test_days_and_times_stay_in_one_piece() -> None:
    """Nobody reads 21 on a telephone without the month before it."""
    assert unbroken("as of 2026-11-21 08:30") == (
        'as of <span class="when">2026-11-21</span> <span class="when">08:30</span>'
    )


def test_the_rest_stays_text() -> None:
    """Somebody whose name has signs in it changes no page, and what is markup already stays so."""
    assert unbroken("<b> & 1-2") == "&lt;b&gt; &amp; 1-2"
    assert unbroken(Markup("<b>on 2026-11-21</b>")) == '<b>on <span class="when">2026-11-21</span></b>'
