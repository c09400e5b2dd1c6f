"""The sweep: whatever a crash, a lost answer or a lost report left unfinished is brought to its end, as often as it is run.

It is safe beside the server and beside another sweep: every step takes a lease or a row's lock first.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from citizencard.checkout import flow, webhooks
from citizencard.checkout.attempts import has_open, open_payments
from citizencard.checkout.comparing import compare
from citizencard.checkout.errors import PaymentBusy
from citizencard.checkout.orders import PAY_WITHIN
from citizencard.checkout.sendings import count_unsent
from citizencard.db import Sessions, reading
from citizencard.errors import CitizencardError
from citizencard.payments.gateway import PaymentGateway
from citizencard.payments.models import FINAL, AttemptState, OrderState, PaymentAttempt, PaymentOrder
from ledger.errors import LedgerError

PAGE: Final = 100
MAX_ITEMS: Final = 10_000
"""Of each kind in one run; the rest follows with the next."""
LOOK_AFTER: Final = timedelta(minutes=2)
"""A payment in which nothing has happened for so long is looked up: its report may have been lost."""

Progress = Callable[[str, int], None]

log = logging.getLogger("citizencard.checkout")


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a run did, and what is left for the next.

    Args:
        events_handled, events_left: reports in the inbox.
        tries_ended, tries_left: requests of which it was not known how they ended.
        looked_up, cancelled: payments under way; those that stayed unpaid too long.
        refunds_ended, refunds_left: refunds that were to be sent.
        compared, booked_by_comparison, missing: see `comparing.Compared`; `compared` is None when the lists could not be read.
        faults: how many items a refusal or the database stopped; they are in the log by kind.
    """

    events_handled: int
    events_left: int
    tries_ended: int
    tries_left: int
    looked_up: int
    cancelled: int
    refunds_ended: int
    refunds_left: int
    compared: int | None
    booked_by_comparison: int
    missing: int
    faults: int

    @property
    def is_all_done(self) -> bool:
        """Whether nothing waits for another run."""
        return not (self.events_left or self.tries_left or self.refunds_left or self.missing or self.faults)


def sweep(sessions: Sessions, gateway: PaymentGateway, now: datetime, progress: Progress | None = None) -> SweepReport:
    """Go through everything that is not finished, in pages.

    Args:
        sessions: opens the short transactions.
        gateway: is asked with none open.
        now: present instant.
        progress: is told what is worked on and how many of it are done, after each page.
    """
    tell = progress or _tell_nobody
    broom = _Broom(sessions, gateway, now, tell)
    events = broom.go("events", lambda session, after: webhooks.unhandled(session, after=after), broom.handle_event)
    tries = broom.go("tries", lambda session, after: _tries(session, now, after), broom.end_try)
    under_way = broom.go("payments", lambda session, after: _under_way(session, now, after), broom.look_after)
    sent = flow.send_refunds(sessions, gateway, now)
    tell("refunds", sent.ended + sent.still_open)
    compared = compare(sessions, gateway, now)
    tell("compared", compared.listed)
    with reading(sessions) as session:
        refunds_left = count_unsent(session)
    return SweepReport(
        events_handled=events.done,
        events_left=events.left,
        tries_ended=tries.done,
        tries_left=tries.left,
        looked_up=under_way.done + under_way.left,
        cancelled=broom.cancelled,
        refunds_ended=sent.ended,
        refunds_left=refunds_left,
        compared=compared.listed if compared.is_complete else None,
        booked_by_comparison=compared.booked,
        missing=compared.missing,
        faults=broom.faults + compared.faults,
    )


@dataclass(frozen=True, slots=True)
class _Swept:
    done: int
    left: int


class _Broom:
    """One run: what it works with, and what went wrong on the way."""

    def __init__(self, sessions: Sessions, gateway: PaymentGateway, now: datetime, tell: Progress) -> None:
        self.sessions, self.gateway, self.now, self.tell = sessions, gateway, now, tell
        self.cancelled = 0
        self.faults = 0

    def go(self, what: str, page_of: Callable[[Session, str], Sequence[str]], work: Callable[[str], bool]) -> _Swept:
        """Work through the pages of one kind of item; `work` says whether an item is finished."""
        done = left = 0
        after = ""
        while done + left < MAX_ITEMS:
            with reading(self.sessions) as session:
                page = page_of(session, after)
            for item in page:
                if self._try(work, item):
                    done += 1
                else:
                    left += 1
            self.tell(what, done + left)
            if len(page) < PAGE:
                break
            after = page[-1]
        return _Swept(done, left)

    def handle_event(self, event_id: str) -> bool:
        """A report from the inbox."""
        return webhooks.handle(self.sessions, self.gateway, event_id, self.now) is not None

    def end_try(self, payment_id: str) -> bool:
        """A request of which it is not known how it ended."""
        flow.refresh(self.sessions, self.gateway, payment_id, self.now)
        with reading(self.sessions) as session:
            return not has_open(session, payment_id)

    def look_after(self, payment_id: str) -> bool:
        """A payment under way: looked up, and cancelled when it was left alone too long."""
        view = flow.refresh(self.sessions, self.gateway, payment_id, self.now)
        if view.state in FINAL:
            return True
        with reading(self.sessions) as session:
            is_left_alone = _is_left_alone(session, payment_id, self.now)
        if is_left_alone:
            view = flow.cancel(self.sessions, self.gateway, payment_id, self.now)
            self.cancelled += view.state == OrderState.CANCELED
        return view.state in FINAL

    def _try(self, work: Callable[[str], bool], item: str) -> bool:
        try:
            return work(item)
        except PaymentBusy:
            return False  # somebody else is at it, or it has to wait for its answer
        except (CitizencardError, LedgerError, DBAPIError) as refusal:
            log.warning("%s is left for the next sweep: %s", item, type(refusal).__name__)
            self.faults += 1
            return False


def _tries(session: Session, now: datetime, after: str) -> Sequence[str]:
    return open_payments(session, now, after=after, limit=PAGE)


def _under_way(session: Session, now: datetime, after: str) -> Sequence[str]:
    chosen = (
        select(PaymentOrder.id)
        .where(
            PaymentOrder.state.not_in(FINAL),
            PaymentOrder.updated_at <= now - LOOK_AFTER,
            # Those with an open try were asked about a moment ago.
            ~exists().where(PaymentAttempt.payment_id == PaymentOrder.id, PaymentAttempt.state != AttemptState.DONE),
            PaymentOrder.id > after,
        )
        .order_by(PaymentOrder.id)
        .limit(PAGE)
    )
    return session.scalars(chosen).all()


def _is_left_alone(session: Session, payment_id: str, now: datetime) -> bool:
    order = session.get_one(PaymentOrder, payment_id)
    # What is being processed has been paid as far as the resident can: only the provider ends it.
    return order.state != OrderState.PROCESSING and now - order.updated_at >= PAY_WITHIN


def _tell_nobody(_what: str, _count: int) -> None:
    """Nobody asked to be told."""
