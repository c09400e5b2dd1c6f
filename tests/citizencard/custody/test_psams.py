"""The inventory of PSAMs."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import AuditEntry
from citizencard.cards.issuing.psam import order_psam
from citizencard.cards.states import Deed
from citizencard.custody.errors import PsamMoveRefused, TwoPeopleNeeded, UnknownPsamInCustody
from citizencard.custody.models import PsamAct
from citizencard.custody.psams import Movement, find, history, inventory, move
from citizencard.terminals.registry import NewBinding, register_terminal
from tests.citizencard.custody.make_custody import FIRST, FIRST_AGAIN, SECOND
from tests.citizencard.terminals.make_terminals import bind, bus_company, psam, serial


def test_way_of_a_module(session: Session, now: datetime) -> None:
    """From the parcel to the shredder: each step is written down with who, and a destruction has a second person."""
    number = psam(session, 1, now)
    with pytest.raises(PsamMoveRefused):
        move(session, Movement(number, PsamAct.ISSUED, "bus 12"), FIRST, now)
    move(session, Movement(number, PsamAct.RECEIVED, "safe A", holds=("purchase-01-v03",)), FIRST, now)
    terminal = register_terminal(session, "bus 12", "bus_validator", now=now).id
    bind(session, NewBinding(terminal, number, bus_company(session, now), 1), now)
    move(session, Movement(number, PsamAct.ISSUED, "bus 12"), FIRST, now)
    record = find(session, number)
    assert (record.made, record.bound_to, record.custody, record.place) == ("foreign", terminal, "issued", "bus 12")
    assert (record.holds, record.valid_until) == (("purchase-01-v03",), None)
    move(session, Movement(number, PsamAct.RETURNED, "safe A"), FIRST, now)
    with pytest.raises(PsamMoveRefused, match="bound"):
        move(session, Movement(number, PsamAct.DESTROYED, "shredder"), FIRST, now, SECOND)
    assert [one.act for one in history(session, number)] == ["returned", "issued", "received"]
    acts = session.scalars(select(AuditEntry.act).where(AuditEntry.subject == number.hex().upper())).all()
    assert sorted(acts) == ["psam.issued", "psam.received", "psam.returned"]


def test_destruction_has_a_witness(session: Session, now: datetime) -> None:
    """Nobody destroys a module alone, nor with himself under another login; what is destroyed does not come back."""
    number = psam(session, 2, now)
    move(session, Movement(number, PsamAct.RECEIVED, "safe"), FIRST, now)
    gone = Movement(number, PsamAct.DESTROYED, "shredder", reason="worn out")
    for witness in (None, FIRST_AGAIN):
        with pytest.raises(TwoPeopleNeeded):
            move(session, gone, FIRST, now, witness)
    assert move(session, gone, FIRST, now, SECOND).witness_person_id == "P-2"
    with pytest.raises(PsamMoveRefused):
        move(session, Movement(number, PsamAct.STORED, "safe"), FIRST, now)
    with pytest.raises(UnknownPsamInCustody):
        find(session, serial(99))


def test_pages_of_the_inventory(session: Session, now: datetime) -> None:
    """Ordered ones and those of other houses stand in one list, by serial, page by page."""
    ordered = order_psam(session, bytes.fromhex("330200000055"), Deed(FIRST, now))
    foreign = [psam(session, number, now) for number in (70_001, 70_002, 70_003)]
    whole = inventory(session)
    serials = [one.serial for one in whole]
    assert {ordered.serial, *foreign} <= set(serials)
    assert serials == sorted(serials)
    assert [one.serial for one in inventory(session, after=serials[0], limit=2)] == serials[1:3]
    assert next(one for one in whole if one.serial == ordered.serial).made == "ordered"
