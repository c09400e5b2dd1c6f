"""The guarantee: merchants are paid no more of a card than was proven to have come onto its chip."""

from datetime import datetime

import pytest

from citizencard import chart
from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.models import FindingKind
from citizencard.settlement.flow import prove_books
from ledger import Transfer, post
from tests.citizencard.purse.uploads.make_records import TARIFF, make_city
from tests.citizencard.settlement.clearing.looking import aside, found, sequences
from tests.citizencard.settlement.histories.make_histories import Nights, load_chips


@pytest.fixture
def scarce(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Nights:
    """A city whose adult has 5.00 on the chip."""
    city = make_city(sessions, now, TARIFF)
    load_chips(sessions, [city.adult], now, 500)
    return Nights(sessions, vault, city, now)


def test_the_last_taps_are_set_aside_and_covered_by_a_late_load(scarce: Nights) -> None:
    """Four rides of 1.80 on 5.00: the last two in tap order wait, the earlier come in last; a late proof covers them again."""
    rides = [scarce.ride(minutes, card_counter=100 - minutes) for minutes in (90, 80, 70, 60)]
    scarce.upload(rides[2], rides[3])
    scarce.close()
    assert found(scarce, FindingKind.OVER_GUARANTEE) == set()
    scarce.upload(rides[0], rides[1])
    scarce.close()
    assert found(scarce, FindingKind.OVER_GUARANTEE) == sequences(rides[2:])
    assert scarce.balance(chart.merchant_suspense(scarce.city.merchant_id)) == 360
    _load(scarce, 220)
    scarce.close()
    assert found(scarce, FindingKind.OVER_GUARANTEE) == set()
    assert scarce.balance(chart.merchant_suspense(scarce.city.merchant_id)) == 0
    assert [(number, cause) for number, cause, _, _ in aside(scarce)] == [
        (1, "over_guarantee"),
        (2, "covered"),
        (1, "over_guarantee"),
        (2, "covered"),
    ]
    assert prove_books(scarce.sessions, scarce.now).proved


def test_money_that_leaves_the_chip_covers_nothing(scarce: Nights) -> None:
    """An unload that is proven after the rides: they are looked at again although no tap is new."""
    rides = [scarce.ride(minutes, card_counter=100 - minutes) for minutes in (90, 80)]
    scarce.upload(*rides)
    scarce.close()
    unload = Transfer(
        "test:unloaded",
        chart.purse(scarce.city.adult.card_id),
        chart.due(scarce.city.adult.card_id),
        200,
        "unloaded",
        scarce.now,
        fact=True,
    )
    with transaction(scarce.sessions) as session:
        chart.open_missing(session, [unload.credit])
        post(session, [unload], now=scarce.now)
    scarce.close()
    assert found(scarce, FindingKind.OVER_GUARANTEE) == sequences(rides[1:])


def test_forks_stand_apart(scarce: Nights) -> None:
    """Branches of a fork are in suspense by themselves: the genuine rides are covered all the same."""
    forked = [scarce.ride(minutes, card_counter=5) for minutes in (90, 80)]
    rides = [scarce.ride(minutes, card_counter=100 - minutes) for minutes in (60, 50)]
    scarce.upload(*forked, *rides)
    scarce.close()
    assert found(scarce, FindingKind.OVER_GUARANTEE) == set()
    assert found(scarce, FindingKind.COUNTER_FORK) == sequences(forked)


def _load(nights: Nights, fen: int) -> None:
    card_id = nights.city.adult.card_id
    late = Transfer("test:late", chart.till("T-1"), chart.purse(card_id), fen, "loaded", nights.now, fact=True)
    with transaction(nights.sessions) as session:
        post(session, [late], now=nights.now)
