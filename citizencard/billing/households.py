"""Which households a resident pays for. Adding one is proved by its latest bill: what it amounts to, or its serial."""

import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.orm import Session

from citizencard.audit import Actor, record
from citizencard.billing.errors import (
    BillingError,
    BillUnknown,
    HouseholdLocked,
    HouseholdNotProved,
    HouseholdsTooMany,
    HouseholdUnknown,
)
from citizencard.billing.lines import CUSTOMER_NUMBER
from citizencard.billing.models import Bill, BillState, Household, HouseholdGuard, UtilityService
from citizencard.billing.registry import find_service
from citizencard.billing.views import BillView, bill_view, bill_views, masked
from citizencard.cards.states import Deed
from citizencard.db import is_postgresql, new_id

MAX_TRIES: Final = 5
LOCK: Final = timedelta(days=1)
"""Wrong tries of one day count together; the fifth ends trying for a day. A right one does not take them back."""
MAX_HOUSEHOLDS: Final = 10
MAX_BILLS: Final = 100
_YUAN: Final = re.compile(r"[¥￥]?\s*([0-9]{1,10})(?:\.([0-9]{1,2}))?\s*元?")


@dataclass(frozen=True, slots=True)
class HouseholdClaim:
    """A resident says that a household is theirs.

    Args:
        person_id: the resident.
        service_id: of which utility service.
        customer_number: the household's number (户号).
        proof: what the latest bill amounts to, in yuan such as `49.50`, or its serial.
    """

    person_id: str
    service_id: str
    customer_number: str = field(repr=False)
    proof: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HouseholdView:
    """A household that a resident pays for; `customer_number` whole, `household` masked."""

    id: str
    service_id: str
    service_name: str
    customer_number: str = field(repr=False)
    household: str
    linked_at: datetime


def try_link(session: Session, claim: HouseholdClaim, deed: Deed) -> HouseholdView | BillingError:
    """Add a household to a resident's, or say why not. The caller commits in both cases, so that wrong tries stay counted.

    Added already, the answer is the first one's; it needs the proof all the same. A number that no bill has and a wrong proof are
    answered alike.

    Returns:
        The household; or HouseholdLocked, HouseholdNotProved or HouseholdsTooMany, to be raised after the commit.

    Raises:
        ServiceUnknown: there is no such service; nothing was tried.
    """
    service = find_service(session, claim.service_id)
    guard = _guard(session, claim.person_id)
    if guard.locked_until is not None and deed.now < guard.locked_until:
        return HouseholdLocked("too many wrong tries", locked_until=guard.locked_until)
    latest = _latest(session, claim)
    if latest is None or not _is_proof(claim.proof, latest):
        return _wrong_try(session, guard, deed)
    linked = session.scalars(
        _linked(claim.person_id).where(
            Household.service_id == service.id, Household.customer_number == claim.customer_number
        )
    ).one_or_none()
    if linked is None:
        count = session.scalar(select(func.count()).select_from(_linked(claim.person_id).subquery())) or 0
        if count >= MAX_HOUSEHOLDS:
            return HouseholdsTooMany(f"at most {MAX_HOUSEHOLDS} households", max_households=MAX_HOUSEHOLDS)
        linked = Household(
            id=new_id("hh"),
            person_id=claim.person_id,
            service_id=service.id,
            customer_number=claim.customer_number,
            linked_at=deed.now,
        )
        session.add(linked)
        session.flush()
        record(session, deed.actor, "household.link", linked.id, after={"service": service.id}, now=deed.now)
    return _view(linked, service)


def unlink(session: Session, household_id: str, person_id: str, actor: Actor, now: datetime) -> None:
    """Take a household from a resident's; its bills are not theirs to see any more.

    Raises:
        HouseholdUnknown: it is not one of theirs.
    """
    linked = session.scalars(_linked(person_id).where(Household.id == household_id).with_for_update()).one_or_none()
    if linked is None:
        raise HouseholdUnknown("not one of the resident's households", household_id=household_id)
    linked.unlinked_at = now
    session.flush()
    record(session, actor, "household.unlink", linked.id, now=now)


def households_of_person(session: Session, person_id: str) -> list[HouseholdView]:
    """The households that a resident pays for, in the order of their linking; at most 10."""
    linked = session.scalars(_linked(person_id).order_by(Household.linked_at, Household.id)).all()
    services = {
        service.id: service
        for service in session.scalars(
            select(UtilityService).where(UtilityService.id.in_({household.service_id for household in linked}))
        )
    }
    return [_view(household, services[household.service_id]) for household in linked]


def bills_of_person(session: Session, person_id: str) -> list[BillView]:
    """The bills of all the resident's households: what is to be paid first, soonest due first, then the newest of the others.

    At most 100.
    """
    still_open = _bills(person_id).where(Bill.state == BillState.OPEN).order_by(Bill.due_on, Bill.id)
    found = list(session.scalars(still_open.limit(MAX_BILLS)))
    settled = _bills(person_id).where(Bill.state != BillState.OPEN).order_by(Bill.period_to.desc(), Bill.id)
    found += session.scalars(settled.limit(MAX_BILLS - len(found)))
    return bill_views(session, found)


def bill_of_person(session: Session, person_id: str, bill_id: str) -> BillView:
    """A bill of one of the resident's households.

    Raises:
        BillUnknown: there is none; another household's is answered in the same words.
    """
    bill = session.scalars(_bills(person_id).where(Bill.id == bill_id)).one_or_none()
    if bill is None:
        raise BillUnknown("no such bill", bill_id=bill_id)
    return bill_view(session, bill)


def _linked(person_id: str) -> Select[Household]:
    return select(Household).where(Household.person_id == person_id, Household.unlinked_at.is_(None))


def _bills(person_id: str) -> Select[Bill]:
    # EXISTS and not a join: a household that was linked twice shows its bills once.
    linked = (
        select(Household.id)
        .where(
            Household.person_id == person_id,
            Household.unlinked_at.is_(None),
            Household.service_id == Bill.service_id,
            Household.customer_number == Bill.customer_number,
        )
        .exists()
    )
    return select(Bill).where(linked)


def _guard(session: Session, person_id: str) -> HouseholdGuard:
    """The resident's count of wrong tries, locked: tries at once take turns."""
    insert = insert_on_postgresql if is_postgresql(session) else insert_on_sqlite
    session.execute(insert(HouseholdGuard).values(person_id=person_id, wrong_count=0).on_conflict_do_nothing())
    return session.scalars(
        select(HouseholdGuard).where(HouseholdGuard.person_id == person_id).with_for_update(),
        execution_options={"populate_existing": True},
    ).one()


def _latest(session: Session, claim: HouseholdClaim) -> Bill | None:
    if not CUSTOMER_NUMBER.fullmatch(claim.customer_number):
        return None
    chosen = select(Bill).where(
        Bill.customer_number == claim.customer_number,
        Bill.service_id == claim.service_id,
        Bill.state != BillState.CANCELLED,
    )
    return session.scalars(chosen.order_by(Bill.period_to.desc(), Bill.id.desc()).limit(1)).one_or_none()


def _is_proof(proof: str, latest: Bill) -> bool:
    said = proof.strip()
    if hmac.compare_digest(said.encode(errors="replace"), latest.serial.encode()):
        return True
    yuan = _YUAN.fullmatch(said)
    if yuan is None:
        return False
    return int(yuan[1]) * 100 + int((yuan[2] or "").ljust(2, "0")) == latest.amount_fen


def _wrong_try(session: Session, guard: HouseholdGuard, deed: Deed) -> BillingError:
    if guard.first_wrong_at is None or deed.now - guard.first_wrong_at >= LOCK:
        guard.first_wrong_at, guard.wrong_count = deed.now, 0
    guard.wrong_count += 1
    left = MAX_TRIES - guard.wrong_count
    if left <= 0:
        guard.locked_until, guard.first_wrong_at, guard.wrong_count = deed.now + LOCK, None, 0
    session.flush()
    record(session, deed.actor, "household.wrong_try", guard.person_id, after={"tries_left": left}, now=deed.now)
    return HouseholdNotProved("number and bill do not belong together", tries_left=left)


def _view(household: Household, service: UtilityService) -> HouseholdView:
    return HouseholdView(
        id=household.id,
        service_id=service.id,
        service_name=service.name,
        customer_number=household.customer_number,
        household=masked(household.customer_number),
        linked_at=household.linked_at,
    )
