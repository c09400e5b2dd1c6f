"""Outlets and their tills."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import audit, chart
from citizencard.audit import Actor
from citizencard.db import flush_unique, new_id
from citizencard.staff.errors import LoginUnfit, OutletNameTaken, OutletUnknown, TillUnknown
from citizencard.staff.models import NAME_CHARS, Outlet, Till

MAX_TILLS: Final = 100


def open_outlet(session: Session, name: str, actor: Actor, now: datetime) -> Outlet:
    """Open a service point under a name of its own, 1 to 64 characters.

    Raises:
        LoginUnfit: the name is empty or too long.
        OutletNameTaken: another outlet has the name.
    """
    _check_name(name)
    taken = OutletNameTaken("another outlet has this name")
    if session.scalar(select(Outlet.id).where(Outlet.name == name)):
        raise taken
    outlet = Outlet(id=new_id("out"), name=name, opened_at=now)
    session.add(outlet)
    flush_unique(session, taken)
    audit.record(session, actor, "outlet.open", outlet.id, after={"name": name}, now=now)
    return outlet


def open_till(session: Session, outlet_id: str, name: str, actor: Actor, now: datetime) -> Till:
    """Give an outlet a cash drawer and the ledger account that follows its money.

    Raises:
        LoginUnfit: the name is empty or too long.
        OutletUnknown: no such outlet, or it is closed.
    """
    _check_name(name)
    outlet = session.get(Outlet, outlet_id)
    if outlet is None or outlet.closed_at is not None:
        raise OutletUnknown("there is no such outlet, or it is closed")
    till = Till(id=new_id("till"), outlet_id=outlet_id, name=name, opened_at=now)
    session.add(till)
    session.flush()
    chart.open_missing(session, [chart.till(till.id)])
    audit.record(session, actor, "till.open", till.id, after={"outlet": outlet_id, "name": name}, now=now)
    return till


def find_till(session: Session, till_id: str) -> Till:
    """A till that is in use.

    Raises:
        TillUnknown: no such till, or it is closed.
    """
    till = session.get(Till, till_id)
    if till is None or till.closed_at is not None:
        raise TillUnknown("there is no such till, or it is closed")
    return till


def open_tills(session: Session, outlet_id: str | None) -> list[Till]:
    """The tills that are in use at an outlet, or everywhere, by name; at most 100."""
    chosen = select(Till).where(Till.closed_at.is_(None)).order_by(Till.name, Till.id).limit(MAX_TILLS)
    if outlet_id is not None:
        chosen = chosen.where(Till.outlet_id == outlet_id)
    return list(session.scalars(chosen))


def _check_name(name: str) -> None:
    if not 1 <= len(name.strip()) <= NAME_CHARS:
        raise LoginUnfit(f"a name has 1 to {NAME_CHARS} characters", field="name")
