"""Asking the provider, and finding out how it ended when no answer says so. No transaction is open here.

While a key is young the same request is repeated under it: the provider carries it out at most once. Stripe keeps a key for 24 hours at
least and replays what it answered, also an error of its own after the effect: so whatever stays unknown is looked up as well. What a
look-up shows has happened. What it does not show has certainly not happened once the key is used up (its error was replayed) or is too
old to be repeated; before that, a request may still be on its way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final, assert_never

from citizencard.checkout.attempts import Heard, Task
from citizencard.checkout.orders import PAY_WITHIN
from citizencard.checkout.reports import told
from citizencard.checkout.sendings import Sending
from citizencard.payments.gateway import (
    Attempt,
    Confirmation,
    Declined,
    Done,
    NewPayment,
    NewRefund,
    Outcome,
    Payment,
    PaymentGateway,
    Problem,
    Refund,
    Refused,
    Span,
    Unknown,
)
from citizencard.payments.lookup import find_payment, find_refund
from citizencard.payments.models import Act
from citizencard.payments.states import FINAL

KEY_LIFE: Final = timedelta(hours=23)
"""How long a request is repeated under its key; Stripe keeps keys for 24 hours at least."""
CLOCK_MARGIN: Final = timedelta(minutes=30)
"""How far the provider's clock may lie from ours when we look for something by the time at which it was made."""

UNKNOWN: Final = "unknown"
REFUSED: Final = "refused"
NOT_CARRIED_OUT: Final = "not_carried_out"


@dataclass(frozen=True, slots=True)
class RefundHeard:
    """What came of sending a refund.

    Args:
        seen: the refund as the provider holds it; None when there is none, or nobody knows.
        problem: what went wrong, as a slug.
        is_refused: the provider does not carry it out.
        is_over: it was certainly not carried out, and cannot be under this key any more.
    """

    seen: Refund | None
    problem: str = ""
    is_refused: bool = False
    is_over: bool = False


def ask(gateway: PaymentGateway, task: Task, now: datetime) -> Heard:
    """Send a try, or what is left of it, and find out how it ended.

    A confirmation is not repeated after an hour: by then nobody waits for it, and the payment is looked up and cancelled instead.
    """
    life = PAY_WITHIN if task.act is Act.CONFIRM else KEY_LIFE
    is_young = now - task.first_at < life
    if not is_young:
        return _after_look_up(gateway, task, now, is_over=True)
    outcome = _send(gateway, task)
    if isinstance(outcome, Done):
        return Heard(outcome.value, None, has_ended=True)
    if isinstance(outcome, Declined):
        return Heard(None, told(outcome.problem), has_ended=True, is_declined=True)
    if isinstance(outcome, Refused):
        seen = look_up(gateway, task, now)
        is_missing = isinstance(seen, Refused) and seen.problem.status == HTTPStatus.NOT_FOUND
        return Heard(seen.value if isinstance(seen, Done) else None, REFUSED, has_ended=True, is_missing=is_missing)
    return _after_look_up(gateway, task, now, is_over=outcome.problem.replayed)


def look_up(gateway: PaymentGateway, task: Task, now: datetime) -> Outcome[Payment | None]:
    """The payment as it is at the provider now; None when there is none."""
    if task.provider_id is not None:
        return gateway.payment(task.provider_id)
    return find_payment(gateway, task.payment_id, _span(task.first_at, now))


def find_refund_outcome(gateway: PaymentGateway, sending: Sending, now: datetime) -> RefundHeard:
    """Send a refund under its key, if the key is young, and find out how it ended."""
    problem, is_refused, is_over = UNKNOWN, False, True
    if now - sending.first_at < KEY_LIFE:
        wanted = NewRefund(Attempt(sending.key, sending.refund_id), sending.charge_id, sending.amount_fen)
        outcome = gateway.refund(wanted)
        if isinstance(outcome, Done):
            return RefundHeard(outcome.value)
        is_refused = not isinstance(outcome, Unknown)
        is_over = outcome.problem.replayed
        problem = (outcome.problem.code or REFUSED) if is_refused else UNKNOWN
    found = find_refund(gateway, sending.refund_id, _span(sending.first_at, now))
    if isinstance(found, Done) and found.value is not None:
        return RefundHeard(found.value)
    # What a look-up could not show decides nothing; what the provider has refused was not carried out, whether it can be looked up or not.
    return RefundHeard(None, problem[:64], is_refused=is_refused, is_over=is_over and isinstance(found, Done))


def _send(gateway: PaymentGateway, task: Task) -> Outcome[Payment]:
    attempt = Attempt(task.key, task.reference)
    if task.act is Act.CREATE:
        return gateway.create(NewPayment(attempt, task.amount_fen, task.methods, task.method))
    if task.provider_id is None:
        return Refused(Problem(message="the provider never had it"))
    if task.act is Act.CONFIRM:
        return gateway.confirm(Confirmation(attempt, task.provider_id, task.method, task.redirect, task.return_url))
    if task.act is Act.CANCEL:
        return gateway.cancel(attempt, task.provider_id)
    assert_never(task.act)


def _after_look_up(gateway: PaymentGateway, task: Task, now: datetime, *, is_over: bool) -> Heard:
    """What a look-up says about a try that had no answer; `is_over`: it cannot take effect any more."""
    found = look_up(gateway, task, now)
    if not isinstance(found, Done):
        return Heard(None, UNKNOWN, has_ended=False)
    seen = found.value
    if seen is not None and _shows_effect(task, seen):
        return Heard(seen, None, has_ended=True)
    return Heard(seen, NOT_CARRIED_OUT if is_over else UNKNOWN, has_ended=is_over)


def _shows_effect(task: Task, seen: Payment) -> bool:
    if task.act is Act.CREATE or seen.state in FINAL:
        return True
    # A confirmation moved it on. That it waits for the resident may as well be the decline of an earlier try.
    return task.act is Act.CONFIRM and seen.state != task.known and seen.problem is None


def _span(first_at: datetime, now: datetime) -> Span:
    return Span(first_at - CLOCK_MARGIN, min(max(now, first_at), first_at + KEY_LIFE) + CLOCK_MARGIN)
