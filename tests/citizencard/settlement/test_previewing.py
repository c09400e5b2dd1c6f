"""A tariff before two people agree to it."""

from datetime import datetime, timedelta

import pytest

from citizencard.clock import beijing_date
from citizencard.db import Sessions, reading
from citizencard.settlement.previewing import preview
from citizencard.tariffs.differences import Difference
from citizencard.tariffs.errors import TariffInvalid
from tests.citizencard.settlement.day_of_taps import dearer_line_1


@pytest.mark.usefixtures("day_of_taps")
def test_whoever_agrees_sees_what_changes(sessions: Sessions, now: datetime) -> None:
    """The one place that differs from the tariff in force, and what it makes of a day's rides."""
    with reading(sessions) as session:
        found = preview(session, dearer_line_1(), now, beijing_date(now), None)
        yesterday = preview(session, dearer_line_1(), now + timedelta(days=1), None, None)
    assert found.compared_with == 3
    assert found.differences == [Difference("transit.lines.1.fare.flat", "2.00", "2.50")]
    assert found.simulation.total.difference_fen == 45
    assert yesterday.simulation.as_data() == found.simulation.as_data()


def test_the_first_tariff_has_nothing_to_differ_from(sessions: Sessions, now: datetime) -> None:
    """A new city; and a file with mistakes is refused with all of them."""
    with reading(sessions) as session:
        found = preview(session, dearer_line_1(), now, None, None)
        assert (found.compared_with, found.differences, found.simulation.taps) == (None, [], 0)
        with pytest.raises(TariffInvalid):
            preview(session, {}, now, None, None)
