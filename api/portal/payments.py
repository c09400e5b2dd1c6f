"""A payment on-line from its confirmation to its end: always in words where it stands, what was charged and what was not."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from flask import Response

from api.city import city, now
from api.portal.blueprint import Nothing, NothingForm, pages
from api.portal.ways import gateway, page_to_go_to
from api.web.doors import resident
from api.web.forms import Choice, Form, new_form, read_form
from api.web.page import go_to, render_page
from api.web.submitting import answer_form
from citizencard.billing.errors import BillUnknown
from citizencard.billing.households import bill_of_person
from citizencard.checkout import flow
from citizencard.checkout.errors import PaymentBusy, PaymentStateForbids
from citizencard.checkout.orders import PayBy, find_order
from citizencard.checkout.views import PaymentView, payment_of_person
from citizencard.db import reading
from citizencard.payments.models import FINAL, OrderState, Purpose

PAGE: Final = "portal/payment.html"
UNKNOWN: Final = "unknown"
STANDS: Final = {
    OrderState.ACTION: "action",
    OrderState.PROCESSING: "processing",
    OrderState.CANCELED: "canceled",
    OrderState.FAILED: "failed",
    OrderState.MISMATCH: "mismatch",
}
MOVING: Final = frozenset({"unknown", "processing", "action"})
"""Where a payment stands that may stand elsewhere in a moment: the page looks again by itself."""
KNOWN_PROBLEMS: Final = frozenset(
    {
        "card_declined",
        "generic_decline",
        "insufficient_funds",
        "expired_card",
        "processing_error",
        "no_room",
        "not_payable",
    }
)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """By what it is paid: what was chosen at the beginning, or one of the apps."""

    by: str


class ConfirmForm(Form):
    """The chosen way once more: no money moves for another one."""

    by = Choice("chosen", "alipay", "wechat_pay")


@pages.get("/portal/payments/<payment_id>")
def see_payment(payment_id: str) -> Response:
    """Where it stands. What is not decided is looked up; a page that shows such a state asks again by itself."""
    payment = _own(payment_id)
    if stands(payment) in MOVING and city().gateway is not None:
        payment = flow.refresh(city().sessions, gateway(), payment_id, now())
    return render_page(PAGE, form=new_form(), **_values(payment))


@pages.post("/portal/payments/<payment_id>/confirmation")
def confirm(payment_id: str) -> Response:
    """Pay. Sent again while it is under way or after its end, it only shows where the payment stands."""
    payment, form = _own(payment_id), read_form(ConfirmForm, Confirmed)

    def act(given: Confirmed) -> Response:
        if stands(payment) == "confirm":
            # Refused so, it is the same button a moment ago: the page says what became of it.
            with suppress(PaymentBusy, PaymentStateForbids):
                flow.confirm(city().sessions, gateway(), payment_id, _pay_by(payment_id, given.by), now())
        return go_to(f"/portal/payments/{payment_id}")

    return answer_form(form, act, PAGE, **_values(payment))


@pages.post("/portal/payments/<payment_id>/cancellation")
def cancel(payment_id: str) -> Response:
    """Give it up; nothing is charged. One that has ended stays as it is, and the page says how."""
    payment, form = _own(payment_id), read_form(NothingForm, Nothing)

    def act(_given: Nothing) -> Response:
        with suppress(PaymentBusy):
            flow.cancel(city().sessions, gateway(), payment_id, now())
        return go_to(f"/portal/payments/{payment_id}")

    return answer_form(form, act, PAGE, **_values(payment))


def stands(payment: PaymentView) -> str:
    """In one word where a payment stands for the person who pays."""
    if payment.state is OrderState.SUCCEEDED:
        return "returned" if payment.problem else "succeeded"
    if payment.state not in FINAL and (payment.problem == UNKNOWN or payment.state is OrderState.CREATED):
        return UNKNOWN
    if payment.state is OrderState.WAITING:
        return "declined" if payment.problem else "confirm"
    return STANDS[payment.state]


def problem_of(payment: PaymentView) -> str:
    """Why it went wrong, as a slug that the catalogue has a sentence for."""
    return payment.problem if payment.problem in KNOWN_PROBLEMS else "other"


def _own(payment_id: str) -> PaymentView:
    with reading(city().sessions) as session:
        return payment_of_person(session, payment_id, resident().person_id)


def _pay_by(payment_id: str, by: str) -> PayBy:
    with reading(city().sessions) as session:
        order = find_order(session, payment_id)
        method, offered = order.method, order.methods.split(",")
    if method is not None or by not in offered:
        return PayBy(method=method)
    address = f"{city().settings.public_url.rstrip('/')}/portal/payments/{payment_id}"
    return PayBy(redirect="alipay" if by == "alipay" else "wechat_pay", return_url=address)


def _values(payment: PaymentView) -> dict[str, Any]:
    bill, person_id = None, resident().person_id
    with reading(city().sessions) as session:
        order = find_order(session, payment.id)
        method, offered = order.method, tuple(order.methods.split(","))
        if payment.purpose is Purpose.BILL:
            try:
                bill = bill_of_person(session, person_id, payment.subject_id)
            except BillUnknown:
                # The household was taken off since: the payment is still the resident's.
                bill = None
    return {
        "payment": payment,
        "go_to": page_to_go_to(payment.next_url, city().hsm.realm),
        "stands": stands(payment),
        "problem": problem_of(payment),
        "moving": stands(payment) in MOVING,
        "method": method,
        "apps": () if method else offered,
        "bill": bill,
    }
