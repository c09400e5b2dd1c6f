"""Limits of a day and of a sale: what a card pays in parts is summed up."""

from datetime import timedelta

import pytest

from citizencard.purse.uploads.models import FindingKind
from citizencard.settlement.clearing import spending
from tests.citizencard.purse.uploads.make_records import tap
from tests.citizencard.settlement.clearing.looking import aside, found, sequences
from tests.citizencard.settlement.histories.make_histories import Nights


def test_a_sale_in_parts_passes_the_limit_of_one(nights: Nights) -> None:
    """Two taps of 30.00 within ten minutes at a bus whose limit is 50.00; the third comes an hour later, and no money moves."""
    first, second, later = (
        nights.ride(minutes, amount_fen=3_000, card_counter=100 - minutes) for minutes in (90, 81, 20)
    )
    nights.upload(second, later)
    nights.close()
    assert found(nights, FindingKind.OVER_DAY_LIMIT) == set()
    nights.upload(first)
    nights.close()
    assert found(nights, FindingKind.OVER_DAY_LIMIT) == sequences([second])
    assert aside(nights) == []


def test_a_day_has_a_limit_and_the_next_begins_anew(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tap that passes the limit of the Beijing day is named, not those after it, nor those after midnight."""
    monkeypatch.setattr(spending, "DAY_LIMIT_FEN", 400)
    midnight = nights.now - timedelta(hours=8, minutes=30)
    rides = [
        tap(nights.city.bus1, nights.city.adult, midnight + timedelta(minutes=minutes), 180, card_counter=number)
        for number, minutes in enumerate((-40, -20, -1, 1, 30, 60, 90), start=20)
    ]
    nights.upload(*rides[::2])
    nights.close()
    nights.upload(*rides[1::2])
    nights.close()
    assert found(nights, FindingKind.OVER_DAY_LIMIT) == sequences([rides[2], rides[5]])
