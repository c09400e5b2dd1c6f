"""Paying from beginning to end, and what a lost answer or a crash leaves behind."""

from collections.abc import Callable
from typing import Any

import pytest

from citizencard.billing.errors import BillNotPayable
from citizencard.billing.paying import pay_from_account
from citizencard.checkout import flow
from citizencard.checkout.errors import CheckoutAmountDiffers, NoRoomInAccount, PaymentBusy, PaymentStateForbids
from citizencard.checkout.orders import NewCheckout, PayBy
from citizencard.db import transaction
from citizencard.payments.errors import PaymentRequestInvalid
from tests.citizencard.checkout.make_checkout import BILL_FEN, NO_ANSWER, Office, PowerCut
from tests.stripe_fake.books import DECLINING, TO_PAGE, WORKING
from tests.stripe_fake.server import Ordered, refusal


def test_a_bill_is_paid(desk: Office) -> None:
    """A resident pays 49.50 for water: the utility earns it, the bill is paid by this payment, and there is a slip."""
    begun = desk.begin_bill()
    assert (begun.state, begun.problem, desk.money()["stripe"]) == ("waiting", None, 0)
    paid = desk.confirm(begun.id)
    assert (paid.state, paid.problem, paid.next_url) == ("succeeded", None, None)
    assert paid.receipt_token is not None
    assert desk.money(paid.id) | {"wallet": 0} == {
        "wallet": 0, "utility": BILL_FEN, "refund": 0, "suspense": 0, "stripe": BILL_FEN
    }  # fmt: skip
    assert desk.works.found().paid_by == paid.id
    with pytest.raises(PaymentStateForbids):
        desk.confirm(paid.id)
    assert desk.fake.books.charged == {paid.id: 1}


def test_an_account_is_topped_up(desk: Office) -> None:
    """Thirty yuan paid in are thirty yuan in the account."""
    before = desk.money()["wallet"]
    paid = desk.confirm(desk.begin_top_up().id)
    assert paid.state == "succeeded"
    assert paid.receipt_token is not None
    assert desk.money()["wallet"] == before + 3_000


def test_a_method_chosen_first_travels_with_the_creation(desk: Office) -> None:
    """What was chosen before is not sent again: the confirmation is empty, as every server of this kind takes it."""
    begun = desk.begin_bill(method=WORKING)
    assert desk.confirm(begun.id, WORKING).state == "succeeded"
    create, confirm = (seen for seen in desk.fake.seen if seen.method == "POST")
    assert create.parameters["payment_method"] == WORKING
    assert confirm.parameters == {}


def test_what_cannot_be_paid_is_not_begun(desk: Office) -> None:
    """A wrong amount, a paid bill, a full account, an unusable method: the provider never hears of it."""
    bill = desk.works.bill()
    person = desk.works.person_id
    with pytest.raises(CheckoutAmountDiffers):
        desk.begin(NewCheckout("bill", bill, BILL_FEN + 1, person))
    with pytest.raises(NoRoomInAccount):
        desk.begin_top_up(500_000)
    with pytest.raises(PaymentRequestInvalid):
        desk.begin_bill(bill, method="4242424242424242")
    with transaction(desk.sessions) as session:
        pay_from_account(session, bill, desk.works.account_id, desk.works.deed())
    with pytest.raises(BillNotPayable):
        desk.begin_bill(bill)
    assert desk.fake.seen == []


def test_a_decline_is_shown_and_the_next_try_has_its_own_key(desk: Office) -> None:
    """A card without money says so; the resident takes another one, and pays once."""
    begun = desk.begin_bill()
    declined = desk.confirm(begun.id, DECLINING)
    assert (declined.state, declined.problem) == ("waiting", "insufficient_funds")
    paid = desk.confirm(begun.id, WORKING)
    assert (paid.state, paid.problem) == ("succeeded", None)
    keys = {attempt.key for attempt in desk.attempts(begun.id)}
    assert len(keys) == 3
    assert desk.fake.books.charged == {begun.id: 1}
    assert desk.money()["utility"] == BILL_FEN


def test_a_page_of_the_bank_is_gone_to_and_come_back_from(desk: Office) -> None:
    """The resident is sent to his bank or wallet; when he comes back, or looks again, the payment is there."""
    begun = desk.begin_bill()
    sent = desk.confirm(begun.id, TO_PAGE, return_url="https://city.test/back")
    assert sent.state == "action"
    assert sent.next_url == f"https://stand-in.invalid/{desk.provider(begun.id)['id']}"
    assert desk.refresh(begun.id).state == "action"
    desk.fake.books.receive(desk.provider(begun.id)["id"])
    assert desk.refresh(begun.id).state == "succeeded"
    assert desk.money()["utility"] == BILL_FEN


def test_a_wallet_on_the_phone_is_gone_to(desk: Office) -> None:
    """Alipay and WeChat Pay are confirmed here and paid there."""
    begun = desk.begin_bill(methods=("card", "alipay", "wechat_pay"))
    sent = desk.confirm(begun.id, None, redirect="alipay", return_url="https://city.test/back")
    assert (sent.state, sent.next_url is not None) == ("action", True)


def test_a_bill_begun_twice_is_one_payment(desk: Office) -> None:
    """Who opens the page again goes on with what he began; who pays for him begins his own."""
    bill = desk.works.bill()
    first = desk.begin_bill(bill)
    assert desk.begin_bill(bill).id == first.id
    other = desk.begin(NewCheckout("bill", bill, BILL_FEN, desk.works.neighbour_id))
    assert other.id != first.id
    assert desk.cancel(first.id).state == "canceled"
    assert desk.begin_bill(bill).id != first.id


def test_a_cancelled_payment_takes_no_money(desk: Office) -> None:
    """A payment that was given up has ended, here and at the provider."""
    begun = desk.begin_bill()
    assert desk.cancel(begun.id).state == "canceled"
    assert desk.cancel(begun.id).state == "canceled"
    assert desk.provider(begun.id)["status"] == "canceled"
    with pytest.raises(PaymentStateForbids):
        desk.confirm(begun.id)
    assert desk.money()["stripe"] == 0


def test_cancelling_what_was_paid_meanwhile_shows_that_it_was_paid(desk: Office) -> None:
    """The money came before the cancellation: it is booked, not lost."""
    begun = desk.begin_bill()
    desk.confirm(begun.id, TO_PAGE)
    desk.fake.books.receive(desk.provider(begun.id)["id"])
    assert desk.cancel(begun.id).state == "succeeded"
    assert desk.money()["utility"] == BILL_FEN


def test_a_bill_that_was_paid_meanwhile_is_not_confirmed(desk: Office) -> None:
    """Nobody is charged for a bill that is paid."""
    begun = desk.begin_bill()
    with transaction(desk.sessions) as session:
        pay_from_account(session, begun.subject_id, desk.works.account_id, desk.works.deed())
    with pytest.raises(BillNotPayable):
        desk.confirm(begun.id)
    assert desk.fake.books.charged == {}


@pytest.mark.parametrize("fault", NO_ANSWER, ids=lambda fault: fault.name)
def test_an_answer_that_was_lost_after_the_charge_is_found_by_a_look(desk: Office, fault: Ordered) -> None:
    """The bank has paid and the line broke: the payment shows as paid, and is paid once."""
    begun = desk.begin_bill()
    desk.fake.order("confirm", fault)
    assert desk.confirm(begun.id).state == "succeeded"
    assert desk.fake.books.charged == {begun.id: 1}
    assert desk.money()["utility"] == BILL_FEN


def test_a_try_that_is_not_known_to_have_ended_goes_on_with_its_key(desk: Office) -> None:
    """Nobody answers at all: no second try begins, and a later look ends the first one with the same key."""
    begun = desk.begin_bill()
    desk.fake.order("confirm", Ordered.RESET_BEFORE)
    desk.fake.order("look", Ordered.RESET_BEFORE, Ordered.RESET_BEFORE)
    hanging = desk.confirm(begun.id)
    assert (hanging.state, hanging.problem) == ("waiting", "unknown")
    desk.fake.order("confirm", Ordered.RESET_BEFORE)
    with pytest.raises(PaymentBusy):
        desk.confirm(begun.id)
    assert desk.refresh(begun.id).state == "succeeded"
    confirms = [attempt for attempt in desk.attempts(begun.id) if attempt.act == "confirm"]
    sent = {seen.key for seen in desk.fake.seen if seen.path.endswith("/confirm")}
    assert sent == {confirms[0].key}
    assert len(confirms) == 1


@pytest.mark.parametrize("other", [WORKING, TO_PAGE], ids=["same method", "another method"])
def test_who_pays_again_while_nobody_knows_is_not_charged_twice(desk: Office, other: str) -> None:
    """The card was charged and nobody was told; the resident begins anew and finds what he has paid, not a second charge."""
    bill = desk.works.bill()
    begun = desk.begin_bill(bill, method=WORKING)
    desk.fake.order("confirm", Ordered.RESET_AFTER)
    desk.fake.order("look", Ordered.RESET_BEFORE, Ordered.RESET_BEFORE)
    assert desk.confirm(begun.id, WORKING).problem == "unknown"
    again = desk.begin_bill(bill, method=other)
    assert (again.id, again.state) == (begun.id, "succeeded")
    assert desk.fake.books.created == {begun.id: 1}


@pytest.mark.parametrize("fault", NO_ANSWER, ids=lambda fault: fault.name)
def test_a_creation_without_an_answer_is_found_by_our_own_name(desk: Office, fault: Ordered) -> None:
    """The provider knows the payment and we had no answer: one payment there, and it can be paid."""
    desk.fake.order("create", fault)
    begun = desk.begin_bill()
    assert begun.state == "waiting"
    assert desk.fake.books.created == {begun.id: 1}
    assert desk.confirm(begun.id).state == "succeeded"


def test_a_creation_that_never_arrived_is_sent_again(desk: Office) -> None:
    """The request was lost on the way: the next look sends it, with its key."""
    desk.fake.order("create", Ordered.RESET_BEFORE)
    begun = desk.begin_bill()
    assert (begun.state, begun.problem) == ("created", "unknown")
    assert desk.refresh(begun.id).state == "waiting"
    assert len({seen.key for seen in desk.fake.seen if seen.method == "POST"}) == 1


def test_an_error_that_is_replayed_ends_the_try(desk: Office) -> None:
    """The provider failed before it did anything and repeats that for ever: the key is used up, and a new try may begin."""
    begun = desk.begin_bill()
    desk.fake.order("confirm", Ordered.CONFLICT)
    assert desk.confirm(begun.id).problem == "unknown"
    (attempt,) = (one for one in desk.attempts(begun.id) if one.act == "confirm")
    request = next(seen for seen in desk.fake.seen if seen.path.endswith("/confirm"))
    desk.fake.stored[attempt.key] = ((request.path, request.parameters), refusal(500, "api_error", ""))
    ended = desk.refresh(begun.id)
    assert (ended.state, ended.problem) == ("waiting", "not_carried_out")
    assert desk.confirm(begun.id).state == "succeeded"


CUTS: list[tuple[str, str]] = [("ask", "before the call"), ("write_down", "after the call")]


@pytest.mark.parametrize("point", [name for name, _ in CUTS], ids=[why for _, why in CUTS])
@pytest.mark.parametrize("act", ["create", "confirm", "cancel"])
def test_a_crash_between_two_steps_is_gone_on_from(
    desk: Office, monkeypatch: pytest.MonkeyPatch, point: str, act: str
) -> None:
    """The power fails before or after the call: the lease keeps others away for a while, then the sweep ends it, once."""
    bill = desk.works.bill()
    payment_id = "" if act == "create" else desk.begin_bill(bill).id
    acts: dict[str, Callable[[], Any]] = {
        "create": lambda: desk.begin_bill(bill),
        "confirm": lambda: desk.confirm(payment_id),
        "cancel": lambda: desk.cancel(payment_id),
    }
    with monkeypatch.context() as patched:
        patched.setattr(flow, point, _power_cut)
        with pytest.raises(PowerCut):
            acts[act]()
    payment_id = payment_id or desk.all_ids()[0]
    if act != "create":
        with pytest.raises(PaymentBusy):
            desk.confirm(payment_id)
    desk.later(minutes=6)
    assert desk.sweep().is_all_done
    assert desk.see(payment_id).state == {"create": "waiting", "confirm": "succeeded", "cancel": "canceled"}[act]
    assert all(attempt.state == "done" for attempt in desk.attempts(payment_id))
    assert desk.fake.books.created == {payment_id: 1}
    assert sum(desk.fake.books.charged.values()) == (act == "confirm")
    desk.money()


def test_a_confirmation_is_not_made_for_somebody_who_left_an_hour_ago(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that was down over night does not charge in the morning what was asked in the evening: it cancels."""
    begun = desk.begin_bill()
    with monkeypatch.context() as patched:
        patched.setattr(flow, "ask", _power_cut)
        with pytest.raises(PowerCut):
            desk.confirm(begun.id)
    desk.later(hours=9)
    assert desk.sweep().cancelled == 1
    assert desk.see(begun.id).state == "canceled"
    assert desk.fake.books.charged == {}


def test_pay_by_is_checked_before_anything_is_stored(desk: Office) -> None:
    """A card number is refused at the door and stored nowhere."""
    begun = desk.begin_bill()
    with pytest.raises(PaymentRequestInvalid):
        flow.confirm(desk.sessions, desk.gateway, begun.id, PayBy("4000000000000341"), desk.now)
    assert [attempt.act for attempt in desk.attempts(begun.id)] == ["create"]


def _power_cut(*_: object, **__: object) -> None:
    raise PowerCut
