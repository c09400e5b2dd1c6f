"""Paying bills: from an on-line account, or by a charge that somebody else books. Order of locks: bill row, then the ledger's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.accounts.registry import find_account
from citizencard.audit import Actor, record
from citizencard.billing.errors import BillNotPayable, BillUnknown
from citizencard.billing.models import Bill, BillPayment, BillState, UtilityService, Way
from citizencard.billing.views import BillView, bill_view, masked
from citizencard.cards.states import Deed
from citizencard.db import new_id
from citizencard.merchants.registry import merchant_by_id
from citizencard.receipts.issuing import NewReceipt, issue
from citizencard.receipts.models import Receipt, ReceiptKind
from ledger import Transfer, post

KIND: Final = "bill_payment"
CHECKOUT: Final = Actor("system", "checkout")
"""Who pays by a charge: the payment service's report is booked by the city itself."""


@dataclass(frozen=True, slots=True)
class BillPaid:
    """A bill was paid from an account: by which payment, and the slip for it."""

    payment_id: str
    receipt: Receipt


def payable(session: Session, bill_id: str, *, lock: bool = False) -> BillView:
    """A bill that can be paid now; by the time of paying it may not be payable any more, unless `lock` holds its row until then.

    Raises:
        BillUnknown: there is none.
        BillNotPayable: it is paid or cancelled.
    """
    bill = _locked(session, bill_id) if lock else session.get(Bill, bill_id)
    if bill is None:
        raise BillUnknown("no such bill", bill_id=bill_id)
    _require_open(bill)
    return bill_view(session, bill)


def pay_from_account(session: Session, bill_id: str, account_id: str, deed: Deed) -> BillPaid:
    """Flow 21: pay a bill from an on-line account, and give the slip. Paid by this account already, the first answer is given again.

    Raises:
        UnknownOnlineAccount: there is no such account.
        BillUnknown: there is no such bill.
        BillNotPayable: somebody else paid it, or it was cancelled.
        BalanceTooLow, AccountFrozen, AccountClosed: the account does not pay; nothing is changed.
    """
    account = find_account(session, account_id)
    bill = _locked(session, bill_id)
    if bill is None:
        raise BillUnknown("no such bill", bill_id=bill_id)
    earlier = None if bill.paid_by is None else session.get(BillPayment, bill.paid_by)
    if earlier is not None and earlier.account_id == account.id:
        return BillPaid(earlier.id, _receipt(session, bill, earlier))
    _require_open(bill)
    clearing = _clearing(session, bill)
    payment_id = new_id("bpm")
    transfer = Transfer(
        reference=f"bill:{bill.id}:{bill.version}:{payment_id}",
        debit=chart.wallet(account.id),
        credit=clearing,
        amount_fen=bill.amount_fen,
        kind=KIND,
        occurred_at=deed.now,
        metadata={"bill": bill.id, "service": bill.service_id},
    )
    post(session, [transfer], now=deed.now)
    payment = _mark_paid(session, bill, payment_id, account.id, deed)
    return BillPaid(payment.id, _receipt(session, bill, payment))


def take_charge(session: Session, bill_id: str, version: int, payment_id: str, now: datetime) -> str | None:
    """Take a charge that succeeded for a bill. Asked again for the payment that paid it, the same account is named again.

    Args:
        session: the caller's transaction, which books the charge.
        bill_id: what the charge was begun for.
        version: of the bill, when it was begun.
        payment_id: of the charge; it is what the bill is paid by from now on.
        now: when it is booked.

    Returns:
        The code of the account to credit; None when the bill is not payable any more (paid, cancelled, corrected since): give it back.
    """
    bill = _locked(session, bill_id)
    if bill is None:
        return None
    if bill.paid_by == payment_id:
        return _clearing(session, bill)
    if bill.state != BillState.OPEN or bill.version != version:
        return None
    _mark_paid(session, bill, payment_id, None, Deed(CHECKOUT, now))
    return _clearing(session, bill)


def unpay(session: Session, bill_id: str, payment_id: str, now: datetime) -> None:
    """A payment is given back whole: its bill is open again, under a new version. Of another payment nothing is changed.

    Raises:
        BillUnknown: there is no such bill.
    """
    bill = _locked(session, bill_id)
    if bill is None:
        raise BillUnknown("no such bill", bill_id=bill_id)
    if bill.paid_by != payment_id:
        return
    before = _audited(bill)
    bill.state, bill.paid_by, bill.paid_at = BillState.OPEN, None, None
    bill.version += 1
    session.flush()
    record(session, CHECKOUT, "bill.unpay", bill.id, before=before, after=_audited(bill), now=now)


def cancel_bill(session: Session, bill_id: str, deed: Deed) -> None:
    """The utility takes a bill back: nobody can pay it any more. One that is cancelled stays so.

    Raises:
        BillUnknown: there is no such bill.
        BillNotPayable: it is paid; the money is given back first.
    """
    bill = _locked(session, bill_id)
    if bill is None:
        raise BillUnknown("no such bill", bill_id=bill_id)
    if bill.state == BillState.CANCELLED:
        return
    _require_open(bill)
    bill.state = BillState.CANCELLED
    session.flush()
    record(session, deed.actor, "bill.cancel", bill.id, reason=deed.reason, after=_audited(bill), now=deed.now)


def receipt_payload(session: Session, bill_id: str, how: str) -> dict[str, Any]:
    """What the slip for a bill shows beside amount and time; no names of people, the household masked.

    Args:
        session: for reading.
        bill_id: the bill, as it was paid.
        how: `account` or `online`.

    Raises:
        BillUnknown: there is no such bill.
    """
    bill = session.get(Bill, bill_id)
    if bill is None:
        raise BillUnknown("no such bill", bill_id=bill_id)
    service = session.get_one(UtilityService, bill.service_id)
    return {
        "utility": merchant_by_id(session, service.merchant_id).name,
        "service": service.name,
        "household": masked(bill.customer_number),
        "period_from": bill.period_from.isoformat(),
        "period_to": bill.period_to.isoformat(),
        "quantity": bill.quantity,
        "unit": bill.unit,
        "parts": [dict(part) for part in bill.parts],
        "tariff_version": bill.tariff_version,
        "bill": bill.id,
        "how": how,
    }


def _locked(session: Session, bill_id: str) -> Bill | None:
    return session.scalars(
        select(Bill).where(Bill.id == bill_id).with_for_update(), execution_options={"populate_existing": True}
    ).one_or_none()


def _require_open(bill: Bill) -> None:
    if bill.state != BillState.OPEN:
        raise BillNotPayable(f"the bill is {bill.state}", bill_id=bill.id, state=str(bill.state))


def _clearing(session: Session, bill: Bill) -> str:
    service = session.get_one(UtilityService, bill.service_id)
    code = chart.clearing(service.merchant_id)
    chart.open_missing(session, [code])
    return code


def _mark_paid(session: Session, bill: Bill, payment_id: str, account_id: str | None, deed: Deed) -> BillPayment:
    before = _audited(bill)
    payment = BillPayment(
        id=payment_id,
        bill_id=bill.id,
        bill_version=bill.version,
        way=Way.CHARGE if account_id is None else Way.ACCOUNT,
        account_id=account_id,
        amount_fen=bill.amount_fen,
        paid_at=deed.now,
    )
    session.add(payment)
    bill.state, bill.paid_by, bill.paid_at = BillState.PAID, payment_id, deed.now
    session.flush()
    record(session, deed.actor, "bill.pay", bill.id, before=before, after=_audited(bill), now=deed.now)
    return payment


def _receipt(session: Session, bill: Bill, payment: BillPayment) -> Receipt:
    payload = receipt_payload(session, bill.id, "account")
    return issue(session, NewReceipt(ReceiptKind.BILL, payment.id, payment.amount_fen, payload), payment.paid_at)


def _audited(bill: Bill) -> dict[str, object]:
    return {"state": str(bill.state), "version": bill.version, "paid_by": bill.paid_by, "amount_fen": bill.amount_fen}
