"""Utility services: what a utility bills, and by which rule of the tariff document."""

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.audit import record
from citizencard.billing.errors import ServiceDetailsInvalid, ServiceNameTaken, ServiceUnknown
from citizencard.billing.models import CURRENCY, MAX_RULE_CHARACTERS, UtilityService
from citizencard.cards.states import Deed
from citizencard.db import flush_unique, new_id
from citizencard.merchants.models import MAX_NAME_CHARACTERS, MerchantKind
from citizencard.merchants.registry import merchant_by_id

MAX_PAGE: Final = 200
_RULE: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_RULE_CHARACTERS}}}")


@dataclass(frozen=True, slots=True)
class NewService:
    """A service to be registered: whose, its name (1 to 120 characters), and the name of its rule under `utilities` of the tariff."""

    merchant_id: str
    name: str
    rule: str


def register_service(session: Session, new: NewService, deed: Deed) -> UtilityService:
    """Take a service into the registry and open its merchant's place in the books.

    The rule need not be in force yet: a line of a file whose rule is missing on its day is rejected then.

    Raises, in this order:
        ServiceDetailsInvalid: no usable name or rule, or the merchant is no utility; names every fault.
        UnknownMerchant: there is no such merchant.
        ServiceNameTaken: the utility has one of this name.
    """
    name = new.name.strip()
    faults = [] if 0 < len(name) <= MAX_NAME_CHARACTERS else [f"name must have 1 to {MAX_NAME_CHARACTERS} characters"]
    if not _RULE.fullmatch(new.rule):
        faults.append(f"rule must have 1 to {MAX_RULE_CHARACTERS} characters of A-Z a-z 0-9 _ -")
    merchant = merchant_by_id(session, new.merchant_id)
    if merchant.kind != MerchantKind.UTILITY:
        faults.append("the merchant is no utility")
    if faults:
        raise ServiceDetailsInvalid("; ".join(faults), faults=faults)
    service = UtilityService(
        id=new_id("utl"),
        merchant_id=merchant.id,
        name=name,
        rule=new.rule,
        currency=CURRENCY,
        registered_at=deed.now,
    )
    session.add(service)
    flush_unique(session, ServiceNameTaken("the utility has a service of this name", name=name))
    chart.open_missing(session, [chart.clearing(merchant.id)])
    after = {"merchant": merchant.id, "rule": new.rule}
    record(session, deed.actor, "utility_service.register", service.id, after=after, now=deed.now)
    return service


def find_service(session: Session, service_id: str, *, lock: bool = False) -> UtilityService:
    """A service by id; with `lock`, its row is held until the transaction ends.

    Raises:
        ServiceUnknown: there is none.
    """
    wanted = select(UtilityService).where(UtilityService.id == service_id)
    found = session.scalars(wanted.with_for_update(key_share=True) if lock else wanted).one_or_none()
    if found is None:
        raise ServiceUnknown("no such utility service", service_id=service_id)
    return found


def list_services(session: Session, *, after: str = "", limit: int = MAX_PAGE) -> list[UtilityService]:
    """A page of services by id; continue with the last id as `after`. At most 200 a page."""
    chosen = select(UtilityService).where(UtilityService.id > after).order_by(UtilityService.id)
    return list(session.scalars(chosen.limit(min(limit, MAX_PAGE))))
