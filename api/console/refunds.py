"""Payments at the counter: looked up from the resident, and a refund of one proposed for a second person's decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from api.auth import actor
from api.city import city, now
from api.console.blueprint import pages
from api.pages.formats import bare
from api.web.forms import Form, Line, Yuan, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.audit import REASON_CHARS
from citizencard.checkout.refunds import propose_refund
from citizencard.checkout.views import PaymentView, payment_view
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.staff.permissions import Permission


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much is to go back, and why."""

    amount_fen: int
    reason: str


class RefundForm(Form):
    """Fields of a proposal."""

    amount_fen = Yuan()
    reason = Line(REASON_CHARS)


@pages.get("/console/payments/<payment_id>")
def see_payment(payment_id: str) -> Response:
    """A payment with its refunds, and where another one is proposed."""
    payment = _payment(payment_id)
    left_fen = payment.amount_fen - payment.refunded_fen
    return render_page("console/payment.html", form=new_form(amount_fen=bare(left_fen)), **_values(payment))


@pages.post("/console/payments/<payment_id>/refunds")
def propose(payment_id: str) -> Response:
    """Put a refund before a second person, once for this form. No money moves before that person agrees."""
    who = actor(Permission.REFUNDS_PROPOSE)
    form = read_form(RefundForm, Wanted)

    def act(given: Wanted) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            return {"id": propose_refund(session, payment_id, given.amount_fen, given.reason, who, now()).id}

        book_once(form, work)
        return go_to(f"/console/payments/{payment_id}", Said("console.refund.proposed", "note"))

    return answer_form(form, act, "console/payment.html", **_values(_payment(payment_id)))


def _payment(payment_id: str) -> PaymentView:
    with reading(city().sessions) as session:
        return payment_view(session, payment_id)


def _values(payment: PaymentView) -> dict[str, Any]:
    left_fen = payment.amount_fen - payment.refunded_fen
    return {"payment": payment, "left_fen": left_fen, "is_refundable": payment.state == "succeeded" and left_fen > 0}
