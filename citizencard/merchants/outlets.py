"""Where merchants do business: opened under a name of its own, closed once, never forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import Actor, record
from citizencard.db import flush_unique, new_id
from citizencard.merchants.errors import (
    MerchantDetailsInvalid,
    MerchantOutletClosed,
    MerchantOutletNameTaken,
    UnknownMerchantOutlet,
)
from citizencard.merchants.models import (
    MAX_ADDRESS_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_OPENING_HOURS_CHARACTERS,
    MerchantOutlet,
)
from citizencard.merchants.registry import MAX_PAGE, merchant_by_id


@dataclass(frozen=True, slots=True)
class NewOutlet:
    """An outlet to be opened.

    Args:
        merchant_id: whose.
        name: 1 to 120 characters, of no other outlet of this merchant.
        address: 1 to 200 characters.
        opening_hours: in words, at most 120 characters; may be empty.
    """

    merchant_id: str
    name: str
    address: str
    opening_hours: str = ""


def open_outlet(session: Session, new: NewOutlet, actor: Actor, now: datetime) -> MerchantOutlet:
    """Take an outlet into the registry.

    Raises, in this order:
        MerchantDetailsInvalid: an unusable name, address or opening hours; names every fault.
        UnknownMerchant: nobody has this id.
        MerchantOutletNameTaken: the merchant has one of this name, open or closed.
    """
    name, address, hours = new.name.strip(), new.address.strip(), new.opening_hours.strip()
    faults = [
        fault
        for is_fine, fault in (
            (1 <= len(name) <= MAX_NAME_CHARACTERS, f"name must have 1 to {MAX_NAME_CHARACTERS} characters"),
            (
                1 <= len(address) <= MAX_ADDRESS_CHARACTERS,
                f"address must have 1 to {MAX_ADDRESS_CHARACTERS} characters",
            ),
            (
                len(hours) <= MAX_OPENING_HOURS_CHARACTERS,
                f"hours have at most {MAX_OPENING_HOURS_CHARACTERS} characters",
            ),
        )
        if not is_fine
    ]
    if faults:
        raise MerchantDetailsInvalid("; ".join(faults), faults=faults)
    merchant_by_id(session, new.merchant_id)
    taken = MerchantOutletNameTaken("the merchant has another outlet of this name", name=name)
    same = select(MerchantOutlet.id).where(MerchantOutlet.merchant_id == new.merchant_id, MerchantOutlet.name == name)
    if session.scalar(same) is not None:
        raise taken
    outlet = MerchantOutlet(
        id=new_id("mout"),
        merchant_id=new.merchant_id,
        name=name,
        address=address,
        opening_hours=hours,
        opened_at=now,
    )
    session.add(outlet)
    flush_unique(session, taken)
    after = {"merchant": outlet.merchant_id, "name": name, "address": address, "opening_hours": hours}
    record(session, actor, "merchant_outlet.open", outlet.id, after=after, now=now)
    return outlet


def close_outlet(session: Session, outlet_id: str, actor: Actor, now: datetime) -> MerchantOutlet:
    """Close an outlet. Devices that stand at it keep their bindings: who is paid does not follow from a place.

    Raises:
        UnknownMerchantOutlet: there is none with this id.
        MerchantOutletClosed: it is closed already.
    """
    outlet = open_outlet_by_id(session, outlet_id)
    outlet.closed_at = now
    session.flush()
    record(session, actor, "merchant_outlet.close", outlet_id, now=now)
    return outlet


def outlet_by_id(session: Session, outlet_id: str) -> MerchantOutlet:
    """Look an outlet up, open or closed.

    Raises:
        UnknownMerchantOutlet: there is none with this id.
    """
    outlet = session.get(MerchantOutlet, outlet_id)
    if outlet is None:
        raise UnknownMerchantOutlet("there is no such outlet", outlet_id=outlet_id)
    return outlet


def open_outlet_by_id(session: Session, outlet_id: str) -> MerchantOutlet:
    """Look an outlet up that is in use.

    Raises:
        UnknownMerchantOutlet: there is none with this id.
        MerchantOutletClosed: it is closed.
    """
    outlet = outlet_by_id(session, outlet_id)
    if outlet.closed_at is not None:
        raise MerchantOutletClosed("the outlet is closed", outlet_id=outlet_id)
    return outlet


def list_outlets(
    session: Session, *, merchant_id: str | None = None, after: str = "", limit: int = MAX_PAGE
) -> list[MerchantOutlet]:
    """A page of outlets by id, of one merchant or of all; continue with the last id as `after`. At most 200 a page."""
    chosen = select(MerchantOutlet).where(MerchantOutlet.id > after).order_by(MerchantOutlet.id)
    if merchant_id is not None:
        chosen = chosen.where(MerchantOutlet.merchant_id == merchant_id)
    return list(session.scalars(chosen.limit(min(limit, MAX_PAGE))))


def outlets_by_id(session: Session, outlet_ids: Sequence[str]) -> dict[str, MerchantOutlet]:
    """The outlets with these ids, in one statement; ids that nobody has are left out."""
    found = session.scalars(select(MerchantOutlet).where(MerchantOutlet.id.in_(set(outlet_ids))))
    return {outlet.id: outlet for outlet in found}
