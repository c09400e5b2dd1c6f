"""Receipts (收据) of what a resident has paid, each as a paper and with the page that says whether it is genuine."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Response

from api.city import city
from api.portal.blueprint import pages
from api.web.doors import resident
from api.web.page import render_page
from citizencard.billing.households import bills_of_person
from citizencard.checkout.views import MAX_PAGE, payments_of_person
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.receipts.issuing import by_subjects
from citizencard.receipts.models import Receipt, ReceiptKind

SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Slip:
    """A receipt in the list.

    Args:
        token: opens its paper and its page.
        kind: bill, top_up or refund.
        serial: as printed.
        amount_fen: that it is for.
        issued_at: when.
    """

    token: str
    kind: str
    serial: int
    amount_fen: int
    issued_at: datetime


@pages.get("/portal/receipts")
def see_receipts() -> Response:
    """The latest, newest first."""
    with reading(city().sessions) as session:
        found = _slips(session, resident().person_id)
    return render_page("portal/receipts.html", slips=found[:SHOWN], is_cut=len(found) > SHOWN)


def _slips(session: Transaction, person_id: str) -> list[Slip]:
    """Of payments on-line, of what went back, and of bills that were paid from the account."""
    payments = payments_of_person(session, person_id, MAX_PAGE)
    paid = [payment.id for payment in payments]
    bills = [bill.paid_by for bill in bills_of_person(session, person_id) if bill.paid_by and bill.paid_by not in paid]
    refunds = [refund.id for payment in payments for refund in payment.refunds]
    from_account = [name for name in bills if name.startswith("bpm_")]
    found: list[Receipt] = []
    for kind, subjects in (
        (ReceiptKind.BILL, paid + from_account),
        (ReceiptKind.TOP_UP, paid),
        (ReceiptKind.REFUND, refunds),
    ):
        found += by_subjects(session, kind, subjects).values()
    slips = [Slip(one.token, str(one.kind), one.serial, one.amount_fen, one.issued_at) for one in found]
    return sorted(slips, key=lambda slip: slip.serial, reverse=True)
