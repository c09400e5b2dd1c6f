"""Bills of a resident's households (缴费): open and paid, each with what it is made of, paid from the account or on-line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response

from api.city import city, now
from api.pages.language import preferred
from api.pages.slips import parts, reason
from api.portal.blueprint import Nothing, NothingForm, pages
from api.portal.holdings import own_account
from api.portal.ways import APPS, TEST_METHODS, Wanted, checkout_of, gateway, ways
from api.web.doors import resident
from api.web.forms import Choice, Form, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_again, book_once
from citizencard.accounts.errors import UnknownOnlineAccount
from citizencard.billing.errors import BillNotPayable
from citizencard.billing.households import MAX_BILLS, bill_of_person, bills_of_person, households_of_person
from citizencard.billing.models import BillState
from citizencard.billing.paying import pay_from_account
from citizencard.cards.states import Deed
from citizencard.checkout import flow
from citizencard.checkout.views import payments_of_person
from citizencard.clock import beijing_date
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.payments.models import FINAL, Purpose

LIST: Final = "portal/bills.html"
PAGE: Final = "portal/bill.html"
CONFIRM: Final = "portal/bill_from_account.html"


@dataclass(frozen=True, slots=True)
class Chosen:
    """By which way."""

    way: str


class WayForm(Form):
    """A way of paying on-line."""

    way = Choice(APPS, *TEST_METHODS)


@pages.get("/portal/bills")
def see_bills() -> Response:
    """All bills: what is to be paid, and what was."""
    person_id = resident().person_id
    with reading(city().sessions) as session:
        found = bills_of_person(session, person_id)
        households = households_of_person(session, person_id)
    open_bills = [bill for bill in found if bill.state is BillState.OPEN]
    return render_page(
        LIST,
        open_bills=open_bills,
        due_fen=sum(bill.amount_fen for bill in open_bills),
        past_bills=[bill for bill in found if bill.state is not BillState.OPEN],
        households=households,
        is_cut=len(found) >= MAX_BILLS,
        today=beijing_date(now()),
    )


@pages.get("/portal/bills/<bill_id>")
def see_bill(bill_id: str) -> Response:
    """One bill: what it is made of, and how it can be paid."""
    return render_page(PAGE, form=new_form(way=next(iter(ways()), "")), **_values(bill_id))


@pages.get("/portal/bills/<bill_id>/account-payment")
def confirm_from_account(bill_id: str) -> Response:
    """What paying from the account means: how much, and what is left."""
    return render_page(CONFIRM, form=new_form(), **_values(bill_id))


@pages.post("/portal/bills/<bill_id>/account-payment")
def pay_by_account(bill_id: str) -> Response:
    """Pay from the account: once, however often this is sent."""
    who, form = resident(), read_form(NothingForm, Nothing)

    def act(_given: Nothing) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            bill_of_person(session, who.person_id, bill_id)
            account = own_account(session, who.person_id)
            if account is None:
                raise UnknownOnlineAccount("the resident has no account")
            return {"id": pay_from_account(session, bill_id, account.id, Deed(who.actor, now())).payment_id}

        book_once(form, work)
        return go_to(f"/portal/bills/{bill_id}", Said("portal.bill.paid"))

    return answer_form(form, act, CONFIRM, **_values(bill_id))


@pages.post("/portal/bills/<bill_id>/payments")
def begin_online(bill_id: str) -> Response:
    """Prepare a payment on-line; no money moves before the next page is confirmed."""
    who, form = resident(), read_form(WayForm, Chosen)

    def act(given: Chosen) -> Response:
        with reading(city().sessions) as session:
            bill = bill_of_person(session, who.person_id, bill_id)
        if bill.state is not BillState.OPEN:
            raise BillNotPayable(f"the bill is {bill.state}", bill_id=bill_id, state=str(bill.state))
        wanted = checkout_of(Wanted(Purpose.BILL, bill_id, bill.amount_fen, who.person_id, given.way))

        def prepare() -> Mapping[str, Any]:
            return {"id": flow.begin(city().sessions, gateway(), wanted, now()).id}

        return go_to(f"/portal/payments/{book_again(form, prepare).answer.body['id']}")

    return answer_form(form, act, PAGE, **_values(bill_id))


def _values(bill_id: str) -> dict[str, Any]:
    person_id, language = resident().person_id, preferred()
    with reading(city().sessions) as session:
        bill = bill_of_person(session, person_id, bill_id)
        account = own_account(session, person_id)
        tried = [payment for payment in payments_of_person(session, person_id) if payment.subject_id == bill_id]
    under_way = [payment for payment in tried if payment.state not in FINAL and not payment.problem]
    return {
        "bill": bill,
        "rows": parts(bill.parts, language),
        "reason": reason(bill.quote, language),
        "account": account,
        "ways": ways(),
        "under_way": under_way[0] if under_way else None,
        "today": beijing_date(now()),
    }
