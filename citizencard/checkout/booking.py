"""Charges in the books: each once, whoever reports it first, and never refused, because the money has come.

A charge is booked as what it was asked for only if it is the amount that was asked for, in our currency. Everything else that came is a
fact all the same: of one of our payments it goes to `refund:<payment>`, of a stranger's to suspense, and a person sees a finding. What
has no room, or nothing to pay any more, goes to `refund:<payment>` and is sent back without asking anybody: it was never ours.
"""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.audit import record
from citizencard.billing import paying
from citizencard.checkout import findings
from citizencard.checkout.orders import CHECKOUT, end
from citizencard.checkout.sendings import decide_refund
from citizencard.payments.gateway import CURRENCY, Payment
from citizencard.payments.models import FindingKind, OrderState, PaymentOrder, Purpose
from citizencard.receipts.issuing import NewReceipt, issue
from citizencard.receipts.models import ReceiptKind
from ledger import Transfer, balance, post
from ledger.errors import AccountClosed, CeilingExceeded

KIND: Final = "stripe_charge"
NO_ROOM: Final = "no_room"
NOT_PAYABLE: Final = "not_payable"
SECOND: Final = "second_charge"
SHOWN_CHARACTERS: Final = 4
"""Of an account's id on a slip."""


def charge_reference(charge_id: str) -> str:
    """Name of a charge in the books."""
    return f"stripe:{charge_id}:charge"


def book_charge(session: Session, order: PaymentOrder, seen: Payment, now: datetime) -> bool:
    """Book the charge of a payment that succeeded, and end the payment; the caller holds the payment's row.

    Returns:
        Whether money moved in the books now; False when it had before, or when nothing was received that could be booked.
    """
    if order.charged_fen is not None or order.state == OrderState.MISMATCH:
        return False
    if seen.currency != CURRENCY:
        findings.keep(session, FindingKind.CURRENCY_DIFFERS, seen.id, order.id, {"currency": seen.currency[:8]}, now)
        end(session, order, OrderState.MISMATCH, now)
        return False
    if seen.received_fen != order.amount_fen or seen.amount_fen != order.amount_fen:
        return _book_mismatch(session, order, seen, now)
    why = _book_as_asked(session, order, seen, now)
    order.last_problem = why
    end(session, order, OrderState.SUCCEEDED, now)
    if why is not None:
        decide_refund(session, order, seen.id, seen.received_fen, why, now)
    _audit(session, order, now)
    return True


def book_second_charge(session: Session, order: PaymentOrder, seen: Payment, now: datetime) -> bool:
    """A charge that bears our payment's name and is not the one that we know: it goes back by itself, and a person sees it.

    Returns:
        Whether money moved in the books now.
    """
    if not findings.keep(session, FindingKind.SECOND_CHARGE, seen.id, order.id, figures(seen), now):
        return False
    if seen.currency != CURRENCY or seen.received_fen <= 0:
        return False
    post_charge(session, seen, chart.refund(order.id), now)
    decide_refund(session, order, seen.id, seen.received_fen, SECOND, now)
    return True


def post_charge(session: Session, seen: Payment, account: str, now: datetime, *, recharge: bool = False) -> None:
    """Post a charge of a provider's payment to an account.

    Raises:
        CeilingExceeded, AccountClosed: as `ledger.post`; nothing was written.
    """
    chart.open_missing(session, [chart.STRIPE, account])
    transfer = Transfer(
        reference=charge_reference(seen.id),
        debit=chart.STRIPE,
        credit=account,
        amount_fen=seen.received_fen,
        kind=KIND,
        occurred_at=now,
        metadata={"payment": seen.reference[:96]},
        recharge=recharge,
    )
    post(session, [transfer], now=now)


def figures(seen: Payment) -> dict[str, str | int]:
    """What a finding about a charge says."""
    return {"received_fen": seen.received_fen, "amount_fen": seen.amount_fen, "currency": seen.currency[:8]}


def _book_as_asked(session: Session, order: PaymentOrder, seen: Payment, now: datetime) -> str | None:
    """Book what was asked for; returns why it has to go back, if it has."""
    if order.purpose == Purpose.BILL:
        account = paying.take_charge(session, order.subject_id, order.bill_version or 0, order.id, now)
        if account is None:
            _credit(session, order, seen, chart.refund(order.id), now)
            return NOT_PAYABLE
        _credit(session, order, seen, account, now)
        payload = paying.receipt_payload(session, order.subject_id, "online")
        issue(session, NewReceipt(ReceiptKind.BILL, order.id, order.amount_fen, payload), now)
        return None
    wallet = chart.wallet(order.subject_id)
    try:
        _credit(session, order, seen, wallet, now, recharge=True)
    except (CeilingExceeded, AccountClosed):
        _credit(session, order, seen, chart.refund(order.id), now)
        return NO_ROOM
    slip = {
        "how": "online",
        "account": f"····{order.subject_id[-SHOWN_CHARACTERS:]}",
        "balance_fen": balance(session, wallet).balance_fen,
    }
    issue(session, NewReceipt(ReceiptKind.TOP_UP, order.id, order.amount_fen, slip), now)
    return None


def _credit(  # noqa: PLR0913 # private: what is posted, and whose row says so
    session: Session, order: PaymentOrder, seen: Payment, account: str, now: datetime, *, recharge: bool = False
) -> None:
    post_charge(session, seen, account, now, recharge=recharge)
    order.credited, order.charged_fen = account, seen.received_fen


def _book_mismatch(session: Session, order: PaymentOrder, seen: Payment, now: datetime) -> bool:
    findings.keep(
        session, FindingKind.AMOUNT_DIFFERS, seen.id, order.id, {**figures(seen), "asked_fen": order.amount_fen}, now
    )
    if seen.received_fen > 0:
        _credit(session, order, seen, chart.refund(order.id), now)
    end(session, order, OrderState.MISMATCH, now)
    _audit(session, order, now)
    return seen.received_fen > 0


def _audit(session: Session, order: PaymentOrder, now: datetime) -> None:
    after = {"charged_fen": order.charged_fen, "credited": order.credited}
    record(session, CHECKOUT, "payment.book", order.id, after=after, now=now)
