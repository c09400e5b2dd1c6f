"""Charges that cannot be booked as they were asked for are booked all the same, and go back."""

from datetime import datetime

import pytest
from sqlalchemy import select

from citizencard import chart
from citizencard.accounts.top_ups import CashPaid, top_up
from citizencard.billing.paying import pay_from_account
from citizencard.checkout.intake import Outcome
from citizencard.db import transaction
from citizencard.staff.models import Till
from ledger import AccountState, Transfer, post, set_account_state
from tests.citizencard.billing.make_bills import START_FEN
from tests.citizencard.checkout.make_checkout import BILL_FEN, Office
from tests.stripe_fake.books import TO_PAGE, WORKING


def fill(desk: Office, amount_fen: int) -> None:
    """Money comes into the account from elsewhere."""
    with transaction(desk.sessions) as session:
        chart.open_missing(session, [chart.SUSPENSE_CASH])
        moved = Transfer(
            "fill:1", chart.SUSPENSE_CASH, chart.wallet(desk.works.account_id), amount_fen, "test", desk.now
        )
        post(session, [moved], now=desk.now)


def test_a_charge_without_room_goes_back_by_itself(desk: Office) -> None:
    """The account filled up while the resident paid: the money lies in `refund`, and is sent back without anybody's decision."""
    begun = desk.begin_top_up(3_000)
    desk.confirm(begun.id, TO_PAGE)
    fill(desk, 500_000 - START_FEN - 2_999)
    desk.fake.books.receive(desk.provider(begun.id)["id"])
    paid = desk.refresh(begun.id)
    assert (paid.state, paid.problem, paid.refunded_fen, paid.receipt_token) == ("succeeded", "no_room", 3_000, None)
    assert desk.money(begun.id)["refund"] == 3_000
    assert desk.sweep().refunds_ended == 1
    assert desk.see(begun.id).refunds[0].state == "succeeded"
    assert desk.money(begun.id)["refund"] == 0
    assert desk.fake.books.held_fen() == 0


def test_a_charge_for_a_closed_account_goes_back(desk: Office) -> None:
    """Nobody's money is kept because his account is gone."""
    begun = desk.begin_top_up(3_000)
    desk.confirm(begun.id, TO_PAGE)
    with transaction(desk.sessions) as session:
        wallet = chart.wallet(desk.works.account_id)
        till = Transfer("empty:1", wallet, chart.wallet(desk.works.other_account_id), START_FEN, "test", desk.now)
        post(session, [till], now=desk.now)
    with transaction(desk.sessions) as session:
        set_account_state(session, chart.wallet(desk.works.account_id), AccountState.CLOSED)
    desk.fake.books.receive(desk.provider(begun.id)["id"])
    assert desk.refresh(begun.id).problem == "no_room"
    desk.send_refunds()
    assert desk.money(begun.id)["refund"] == 0


def test_a_charge_for_a_frozen_account_comes_in(desk: Office) -> None:
    """A reported card stops spending, not paying in."""
    begun = desk.begin_top_up(3_000)
    with transaction(desk.sessions) as session:
        set_account_state(session, chart.wallet(desk.works.account_id), AccountState.FROZEN)
    assert desk.confirm(begun.id).problem is None
    assert desk.money()["wallet"] == START_FEN + 3_000


def test_a_bill_that_was_paid_meanwhile_is_not_paid_twice(desk: Office) -> None:
    """He paid from his account while the bank's page was open: the charge goes back, the utility earns once."""
    begun = desk.begin_bill()
    desk.confirm(begun.id, TO_PAGE)
    with transaction(desk.sessions) as session:
        pay_from_account(session, begun.subject_id, desk.works.account_id, desk.works.deed())
    desk.fake.books.receive(desk.provider(begun.id)["id"])
    paid = desk.refresh(begun.id)
    assert (paid.state, paid.problem) == ("succeeded", "not_payable")
    assert desk.money(begun.id)["refund"] == BILL_FEN
    assert desk.send_refunds().ended == 1
    held = desk.money(begun.id)
    assert (held["utility"], held["refund"], held["stripe"]) == (BILL_FEN, 0, 0)


@pytest.mark.parametrize(("received", "booked"), [(4_949, 4_949), (9_900, 9_900), (0, 0)])
def test_another_amount_is_booked_as_what_it_is(desk: Office, received: int, booked: int) -> None:
    """A charge of another amount pays no bill: it is written down as the fact it is, and a person decides."""
    begun = desk.begin_bill()
    desk.confirm(begun.id, TO_PAGE)
    content = desk.provider(begun.id)
    desk.fake.books.receive(content["id"])
    content["amount_received"] = received
    assert desk.refresh(begun.id).state == "mismatch"
    assert desk.findings() == ["amount_differs"]
    held = desk.money(begun.id)
    assert (held["utility"], held["refund"]) == (0, booked)
    assert desk.works.found().state == "open"
    assert desk.sweep().refunds_ended == 0
    if booked:
        desk.refund(begun.id, booked)
        assert desk.send_refunds().ended == 1
        assert desk.money(begun.id)["refund"] == 0


def test_another_currency_is_not_booked_and_seen(desk: Office) -> None:
    """Fifty dollars are not fifty yuan: nothing is booked, and a person sees it."""
    begun = desk.begin_bill()
    desk.confirm(begun.id, TO_PAGE)
    content = desk.provider(begun.id)
    desk.fake.books.receive(content["id"])
    report = desk.event("payment_intent.succeeded", {**content, "currency": "usd"})
    assert desk.report(report).outcome is Outcome.DUPLICATE
    assert desk.see(begun.id).state == "mismatch"
    assert desk.findings() == ["currency_differs"]
    assert desk.works.found().state == "open"


def test_a_second_charge_under_our_name_goes_back(desk: Office) -> None:
    """Two payments at the provider bear one name of ours: the one pays the bill, the other goes back."""
    paid = desk.paid_bill()
    twin = desk.fake.books.create({"amount": str(BILL_FEN), "currency": "cny", "metadata[reference]": paid.id})
    desk.fake.books.receive(twin["id"])
    assert desk.report(desk.event("payment_intent.succeeded", twin)).outcome is Outcome.BOOKED
    assert desk.report(desk.event("payment_intent.succeeded", twin)).outcome is Outcome.DUPLICATE
    assert desk.money(paid.id)["refund"] == BILL_FEN
    assert desk.send_refunds().ended == 1
    assert desk.fake.books.held_fen() == BILL_FEN
    assert desk.money(paid.id)["utility"] == BILL_FEN
    assert desk.see(paid.id).refunded_fen == 0


def test_a_late_success_of_what_had_failed_here_is_money(desk: Office, now: datetime) -> None:
    """We had given the payment up, and then the money came: it is booked."""
    begun = desk.begin_bill()
    desk.cancel(begun.id)
    content = desk.provider(begun.id)
    desk.fake.books.receive(content["id"])
    assert desk.report(desk.event("payment_intent.succeeded", content)).outcome is Outcome.BOOKED
    assert desk.see(begun.id).state == "succeeded"
    assert desk.money(begun.id)["utility"] == BILL_FEN
    assert now == desk.now


def test_cash_and_card_together_keep_the_ceiling(desk: Office) -> None:
    """What is paid in at the counter takes the room that an on-line payment had hoped for."""
    begun = desk.begin_top_up(10_000)
    with transaction(desk.sessions) as session:
        till = session.scalars(select(Till)).first()
        assert till is not None
        top_up(session, CashPaid(desk.works.account_id, 480_000, till.id), desk.works.deed())
    assert desk.confirm(begun.id, WORKING).problem == "no_room"
    desk.send_refunds()
    assert desk.money(begun.id) == {
        "wallet": 500_000, "utility": 0, "refund": 0, "suspense": 0, "stripe": 0
    }  # fmt: skip
