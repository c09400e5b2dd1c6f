"""Who bears a tap on a lost card: the holder before it took effect, the merchant who could know, else the company."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from citizencard.cards.hotlist_publications import publish
from citizencard.db import reading, transaction
from citizencard.purse.uploads.models import FindingKind, TapRecord
from citizencard.settlement.clearing.bearing import Bearer, Why, bearer
from citizencard.settlement.clearing.limits import LIST_MAY_BE_OLD
from citizencard.terminals.models import AcknowledgedKind
from citizencard.terminals.shifts import acknowledge
from tests.citizencard.settlement.clearing.looking import found, sequences
from tests.citizencard.settlement.histories.make_histories import Nights


def _listed(nights: Nights) -> int:
    """The lost card comes onto the list."""
    with transaction(nights.sessions) as session:
        return publish(session, nights.now - timedelta(minutes=50)).version


def _taken(nights: Nights, version: int, minutes_ago: int) -> None:
    with transaction(nights.sessions) as session:
        at = nights.now - timedelta(minutes=minutes_ago)
        acknowledge(session, nights.city.bus1.terminal_id, AcknowledgedKind.HOTLIST, version, now=at)


@pytest.mark.parametrize(
    ("acknowledged_ago", "kind"), [(45, FindingKind.MERCHANT_BEARS), (10, FindingKind.COMPANY_BEARS)]
)
def test_the_list_that_the_terminal_had_taken_decides(nights: Nights, acknowledged_ago: int, kind: FindingKind) -> None:
    """A terminal that had the card on its list and took it all the same bears it; one that got the list later could not know."""
    _taken(nights, _listed(nights), acknowledged_ago)
    lost = nights.ride(30, card=nights.city.lost)
    nights.upload(lost, nights.ride(20))
    nights.close()
    assert found(nights, kind) == sequences([lost])
    with reading(nights.sessions) as session:
        (record_id,) = session.scalars(
            select(TapRecord.id).where(TapRecord.terminal_sequence == lost.terminal_sequence)
        )
        (one,) = bearer(session, [record_id]).values()
    expected = {
        FindingKind.MERCHANT_BEARS: (Bearer.MERCHANT, Why.ON_ITS_LIST, 1),
        FindingKind.COMPANY_BEARS: (Bearer.COMPANY, Why.COULD_NOT_KNOW, 0),
    }
    assert (one.bearer, one.why, one.worked_with) == expected[kind]


def test_a_terminal_that_fetched_no_list_for_too_long(nights: Nights) -> None:
    """A newer list was published longer ago than the contract allows: whoever went on without it bears the tap."""
    _listed(nights)
    nights.now += LIST_MAY_BE_OLD
    lost = nights.ride(30, card=nights.city.lost)
    nights.upload(lost)
    nights.close()
    assert found(nights, FindingKind.MERCHANT_BEARS) == sequences([lost])


def test_a_tap_before_the_loss_took_effect_is_the_holders(nights: Nights) -> None:
    """It was accepted at upload; asked about it, the rule says the same."""
    early = nights.ride(70, card=nights.city.lost)
    nights.upload(early)
    with reading(nights.sessions) as session:
        (record_id,) = session.scalars(select(TapRecord.id))
        assert bearer(session, [record_id])[record_id].bearer is Bearer.HOLDER
        assert bearer(session, []) == {}
