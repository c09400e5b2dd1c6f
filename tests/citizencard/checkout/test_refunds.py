"""Money that goes back: decided by two people, never more than was paid, sent once."""

import pytest

from citizencard.accounts.registry import match_state
from citizencard.approvals.decisions import approve, find_approval
from citizencard.approvals.errors import ApprovalAlreadyExecuted, FourEyesNeeded
from citizencard.audit import Actor
from citizencard.billing.paying import pay_from_account
from citizencard.checkout.errors import PaymentUnknown, RefundNotPossible, RefundTooLarge
from citizencard.checkout.refunds import propose_refund, refund_as_approved
from citizencard.db import reading, transaction
from citizencard.receipts.issuing import by_subject
from ledger.errors import BalanceTooLow
from tests.citizencard.checkout.make_checkout import BILL_FEN, CHECKER, MAKER, Office

SAME_PERSON = Actor("staff", "stf_other_login", MAKER.person_id, "supervisor")


def propose(desk: Office, payment_id: str, amount_fen: int) -> str:
    with transaction(desk.sessions) as session:
        return propose_refund(session, payment_id, amount_fen, "paid twice", MAKER, desk.now).id


def test_a_whole_refund_opens_the_bill_again(desk: Office) -> None:
    """A bill that was paid by mistake is given back: the utility has nothing, the bill is open, and there is a slip that says so."""
    paid = desk.paid_bill()
    refund = desk.refund(paid.id, BILL_FEN)
    assert desk.money(paid.id) == {
        "wallet": desk.money()["wallet"], "utility": 0, "refund": BILL_FEN, "suspense": 0, "stripe": BILL_FEN
    }  # fmt: skip
    bill = desk.works.found()
    assert (bill.state, bill.version, bill.paid_by) == ("open", 2, None)
    sent = desk.send_refunds()
    assert (sent.ended, sent.still_open) == (1, 0)
    held = desk.money(paid.id)
    assert (held["refund"], held["stripe"]) == (0, 0)
    seen = desk.see(paid.id)
    assert (seen.refunded_fen, seen.refunds[0].state, seen.refunds[0].why) == (BILL_FEN, "succeeded", "approved")
    with reading(desk.sessions) as session:
        receipt = by_subject(session, "refund", refund.id)
    assert receipt is not None
    assert receipt.amount_fen == BILL_FEN
    assert desk.send_refunds().ended == 0
    with transaction(desk.sessions) as session:
        pay_from_account(session, bill.id, desk.works.account_id, desk.works.deed())


def test_parts_never_make_more_than_the_whole(desk: Office) -> None:
    """Twenty yuan, then what is left, and not a fen more."""
    paid = desk.paid_bill()
    desk.refund(paid.id, 2_000)
    assert desk.works.found().state == "paid"
    with pytest.raises(RefundTooLarge) as refused:
        propose(desk, paid.id, BILL_FEN - 2_000 + 1)
    assert refused.value.public_fields() == {"amount_fen": 2_951, "left_fen": 2_950}
    desk.refund(paid.id, 2_950)
    assert desk.works.found().state == "open"
    assert desk.send_refunds().ended == 2
    assert desk.money(paid.id)["stripe"] == 0
    with pytest.raises(RefundTooLarge):
        propose(desk, paid.id, 1)


def test_two_proposals_of_the_whole_are_carried_out_once(desk: Office) -> None:
    """Two clerks propose the same refund and both are approved: the second finds nothing left, and takes nothing."""
    paid = desk.paid_bill()
    first, second = propose(desk, paid.id, BILL_FEN), propose(desk, paid.id, BILL_FEN)
    with transaction(desk.sessions) as session:
        refund_as_approved(session, approve(session, first, CHECKER, desk.now), CHECKER, desk.now)
    with pytest.raises(RefundTooLarge), transaction(desk.sessions) as session:
        refund_as_approved(session, approve(session, second, CHECKER, desk.now), CHECKER, desk.now)
    with pytest.raises(ApprovalAlreadyExecuted), transaction(desk.sessions) as session:
        refund_as_approved(session, find_approval(session, first), CHECKER, desk.now)
    assert desk.send_refunds().ended == 1
    assert desk.money(paid.id)["stripe"] == 0


def test_who_proposes_does_not_approve(desk: Office) -> None:
    """Not under another login either: four eyes are those of two people."""
    paid = desk.paid_bill()
    proposed = propose(desk, paid.id, BILL_FEN)
    for same in (MAKER, SAME_PERSON):
        with pytest.raises(FourEyesNeeded), transaction(desk.sessions) as session:
            approve(session, proposed, same, desk.now)
    assert desk.money(paid.id)["refund"] == 0


def test_what_was_not_paid_does_not_go_back(desk: Office) -> None:
    """An open payment, an unknown one, and nothing at all are refused."""
    begun = desk.begin_bill()
    with pytest.raises(RefundNotPossible):
        propose(desk, begun.id, 1)
    with pytest.raises(PaymentUnknown):
        propose(desk, "pay_none", 1)
    desk.confirm(begun.id)
    with pytest.raises(RefundTooLarge):
        propose(desk, begun.id, 0)


def test_a_top_up_goes_back_from_the_account(desk: Office) -> None:
    """Money that was paid in leaves the account again, the way it came."""
    before = desk.money()["wallet"]
    paid = desk.confirm(desk.begin_top_up(3_000).id)
    desk.refund(paid.id, 1_000)
    assert desk.money()["wallet"] == before + 2_000
    desk.send_refunds()
    assert desk.money(paid.id)["stripe"] == 2_000


def test_a_top_up_that_is_spent_does_not_go_back(desk: Office) -> None:
    """What is no longer in the account cannot be given back from it, and nothing is changed."""
    paid = desk.confirm(desk.begin_top_up(3_000).id)
    for number in range(4):
        with transaction(desk.sessions) as session:
            bill = desk.works.bill(f"X{number}", quantity=20)
            pay_from_account(session, bill, desk.works.account_id, desk.works.deed())
    proposed = propose(desk, paid.id, 3_000)
    with pytest.raises(BalanceTooLow), transaction(desk.sessions) as session:
        refund_as_approved(session, approve(session, proposed, CHECKER, desk.now), CHECKER, desk.now)
    assert desk.see(paid.id).refunds == ()
    with transaction(desk.sessions) as session:
        match_state(session, desk.works.account_id, desk.works.deed())
