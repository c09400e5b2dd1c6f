"""Paying, step by step: stored with its key and committed, then asked with no transaction open, then the outcome written down.

A crash between any two steps leaves a row that says what was begun. Whoever looks at it next (the payer's own page, or the sweep) goes
on from there once the lease is over, with the same key.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.exc import DBAPIError

from citizencard.checkout.asking import ask, find_refund_outcome
from citizencard.checkout.attempts import Task, has_open, open_attempt, take_open, write_down
from citizencard.checkout.errors import PaymentBusy, PaymentStateForbids
from citizencard.checkout.orders import NewCheckout, PayBy, locked_order, provider_id_of, require_payable, write_order
from citizencard.checkout.reports import take_report
from citizencard.checkout.sendings import let_go, refuse_sending, take_refund_report, take_sending, unsent
from citizencard.checkout.views import PaymentView, payment_view
from citizencard.db import Sessions, reading, transaction
from citizencard.errors import CitizencardError
from citizencard.payments.gateway import Attempt, Confirmation, Done, NewPayment, PaymentGateway, Refund
from citizencard.payments.models import FINAL, Act, OrderState
from citizencard.payments.states import PaymentState
from ledger.errors import LedgerError

CONFIRMABLE: Final = frozenset({OrderState.WAITING, OrderState.ACTION})
PAGE: Final = 100
MAX_REFUNDS_AT_ONCE: Final = 10_000
_TRIAL: Final = Attempt("trial", "trial")

log = logging.getLogger("citizencard.checkout")


@dataclass(frozen=True, slots=True)
class RefundsSent:
    """How many refunds have come to an end at the provider, and how many are still without an answer."""

    ended: int
    still_open: int


def begin(sessions: Sessions, gateway: PaymentGateway, wanted: NewCheckout, now: datetime) -> PaymentView:
    """Begin a payment: write it down, then let the provider prepare it. No money moves.

    When the provider does not answer, the payment stays `created` with the problem `unknown`, and `refresh` or the sweep go on.

    Raises:
        CheckoutAmountInvalid, CheckoutAmountDiffers, BillUnknown, BillNotPayable, UnknownOnlineAccount, NoRoomInAccount:
            see `orders.write_order`; nothing was begun.
        PaymentRequestInvalid: the methods are not usable; nothing was begun.
    """
    NewPayment(_TRIAL, 1, wanted.methods, wanted.method)
    with transaction(sessions) as session:
        order, is_new = write_order(session, wanted, now)
        task = open_attempt(session, order, Act.CREATE, PayBy(method=wanted.method), now) if is_new else None
        payment_id = order.id
    if task is None:
        return refresh(sessions, gateway, payment_id, now)
    return _carry_out(sessions, gateway, task, now)


def confirm(sessions: Sessions, gateway: PaymentGateway, payment_id: str, pay_by: PayBy, now: datetime) -> PaymentView:
    """Make a payment. A state of `action` in the answer means that the payer goes to `next_url`; a decline shows as `problem`.

    Called again after a decline it is a new try with a key of its own; called while it is not known how the last one ended, it finds out
    first.

    Raises:
        PaymentUnknown: there is none.
        PaymentRequestInvalid: the method is not usable.
        PaymentBusy: somebody else is asking, or nobody could find out yet how the last try ended.
        PaymentStateForbids: it has ended, or is being processed.
        BillUnknown, BillNotPayable, CheckoutAmountDiffers: see `orders.require_payable`.
    """
    Confirmation(_TRIAL, "pi_trial", pay_by.method, pay_by.redirect, pay_by.return_url)
    _go_on(sessions, gateway, payment_id, now)
    with transaction(sessions) as session:
        order = locked_order(session, payment_id)
        if has_open(session, payment_id):
            raise PaymentBusy("it is not known yet how the last try ended", payment_id=payment_id)
        if order.state not in CONFIRMABLE:
            raise PaymentStateForbids(f"the payment is {order.state}", payment_id=payment_id, state=order.state)
        require_payable(session, order)
        is_chosen = pay_by.method == order.method and order.provider_state == PaymentState.REQUIRES_CONFIRMATION
        sent = PayBy(None, pay_by.redirect, pay_by.return_url) if is_chosen else pay_by
        task = open_attempt(session, order, Act.CONFIRM, sent, now)
    return _carry_out(sessions, gateway, task, now)


def cancel(sessions: Sessions, gateway: PaymentGateway, payment_id: str, now: datetime) -> PaymentView:
    """Give a payment up. One that has ended stays as it is: the answer shows how.

    Raises:
        PaymentUnknown: there is none.
        PaymentBusy: somebody else is asking, or nobody could find out yet how the last try ended.
    """
    _go_on(sessions, gateway, payment_id, now)
    with transaction(sessions) as session:
        order = locked_order(session, payment_id)
        if has_open(session, payment_id):
            raise PaymentBusy("it is not known yet how the last try ended", payment_id=payment_id)
        task = None if order.state in FINAL else open_attempt(session, order, Act.CANCEL, PayBy(), now)
    return _see(sessions, payment_id) if task is None else _carry_out(sessions, gateway, task, now)


def refresh(sessions: Sessions, gateway: PaymentGateway, payment_id: str, now: datetime) -> PaymentView:
    """Find out where a payment stands: go on with a try that has no end, else look the payment up. Nobody waits for somebody else.

    Raises:
        PaymentUnknown: there is none.
    """
    try:
        if _go_on(sessions, gateway, payment_id, now):
            return _see(sessions, payment_id)
    except PaymentBusy:
        return _see(sessions, payment_id)
    with reading(sessions) as session:
        view = payment_view(session, payment_id)
        provider_id = provider_id_of(session, payment_id)
    if view.state in FINAL or provider_id is None:
        return view
    found = gateway.payment(provider_id)
    if isinstance(found, Done):
        with transaction(sessions) as session:
            take_report(session, locked_order(session, payment_id), found.value, now)
    return _see(sessions, payment_id)


def send_refunds(
    sessions: Sessions, gateway: PaymentGateway, now: datetime, payment_id: str | None = None
) -> RefundsSent:
    """Send what is decided and not sent, of one payment or of all; whatever has no answer stays for the next time, with its key.

    So does what a refusal here or the database stops: the others are sent all the same.
    """
    ended, still_open, after = 0, 0, ""
    while ended + still_open < MAX_REFUNDS_AT_ONCE:
        with reading(sessions) as session:
            page = unsent(session, now, payment_id=payment_id, after=after, limit=PAGE)
        for refund_id in page:
            if _send_refund(sessions, gateway, refund_id, now):
                ended += 1
            else:
                still_open += 1
        if len(page) < PAGE:
            break
        after = page[-1]
    return RefundsSent(ended, still_open)


def _send_refund(sessions: Sessions, gateway: PaymentGateway, refund_id: str, now: datetime) -> bool:
    try:
        return _try_to_send(sessions, gateway, refund_id, now)
    except (CitizencardError, LedgerError, DBAPIError) as refusal:
        log.warning("%s is left for the next sweep: %s", refund_id, type(refusal).__name__)
        return False


def _try_to_send(sessions: Sessions, gateway: PaymentGateway, refund_id: str, now: datetime) -> bool:
    with transaction(sessions) as session:
        sending = take_sending(session, refund_id, now)
    if sending is None:
        return True
    heard = find_refund_outcome(gateway, sending, now)
    with transaction(sessions) as session:
        if isinstance(heard.seen, Refund):
            take_refund_report(session, refund_id, heard.seen, now)
            return True
        if heard.is_refused:
            refuse_sending(session, sending, heard.problem, now)
            return True
        let_go(session, sending, heard.problem, begin_anew=heard.is_over, now=now)
    return False


def _go_on(sessions: Sessions, gateway: PaymentGateway, payment_id: str, now: datetime) -> bool:
    """Find out how an open try ended; whether there was one."""
    with transaction(sessions) as session:
        task = take_open(session, locked_order(session, payment_id), now)
    if task is not None:
        _carry_out(sessions, gateway, task, now)
    return task is not None


def _carry_out(sessions: Sessions, gateway: PaymentGateway, task: Task, now: datetime) -> PaymentView:
    heard = ask(gateway, task, now)
    with transaction(sessions) as session:
        write_down(session, task, heard, now)
    return _see(sessions, task.payment_id)


def _see(sessions: Sessions, payment_id: str) -> PaymentView:
    with reading(sessions) as session:
        return payment_view(session, payment_id)
