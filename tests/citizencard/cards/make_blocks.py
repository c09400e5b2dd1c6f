"""Boxes of cards, and security modules, that two people have put on the hotlist."""

from datetime import datetime

from sqlalchemy.orm import Session

from citizencard.approvals.decisions import approve
from citizencard.audit import Actor
from citizencard.cards.hotlist_acts import NewBlock, block_as_approved, propose_block
from citizencard.cards.models import BlockKind, HotlistBlock

STOCK = Actor("staff", "staff_stock", person_id="P-1", role="stock_keeper")
SUPERVISOR = Actor("staff", "staff_supervisor", person_id="P-2", role="supervisor")


def put_on(session: Session, new: NewBlock, now: datetime) -> HotlistBlock:
    """Propose it, approve it, and have it on the hotlist from now on."""
    approval = propose_block(session, new, STOCK, now)
    approve(session, approval.id, SUPERVISOR, now)
    return block_as_approved(session, approval, SUPERVISOR, now)


def stolen_card(serial: bytes) -> NewBlock:
    """A range of one card."""
    return NewBlock(BlockKind.RANGE, serial, serial, "stolen")


def stolen_module(number: bytes) -> NewBlock:
    """A module."""
    return NewBlock(BlockKind.MODULE, number, number, "stolen")
