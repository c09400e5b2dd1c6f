"""Reports of the provider: verified, kept in an inbox, and then acted on in a transaction of their own.

An event is kept once by its id; what it means is booked once by the name of the money, whatever order the reports come in. A report of
an end is taken as it is; any other one that differs from what we know may be old news, so the payment is looked up instead. What cannot
be finished now stays in the inbox for the sweep.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from citizencard.checkout.intake import Outcome, Taken, find_payment_order, take_payment, take_refund
from citizencard.db import Sessions, is_postgresql, reading, transaction
from citizencard.errors import CitizencardError
from citizencard.payments.gateway import Done, Payment, PaymentGateway, Refund
from citizencard.payments.models import WebhookEvent
from citizencard.payments.states import FINAL, PaymentState, RefundState, payment_may_become
from citizencard.payments.webhook import Event, WebhookSecret, read_event
from ledger.errors import LedgerError

PAGE: Final = 100
_DROPPED: Final = ("next_url", "problem")
"""Of a payment inside an event these are not kept: the one is for the payer alone, the other are the provider's words."""

log = logging.getLogger("citizencard.checkout")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What arrived: the exact bytes, and the header `Stripe-Signature`."""

    body: bytes = field(repr=False)
    signature: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class WebhookReceived:
    """A report that is kept.

    Args:
        event_id: the provider's name of it.
        outcome: `booked`, `noted`, `duplicate` or `ignored`.
        is_handled: False when the sweep has to go on with it.
    """

    event_id: str
    outcome: Outcome
    is_handled: bool


def receive(
    sessions: Sessions, gateway: PaymentGateway, delivery: Delivery, secrets: Sequence[WebhookSecret], now: datetime
) -> WebhookReceived:
    """Keep a report and act on it. Once it is kept, nothing that goes wrong is told to the provider: the sweep goes on.

    Raises:
        WebhookUnsigned, WebhookForged, WebhookOutOfTime, WebhookMalformed: it is not believed, and not kept.
    """
    event = read_event(delivery.body, delivery.signature, secrets, now)
    with transaction(sessions) as session:
        is_open = _keep(session, event, hashlib.sha256(delivery.body).digest(), now)
    if not is_open:
        return WebhookReceived(event.id, Outcome.DUPLICATE, is_handled=True)
    outcome = handle(sessions, gateway, event.id, now)
    return WebhookReceived(event.id, outcome or Outcome.NOTED, is_handled=outcome is not None)


def handle(sessions: Sessions, gateway: PaymentGateway, event_id: str, now: datetime) -> Outcome | None:
    """Act on a report in the inbox; None when it has to be tried again later."""
    try:
        return _handle(sessions, gateway, event_id, now)
    except (CitizencardError, LedgerError, DBAPIError) as refusal:
        # The report is safe in the inbox. Of the refusal only its kind is logged: a driver's message repeats the statement's values.
        log.warning("event %s is left for the sweep: %s", event_id, type(refusal).__name__)
        return None


def unhandled(session: Session, *, after: str = "", limit: int = PAGE) -> Sequence[str]:
    """Ids of reports that wait in the inbox, a page of them by id."""
    chosen = select(WebhookEvent.id).where(WebhookEvent.handled_at.is_(None), WebhookEvent.id > after)
    return session.scalars(chosen.order_by(WebhookEvent.id).limit(limit)).all()


def _keep(session: Session, event: Event, body_hash: bytes, now: datetime) -> bool:
    """Put an event into the inbox, once; whether it has still to be acted on."""
    insert = insert_on_postgresql if is_postgresql(session) else insert_on_sqlite
    row = {
        "id": event.id,
        "type": event.type,
        "object_id": event.object_id,
        "change": event.change,
        "live": event.live,
        "seen": _picture(event),
        "body_hash": body_hash,
        "happened_at": event.created,
        "received_at": now,
    }
    session.execute(insert(WebhookEvent).values(row).on_conflict_do_nothing())
    return session.get_one(WebhookEvent, event.id).handled_at is None


def _handle(sessions: Sessions, gateway: PaymentGateway, event_id: str, now: datetime) -> Outcome | None:
    with reading(sessions) as session:
        event = session.get_one(WebhookEvent, event_id)
        payment, refund = _payment_in(event), _refund_in(event)
        needs_look_up = payment is not None and _may_be_old(session, payment)
    if payment is not None and needs_look_up:
        found = gateway.payment(payment.id)
        if not isinstance(found, Done):
            return None
        payment = found.value
    with transaction(sessions) as session:
        taken = Taken(Outcome.IGNORED)
        if payment is not None:
            taken = take_payment(session, payment, now)
        elif refund is not None:
            taken = take_refund(session, refund, now)
        row = session.scalars(select(WebhookEvent).where(WebhookEvent.id == event_id).with_for_update()).one()
        if row.handled_at is None:
            row.handled_at, row.outcome, row.money_reference = now, taken.outcome, taken.money_reference
    return taken.outcome


def _may_be_old(session: Session, seen: Payment) -> bool:
    """Whether a report of this state could be overtaken by now: all but the ends, and an end that contradicts what is known."""
    order = find_payment_order(session, seen)
    if order is None:
        return False
    known = None if order.provider_state is None else PaymentState(order.provider_state)
    if seen.state in FINAL:
        return known is not None and not payment_may_become(known, seen.state)
    return known not in FINAL


def _picture(event: Event) -> dict[str, Any]:
    """State, amounts and names of the object, as JSON values."""
    shown = event.payment or event.refund
    if shown is None:
        return {}
    kind = "payment" if event.payment is not None else "refund"
    values = {name: value for name, value in asdict(shown).items() if name not in _DROPPED}
    return {"kind": kind, **values, "created": shown.created.isoformat()}


def _payment_in(event: WebhookEvent) -> Payment | None:
    if event.seen.get("kind") != "payment":
        return None
    values = {name: value for name, value in event.seen.items() if name != "kind"}
    values |= {"state": PaymentState(values["state"]), "created": _instant(values["created"])}
    return Payment(**values)


def _refund_in(event: WebhookEvent) -> Refund | None:
    if event.seen.get("kind") != "refund":
        return None
    values = {name: value for name, value in event.seen.items() if name != "kind"}
    values |= {"state": RefundState(values["state"]), "created": _instant(values["created"])}
    return Refund(**values)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
