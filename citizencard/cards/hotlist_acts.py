"""Ranges of cards and security modules are put on the hotlist, and taken off it, by two people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import Proposal, execute, propose
from citizencard.approvals.models import Approval
from citizencard.audit import Actor, record
from citizencard.cards.errors import (
    HotlistBlockEnded,
    HotlistBlockInvalid,
    HotlistBlockTaken,
    UnknownHotlistBlock,
)
from citizencard.cards.hotlist_blocks import MAX_BLOCKS
from citizencard.cards.hotlist_bytes import number_of
from citizencard.cards.models import CARD_SERIAL_BYTES, TERMINAL_NUMBER_BYTES, BlockKind, HotlistBlock
from citizencard.cards.numbering import CARD_NUMBER_DIGITS, CITY
from citizencard.db import flush_unique
from hardware.card.files import application_serial

BLOCK: Final = "hotlist.block"
UNBLOCK: Final = "hotlist.unblock"
MAX_REASON_CHARACTERS: Final = 32
MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class NewBlock:
    """What two people are to agree on. It takes effect with the approval: never earlier.

    Args:
        kind: `range` of cards or `module`.
        first, last: application serials of 10 bytes, both included; a module: its terminal number of 6 bytes, twice.
        reason: slug such as `stolen`.
    """

    kind: BlockKind
    first: bytes
    last: bytes
    reason: str

    def payload(self) -> dict[str, Any]:
        """What the approval must hold, exactly."""
        return {
            "kind": str(self.kind),
            "first": self.first.hex().upper(),
            "last": self.last.hex().upper(),
            "reason": self.reason,
        }


def propose_block(session: Session, new: NewBlock, actor: Actor, now: datetime) -> Approval:
    """Put a block before a second person.

    Raises, in this order:
        HotlistBlockInvalid: no serials of this city in their order, no terminal number, or no reason.
        HotlistBlockTaken: exactly this is on the hotlist, or MAX_BLOCKS are.
        FourEyesNeeded: the proposer is not known as a person.
    """
    _check(new)
    _check_free(session, new)
    return propose(session, Proposal(BLOCK, new.first.hex().upper(), new.payload(), new.reason), actor, now)


def block_as_approved(session: Session, approval: Approval, actor: Actor, now: datetime) -> HotlistBlock:
    """Carry an approved block out, in the transaction of the approval: it counts from now on.

    Raises:
        ApprovalNotGiven, ApprovalAlreadyExecuted, ApprovalExpired, ApprovalPayloadDiffers: see `approvals.execute`.
        HotlistBlockTaken: it is on the hotlist by now.
    """
    given = approval.payload
    new = NewBlock(
        BlockKind(given["kind"]), bytes.fromhex(given["first"]), bytes.fromhex(given["last"]), given["reason"]
    )
    execute(session, approval.id, new.payload(), actor, now)
    _check_free(session, new)
    row = HotlistBlock(**new.payload(), recorded_at=now, effective_from=now, approval_id=approval.id)
    session.add(row)
    flush_unique(session, _taken(new))
    record(session, actor, BLOCK, str(row.id), after=new.payload(), now=now)
    return row


def propose_unblock(session: Session, block_id: int, reason: str, actor: Actor, now: datetime) -> Approval:
    """Put the end of a block before a second person; it takes effect with the approval.

    Raises, in this order:
        UnknownHotlistBlock: there is none with this number.
        HotlistBlockEnded: it was taken off before.
        FourEyesNeeded, ReasonUnfit: see `propose`.
    """
    row = _standing(session, block_id)
    return propose(session, Proposal(UNBLOCK, str(row.id), {"block_id": row.id}, reason), actor, now)


def unblock_as_approved(session: Session, approval: Approval, actor: Actor, now: datetime) -> HotlistBlock:
    """Carry an approved end out, in the transaction of the approval: taps from now on are judged without the block.

    Raises:
        ApprovalNotGiven, ApprovalAlreadyExecuted, ApprovalExpired, ApprovalPayloadDiffers: see `approvals.execute`.
        UnknownHotlistBlock, HotlistBlockEnded: as in `propose_unblock`.
    """
    execute(session, approval.id, approval.payload, actor, now)
    row = _standing(session, approval.payload["block_id"])
    row.removed_from, row.end_approval_id = max(now, row.effective_from), approval.id
    session.flush()
    record(session, actor, UNBLOCK, str(row.id), reason=approval.reason, now=now)
    return row


def list_blocks(session: Session, *, after: int = 0, limit: int = MAX_PAGE) -> list[HotlistBlock]:
    """A page of all blocks that are or were on the hotlist, by their number. At most 200 a page."""
    rows = select(HotlistBlock).where(HotlistBlock.id > after).order_by(HotlistBlock.id).limit(min(limit, MAX_PAGE))
    return list(session.scalars(rows))


def _check(new: NewBlock) -> None:
    if new.kind is BlockKind.RANGE:
        if not (_is_serial(new.first) and _is_serial(new.last)) or new.first > new.last:
            raise HotlistBlockInvalid("a range is of two serials of this city, the lower one first", reason="serials")
    elif len(new.first) != TERMINAL_NUMBER_BYTES or new.first != new.last or not new.first.hex().isdecimal():
        raise HotlistBlockInvalid("a module is named by its terminal number, twice", reason="terminal_number")
    if not 1 <= len(new.reason) <= MAX_REASON_CHARACTERS:
        raise HotlistBlockInvalid(f"a reason has 1 to {MAX_REASON_CHARACTERS} characters", reason="reason")


def _is_serial(serial: bytes) -> bool:
    try:
        number = str(number_of(serial.hex().upper())).zfill(CARD_NUMBER_DIGITS)
    except ValueError:
        return False
    return len(serial) == CARD_SERIAL_BYTES and serial == application_serial(CITY, number)


def _check_free(session: Session, new: NewBlock) -> None:
    stands = select(func.count()).where(HotlistBlock.removed_from.is_(None))
    same = stands.where(HotlistBlock.first == new.first.hex().upper(), HotlistBlock.last == new.last.hex().upper())
    if session.scalar(same) or (session.scalar(stands) or 0) >= MAX_BLOCKS:
        raise _taken(new)


def _taken(new: NewBlock) -> HotlistBlockTaken:
    return HotlistBlockTaken(
        f"the block is on the hotlist, or {MAX_BLOCKS} others are",
        first=new.first.hex().upper(),
        last=new.last.hex().upper(),
    )


def _standing(session: Session, block_id: int) -> HotlistBlock:
    row = session.scalars(select(HotlistBlock).where(HotlistBlock.id == block_id).with_for_update()).one_or_none()
    if row is None:
        raise UnknownHotlistBlock("there is no such block", block_id=block_id)
    if row.removed_from is not None:
        raise HotlistBlockEnded("the block was taken off before", block_id=block_id)
    return row
