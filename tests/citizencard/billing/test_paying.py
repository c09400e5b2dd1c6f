"""Paying bills."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from citizencard import chart
from citizencard.audit import ID_NUMBER_OR_MOBILE
from citizencard.billing.errors import BillNotPayable, BillUnknown
from citizencard.billing.models import BillPayment, BillState
from citizencard.billing.paying import (
    BillPaid,
    cancel_bill,
    pay_from_account,
    payable,
    receipt_payload,
    take_charge,
    unpay,
)
from citizencard.db import Sessions, reading, transaction
from citizencard.receipts.models import Receipt
from ledger import AccountState, Transfer, existing, post, set_account_state
from ledger.errors import AccountFrozen, BalanceTooLow
from tests.citizencard.accounts.make_accounts import at_once
from tests.citizencard.billing.make_bills import HOUSE, Waterworks, file_of, row

CHARGE = "pay_00000000000000000001"
WATER_FEN = 4_950


def pay(works: Waterworks, bill_id: str, account_id: str = "", now: datetime | None = None) -> BillPaid:
    with transaction(works.sessions) as session:
        return pay_from_account(session, bill_id, account_id or works.account_id, works.deed(now))


def charge(works: Waterworks, bill_id: str, version: int, payment_id: str = CHARGE) -> str:
    """A charge of the payment service is booked as checkout does it: for the bill, or to be given back."""
    with transaction(works.sessions) as session:
        code = take_charge(session, bill_id, version, payment_id, works.now)
        credit = code or chart.refund(payment_id)
        chart.open_missing(session, [chart.STRIPE, credit])
        booked = Transfer(f"stripe:pi_{payment_id}:charge", chart.STRIPE, credit, WATER_FEN, "stripe_charge", works.now)
        post(session, [booked], now=works.now)
    return credit


def test_bill_is_paid_from_the_account(works: Waterworks) -> None:
    """Eighteen tonnes of water cost 49.50: the account falls by it, the utility has it, the slip says so."""
    bill_id = works.bill()
    paid = pay(works, bill_id)
    assert works.money() == (20_000 - WATER_FEN, 20_000, WATER_FEN)
    bill = works.found()
    assert (bill.state, bill.paid_by, bill.paid_at) == (BillState.PAID, paid.payment_id, works.now)
    assert paid.receipt.amount_fen == WATER_FEN
    assert paid.receipt.payload["quantity"] == 18
    with reading(works.sessions) as session:
        assert session.get_one(BillPayment, paid.payment_id).account_id == works.account_id


def test_bill_is_paid_once_however_often_it_is_asked(works: Waterworks) -> None:
    """A resident who taps twice pays once and gets the same slip."""
    bill_id = works.bill()
    first = pay(works, bill_id)
    again = pay(works, bill_id, now=works.now + timedelta(minutes=5))
    assert (again.payment_id, again.receipt.token) == (first.payment_id, first.receipt.token)
    assert works.money()[0] == 20_000 - WATER_FEN


def test_bill_that_somebody_else_paid_is_refused(works: Waterworks) -> None:
    """A neighbour who is late keeps the money."""
    bill_id = works.bill()
    pay(works, bill_id)
    with pytest.raises(BillNotPayable) as refusal:
        pay(works, bill_id, works.other_account_id)
    assert refusal.value.public_fields() == {"bill_id": bill_id, "state": "paid"}
    assert works.money()[1] == 20_000


def test_account_that_cannot_pay_leaves_the_bill_open(works: Waterworks) -> None:
    """Too little money or a lost card: nothing is charged, nothing is marked."""
    dear = works.bill(quantity=90)
    with pytest.raises(BalanceTooLow):
        pay(works, dear)
    cheap = works.bill("W2")
    with transaction(works.sessions) as session:
        set_account_state(session, chart.wallet(works.account_id), AccountState.FROZEN)
    with pytest.raises(AccountFrozen):
        pay(works, cheap)
    assert works.found().state == works.found("W2").state == BillState.OPEN
    with reading(works.sessions) as session:
        assert payable(session, cheap).amount_fen == WATER_FEN
        assert session.scalar(select(func.count()).select_from(Receipt)) == 0


def test_unknown_bill_is_named(works: Waterworks) -> None:
    """An address with a typing mistake says so, whichever way the bill is asked for."""
    with reading(works.sessions) as session:
        with pytest.raises(BillUnknown):
            payable(session, "bil_x")
        with pytest.raises(BillUnknown):
            receipt_payload(session, "bil_x", "online")
    with pytest.raises(BillUnknown):
        pay(works, "bil_x")
    with transaction(works.sessions) as session:
        assert take_charge(session, "bil_x", 1, CHARGE, works.now) is None
        with pytest.raises(BillUnknown):
            unpay(session, "bil_x", CHARGE, works.now)
        with pytest.raises(BillUnknown):
            cancel_bill(session, "bil_x", works.deed())


def test_charge_pays_a_bill_and_is_taken_once(works: Waterworks) -> None:
    """The report of a charge that comes twice credits the utility once."""
    bill_id = works.bill()
    assert charge(works, bill_id, 1) == chart.clearing(works.merchant_id)
    assert charge(works, bill_id, 1) == chart.clearing(works.merchant_id)
    assert works.found().paid_by == CHARGE
    assert works.money()[2] == WATER_FEN


@pytest.mark.parametrize("happened", ["paid", "corrected", "cancelled"])
def test_charge_for_a_bill_that_is_not_payable_any_more_goes_back(works: Waterworks, happened: str) -> None:
    """While somebody paid at the bank's page the bill was paid, corrected or taken back: their money is given back."""
    bill_id = works.bill()
    if happened == "paid":
        pay(works, bill_id)
    elif happened == "corrected":
        works.take(file_of(row(quantity=17)))
    else:
        _cancel(works, bill_id)
    assert charge(works, bill_id, 1) == chart.refund(CHARGE)
    assert works.found().paid_by != CHARGE


def _cancel(works: Waterworks, bill_id: str) -> None:
    with transaction(works.sessions) as session:
        cancel_bill(session, bill_id, works.deed())


def test_refund_opens_the_bill_again_under_a_new_version(works: Waterworks) -> None:
    """What is given back whole is owed again; the next payment has its own slip, and a late report of the first charge pays nothing."""
    bill_id = works.bill()
    charge(works, bill_id, 1)
    with transaction(works.sessions) as session:
        unpay(session, bill_id, "pay_of_somebody_else", works.now)
        assert session.get_one(BillPayment, CHARGE).bill_version == 1
    assert works.found().state == BillState.PAID
    for _ in range(2):
        with transaction(works.sessions) as session:
            unpay(session, bill_id, CHARGE, works.now)
    bill = works.found()
    assert (bill.state, bill.version, bill.paid_by) == (BillState.OPEN, 2, None)
    with transaction(works.sessions) as session:
        assert take_charge(session, bill_id, 1, CHARGE, works.now) is None
    paid = pay(works, bill_id)
    assert works.found().paid_by == paid.payment_id


def test_cancelled_bill_stays_cancelled_and_a_paid_one_is_not_cancelled(works: Waterworks) -> None:
    """The utility cannot take back what is paid without giving the money back."""
    bill_id, paid_id = works.bill(), works.bill("W2")
    pay(works, paid_id)
    _cancel(works, bill_id)
    _cancel(works, bill_id)
    with pytest.raises(BillNotPayable):
        pay(works, bill_id)
    with pytest.raises(BillNotPayable):
        _cancel(works, paid_id)
    assert works.found().state == BillState.CANCELLED


def test_account_and_charge_at_once_one_wins(committed: Sessions, now: datetime) -> None:
    """A bill paid in the same moment from the account, by a neighbour and by charge is paid once; the others' money is theirs."""
    works = Waterworks.open(committed, now)
    for number in range(4):  # what one account can pay, should it win every time
        serial = f"W{number}"
        bill_id, before = works.bill(serial), works.money()

        def try_account(account_id: str, bill_id: str = bill_id) -> str:
            try:
                return pay(works, bill_id, account_id).payment_id
            except BillNotPayable:
                return ""

        answers = at_once(
            [
                lambda: try_account(works.account_id),
                lambda: try_account(works.other_account_id),
                lambda number=number, bill_id=bill_id: charge(works, bill_id, 1, f"pay_{number}"),  # type: ignore[misc] # the loop's values, bound now
            ]
        )
        after = works.money()
        assert after[2] - before[2] == WATER_FEN
        spent = before[0] + before[1] - after[0] - after[1]
        by_charge = works.found(serial).paid_by == f"pay_{number}"
        assert spent == (0 if by_charge else WATER_FEN)
        assert (chart.refund(f"pay_{number}") in answers) is not by_charge
        with reading(committed) as session:
            assert (not existing(session, [chart.refund(f"pay_{number}")])) is by_charge


def test_slip_names_nobody(works: Waterworks) -> None:
    """Whoever finds a slip in the street learns neither who nor which household."""
    bill_id = works.bill()
    with reading(works.sessions) as session:
        said = json.dumps(receipt_payload(session, bill_id, "account"), ensure_ascii=False)
    assert HOUSE not in said
    assert "····3344" in said
    assert works.person_id not in said
    assert works.account_id not in said
    assert not ID_NUMBER_OR_MOBILE.search(said)
