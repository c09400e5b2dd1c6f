"""What is set aside: how much, what people have decided of it, and rides that count no more for their cards' histories."""

from datetime import datetime

import pytest
from sqlalchemy import select

from citizencard import chart
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.decisions.models import TapDecision
from citizencard.purse.uploads.models import FindingKind, TapRecord
from citizencard.settlement.clearing.asides import open_asides
from citizencard.settlement.clearing.subsidies import restored_subsidies
from ledger import post
from tests.citizencard.purse.uploads.make_records import SPONSOR, approved
from tests.citizencard.settlement.clearing.looking import aside, found
from tests.citizencard.settlement.findings.make_findings import decided, line
from tests.citizencard.settlement.histories.make_histories import Nights


@pytest.fixture
def capped(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Nights:
    """A city with a cap of 3.00 a day."""
    return Nights.begin(sessions, vault, now)


def test_a_ride_in_doubt_counts_towards_no_cap(capped: Nights) -> None:
    """Two genuine rides come to 3.60 and get 0.60 back; the clone's, with which more would go back, count for nothing."""
    forked = [capped.ride(minutes, card_counter=5) for minutes in (90, 80)]
    capped.upload(*forked, capped.ride(60, card_counter=6), capped.ride(50, card_counter=7))
    capped.close()
    assert capped.due() == 60
    assert len(aside(capped)) == 2


@pytest.mark.parametrize(("outcome", "due_fen"), [("merchant", 240), ("company", 240), ("holder", 240)])
def test_no_ride_is_given_back_twice(capped: Nights, outcome: str, due_fen: int) -> None:
    """Of three rides for 5.40 a branch is decided: the cap gives 2.40 back of three, or 0.60 of two, beside the 1.80 made good."""
    forked = [capped.ride(minutes, card_counter=5) for minutes in (90, 80)]
    capped.upload(*forked, capped.ride(60, card_counter=6), capped.ride(50, card_counter=7))
    capped.close()
    with reading(capped.sessions) as session:
        first = session.scalars(select(TapRecord.id).order_by(TapRecord.tapped_at).limit(1)).one()
    decided(capped.sessions, [line(first, outcome, 180)], capped.now)
    capped.close()
    assert capped.due() == due_fen


def test_what_was_given_back_stays_with_the_holder(capped: Nights) -> None:
    """A ride that a cap had given something back of is set aside with the rest only: the merchant has no more of it."""
    rides = [capped.ride(60, card_counter=6), capped.ride(50, card_counter=7)]
    capped.upload(*rides)
    capped.close()
    assert capped.due() == 60
    capped.upload(capped.ride(40, card_counter=7))
    capped.close()
    assert capped.due() == 60
    assert sorted(aside(capped)) == [(1, "counter_fork", 120, 20), (1, "counter_fork", 180, 20)]
    capped.upload(capped.ride(30, card_counter=8))
    capped.close()
    assert capped.due() == 120, "the history began again without the two"


def test_decided_taps_are_left_alone(nights: Nights) -> None:
    """People decided one branch for the merchant: a third branch sets only itself aside, and the sponsor pays for the decided one."""
    nights.upload(nights.ride(60, card_counter=5), nights.ride(50, card_counter=5))
    nights.close()
    with transaction(nights.sessions) as session:
        first, second = session.scalars(select(TapRecord.id).order_by(TapRecord.id))
        rows = open_asides(session, [first, second])
        assert set(rows) == {first, second}
        session.add(_decision(approved(session, "tariff.publish", {}, nights.now), first, nights))
        transfers = restored_subsidies(session, [rows[first]], nights.now)
        assert [transfer.reference for transfer in transfers] == [f"{rows[first].reference}:restored:1"]
        post(session, transfers, now=nights.now)
    nights.upload(nights.ride(40, card_counter=5))
    nights.close()
    assert len(aside(nights)) == 3
    assert nights.balance(chart.owed("sponsor", SPONSOR)) == 20
    assert len(found(nights, FindingKind.COUNTER_FORK)) == 3
    with reading(nights.sessions) as session:
        assert first not in open_asides(session, [first, second])


def _decision(approval_id: str, record_id: int, nights: Nights) -> TapDecision:
    return TapDecision(
        record_id=record_id,
        outcome="merchant",
        amount_fen=180,
        reference=f"approval:{approval_id}:1",
        merchant_id=nights.city.merchant_id,
        subsidy_fen=20,
        finding_to=0,
        approval_id=approval_id,
        line=1,
        decided_by="staff_checker",
        decided_at=nights.now,
    )
