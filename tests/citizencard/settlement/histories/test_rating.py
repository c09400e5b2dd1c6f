"""Histories that are carried on: what is kept of old rides gives the same as rating all of them."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.models import CardHistory
from citizencard.settlement.histories import adjusting, rating
from tests.citizencard.settlement.histories.make_histories import CAP, Nights, with_rules

YEARLY = with_rules(caps=[{**CAP, "period": "year", "most": "5.00"}])
NEVER_KEPT = timedelta(days=4_000)


@pytest.mark.parametrize("keeps", [True, False])
def test_a_cap_of_the_year_over_months(
    sessions: Sessions, vault: SoftwareVault, monkeypatch: pytest.MonkeyPatch, now: datetime, keeps: bool
) -> None:
    """Rides of months ago count for the year's cap, whether they are rated again or only their sum was kept."""
    if not keeps:
        monkeypatch.setattr(adjusting, "STILL_COMING", NEVER_KEPT)
    nights = Nights.begin(
        sessions, vault, now.replace(month=2), {**YEARLY, "effective_from": "2026-02-01T00:00:00+08:00"}
    )
    due = []
    for _ in range(4):
        nights.upload(nights.ride(30))
        nights.close(days=40)
        due.append(nights.due())
        nights.now += timedelta(days=40)
    assert due == [0, 0, 40, 220]
    with reading(sessions) as session:
        kept = session.scalars(select(CardHistory)).all()
    assert [one.state["totals"] for one in kept] == ([{"caps.a_day": {"2026-01-01": 500}}] if keeps else [{}])


@pytest.mark.parametrize("again", [False, True])
def test_going_on_is_the_same_as_rating_again(
    sessions: Sessions, vault: SoftwareVault, monkeypatch: pytest.MonkeyPatch, now: datetime, again: bool
) -> None:
    """Night after night a card goes on from its last ride; a late ride, and rating everything each night, come to the same."""
    if again:
        monkeypatch.setattr(rating, "KEPT_FOR", -NEVER_KEPT)
    monthly = with_rules(caps=[{**CAP, "period": "month", "most": "7.00"}])
    nights = Nights.begin(sessions, vault, now, monthly)
    due, late = [], nights.ride(500)
    for night in range(4):
        nights.upload(nights.ride(60), nights.ride(30), *([late] if night == 2 else []))
        nights.close()
        due.append(nights.due())
        nights.now += timedelta(days=1)
    paid = [360, 720, 1260, 1620]
    assert due == [max(0, fen - 700) for fen in paid]
