"""Decisions by two people about the money of taps."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from citizencard import chart
from citizencard.approvals.decisions import approve
from citizencard.approvals.errors import ApprovalDecided, ApprovalNotGiven, FourEyesNeeded
from citizencard.approvals.models import Approval
from citizencard.audit import AuditEntry
from citizencard.cards.models import Card, CardState
from citizencard.db import Sessions, reading, transaction
from citizencard.purse.decisions.models import TapDecision
from citizencard.settlement.findings.deciding import decide_as_approved
from citizencard.settlement.findings.errors import (
    DecisionLinesUnfit,
    FindingError,
    GoodwillTooHigh,
    HolderWithoutCard,
    TapAmountDiffers,
    TapDecided,
    TapMerchantUnfit,
    TapNotOpen,
    TapProposed,
    UnknownTap,
)
from citizencard.settlement.findings.lines import MAX_LINES, TAP_DECIDE
from ledger import balances, existing, prove
from tests.citizencard.purse.uploads.make_records import MAKER, SPONSOR, City
from tests.citizencard.settlement.findings.make_findings import agreed, decided, ids, line, proposed


def moved(sessions: Sessions, *codes: str) -> list[int]:
    """Balances on the normal side; accounts that were never opened hold nothing."""
    with reading(sessions) as session:
        known = existing(session, list(codes))
        found = balances(session, sorted(known))
    return [found[code].balance_fen if code in found else 0 for code in codes]


def test_merchant_gets_the_money_and_the_subsidy_of_a_ride(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """A ride decided for the merchant ends as if it had been accepted: the fare, and what the sponsor owes beside it."""
    third = ids(sessions)[2]
    before = moved(sessions, chart.clearing(doubtful.merchant_id), chart.subsidy(doubtful.merchant_id))
    approval = decided(sessions, [line(third, "merchant", 180)], now)
    suspense, clearing, subsidy, owed = moved(
        sessions,
        chart.merchant_suspense(doubtful.merchant_id),
        chart.clearing(doubtful.merchant_id),
        chart.subsidy(doubtful.merchant_id),
        chart.owed("sponsor", SPONSOR),
    )
    assert (suspense, clearing - before[0], subsidy - before[1]) == (180, 180, 20)
    assert owed == subsidy
    with reading(sessions) as session:
        one = session.scalars(select(TapDecision)).one()
        assert prove(session).proved
    assert (one.record_id, one.outcome, one.amount_fen, one.subsidy_fen) == (third, "merchant", 180, 20)
    assert (one.reference, one.approval_id, one.line) == (f"approval:{approval}:1", approval, 1)
    assert one.explanation is not None
    assert one.explanation["tariff_version"] == 3


def test_holder_gets_it_back_and_the_company_can_bear_it(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """Of two rides on a lost card the merchant gives one back, and the company makes the other good and pays the merchant."""
    _, _, third, fourth, *_ = ids(sessions)
    before = moved(sessions, chart.clearing(doubtful.merchant_id))
    decided(sessions, [line(third, "holder", 180), line(fourth, "company", 180)], now)
    found = moved(
        sessions,
        chart.merchant_suspense(doubtful.merchant_id),
        chart.due(doubtful.lost.card_id),
        chart.clearing(doubtful.merchant_id),
        chart.expense("hotlist_loss"),
    )
    assert found == [0, 360, before[0] + 180, 180]
    with reading(sessions) as session:
        made_good = session.scalars(select(TapDecision.made_good).where(TapDecision.outcome == "company")).one()
        acts = session.scalars(select(AuditEntry.subject).where(AuditEntry.act == TAP_DECIDE)).all()
    assert made_good is not None
    assert made_good.startswith("madegood:tap:")
    assert sorted(acts) == sorted([f"tap_{third}", f"tap_{fourth}"])


def test_money_of_an_unknown_module_goes_to_the_merchant_that_is_named(
    sessions: Sessions, doubtful: City, now: datetime
) -> None:
    """Where the registry names nobody two people must name who earned it; where it names somebody they cannot name another."""
    *_, third, _, _, stray = ids(sessions)
    with pytest.raises(TapMerchantUnfit):
        proposed(sessions, [line(stray, "merchant", 200)], now)
    with pytest.raises(TapMerchantUnfit):
        proposed(sessions, [line(stray, "merchant", 200, "mer_nobody")], now)
    with pytest.raises(TapMerchantUnfit):
        proposed(sessions, [line(third, "merchant", 180, "mer_other")], now)
    before = moved(sessions, chart.clearing(doubtful.merchant_id))
    decided(sessions, [line(stray, "merchant", 200, doubtful.merchant_id)], now)
    assert moved(sessions, chart.merchant_suspense(), chart.clearing(doubtful.merchant_id)) == [0, before[0] + 200]


def test_goodwill_is_the_companys_and_bounded_by_the_record(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """A merchant may get something for a record that was rejected, from the company, never more than the record says."""
    first, *_, forged, _ = ids(sessions)
    for amount in (0, 181):
        with pytest.raises(GoodwillTooHigh):
            proposed(sessions, [line(forged, "goodwill", amount)], now)
    with pytest.raises(TapNotOpen):
        proposed(sessions, [line(first, "goodwill", 180)], now)
    before = moved(sessions, chart.subsidy(doubtful.merchant_id))
    decided(sessions, [line(forged, "goodwill", 100, doubtful.merchant_id)], now)
    found = moved(sessions, chart.expense("goodwill"), chart.subsidy(doubtful.merchant_id))
    assert found == [100, before[0] + 100]


def test_what_is_not_open_cannot_be_proposed(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """Each line that cannot be carried out is refused by name, before anybody is asked to agree."""
    first, _, third, *_ = ids(sessions)
    wrong: list[tuple[list[tuple[int, str, int]], type[FindingError]]] = [
        ([], DecisionLinesUnfit),
        ([(third, "merchant", 180)] * 2, DecisionLinesUnfit),
        ([(number, "merchant", 1) for number in range(1, MAX_LINES + 2)], DecisionLinesUnfit),
        ([(999_999, "merchant", 180)], UnknownTap),
        ([(first, "merchant", 180)], TapNotOpen),
        ([(third, "holder", 179)], TapAmountDiffers),
        ([(third, "company", 181)], TapAmountDiffers),
    ]
    for lines, refusal in wrong:
        with pytest.raises(refusal):
            proposed(sessions, [line(*one) for one in lines], now)
    proposed(sessions, [line(third, "merchant", 180)], now)
    with pytest.raises(TapProposed):
        proposed(sessions, [line(third, "holder", 180)], now)
    assert doubtful.merchant_id


def test_one_person_is_not_enough_and_a_decision_takes_effect_once(
    sessions: Sessions, doubtful: City, now: datetime
) -> None:
    """The proposer cannot agree to it, and a second agreement changes nothing."""
    third = ids(sessions)[2]
    approval_id = proposed(sessions, [line(third, "holder", 180)], now)
    with pytest.raises(FourEyesNeeded), transaction(sessions) as session:
        approve(session, approval_id, MAKER, now)
    agreed(sessions, approval_id, now)
    with pytest.raises(ApprovalDecided):
        agreed(sessions, approval_id, now)
    assert moved(sessions, chart.due(doubtful.lost.card_id)) == [180]


def test_a_tap_decided_meanwhile_stops_the_whole_batch(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """When somebody else has decided about one of the taps, it is named, and no line of the batch is booked."""
    _, _, third, fourth, *_ = ids(sessions)
    late = now + timedelta(hours=73)
    decided(sessions, [line(third, "holder", 180)], late)
    with transaction(sessions) as session:
        session.expire_all()
    batch = [line(fourth, "merchant", 180), line(third, "merchant", 180)]
    with pytest.raises(TapDecided) as refused:
        proposed(sessions, batch, late)
    assert refused.value.fields["record"] == third
    assert moved(sessions, chart.merchant_suspense(doubtful.merchant_id)) == [180]


def test_two_proposals_of_one_tap_take_effect_once(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """Of two proposals about one tap that both wait, the second to be agreed to is refused and books nothing."""
    _, _, third, fourth, *_ = ids(sessions)
    first = proposed(sessions, [line(third, "merchant", 180)], now)
    with transaction(sessions) as session:
        # As if both had been proposed in the same moment.
        session.get_one(Approval, first).expires_at = now
    second = proposed(sessions, [line(fourth, "holder", 180), line(third, "holder", 180)], now)
    with transaction(sessions) as session:
        session.get_one(Approval, first).expires_at = now + timedelta(hours=1)
    agreed(sessions, first, now)
    with pytest.raises(TapDecided):
        agreed(sessions, second, now)
    assert moved(sessions, chart.due(doubtful.lost.card_id), chart.merchant_suspense(doubtful.merchant_id)) == [0, 180]


def test_holder_of_a_closed_card_has_no_account(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """Money cannot be given back to a card that is closed and that no other came in the place of: it is said, not lost."""
    third = ids(sessions)[2]
    with transaction(sessions) as session:
        session.get_one(Card, doubtful.lost.card_id).state = CardState.CLOSED
    for outcome in ("holder", "company"):
        with pytest.raises(HolderWithoutCard):
            proposed(sessions, [line(third, outcome, 180)], now)
    decided(sessions, [line(third, "merchant", 180)], now)


def test_effect_needs_the_approval(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """Nothing is booked that nobody agreed to."""
    third = ids(sessions)[2]
    approval_id = proposed(sessions, [line(third, "holder", 180)], now)
    with pytest.raises(ApprovalNotGiven), transaction(sessions) as session:
        decide_as_approved(session, session.get_one(Approval, approval_id), MAKER, now)
    assert moved(sessions, chart.due(doubtful.lost.card_id)) == [0]
