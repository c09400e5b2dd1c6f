"""Versions with their story."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from citizencard.tariffs.drafts.views import TariffState, tariff_views
from tests.citizencard.tariffs.small_city import document
from tests.citizencard.tariffs.test_versions import put


def test_every_version_says_what_became_of_it(session: Session, now: datetime) -> None:
    """A clerk sees at a glance which fares hold, which held, and which will; and whose samples are still to be checked."""
    sample = document(4, now - timedelta(days=1))
    sample["source"] = {"page": "a copy", "grade": "C", "date": "2026", "sample": True}
    put(session, document(3, now - timedelta(days=300)), now - timedelta(days=300))
    put(session, sample, now - timedelta(days=2))
    put(session, document(5, now + timedelta(days=1)), now)
    found = tariff_views(session, now)
    assert [(view.version, view.state, view.is_sample) for view in found] == [
        (5, TariffState.WAITING, False),
        (4, TariffState.IN_FORCE, True),
        (3, TariffState.PAST, False),
    ]
    assert {view.proposed_by for view in found} == {"staff_maker"}
    assert [view.version for view in tariff_views(session, now, before=5, limit=1)] == [4]


def test_a_city_may_have_no_tariff_in_force(session: Session, now: datetime) -> None:
    """The first tariff can be published before its time."""
    put(session, document(1, now + timedelta(days=1)), now)
    assert [view.state for view in tariff_views(session, now)] == [TariffState.WAITING]
