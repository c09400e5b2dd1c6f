"""Blocks of the hotlist: ranges of cards, such as a batch of blanks that was stolen, and security modules that were.

Few rows, so that a batch of taps reads all of them once and judges each tap by them without the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from citizencard.cards.models import BlockKind, HotlistBlock

MAX_BLOCKS: Final = 1_000
"""In force at one time. What a device holds beside its cards; more are refused when they are proposed."""


@dataclass(frozen=True, slots=True)
class Block:
    """A range of cards or a module, and when it counted.

    Args:
        kind: which of the two.
        first, last: application serials of 10 bytes, both included; a module: its terminal number of 6 bytes, twice.
        effective_from: from this instant on.
        removed_from: no longer from this instant on; None while it stands.
    """

    kind: BlockKind
    first: bytes
    last: bytes
    effective_from: datetime
    removed_from: datetime | None

    def counts_at(self, at: datetime) -> bool:
        """Whether it was in force at an instant."""
        return self.effective_from <= at and (self.removed_from is None or at < self.removed_from)


def active_blocks(session: Session) -> tuple[Block, ...]:
    """All blocks that are or ever were in force, oldest first: a late tap is judged by what counted when it was made."""
    rows = session.scalars(
        select(HotlistBlock)
        .where(or_(HotlistBlock.removed_from.is_(None), HotlistBlock.removed_from > HotlistBlock.effective_from))
        .order_by(HotlistBlock.id)
    )
    return tuple(
        Block(
            BlockKind(row.kind),
            bytes.fromhex(row.first),
            bytes.fromhex(row.last),
            row.effective_from,
            row.removed_from,
        )
        for row in rows
    )


def is_module_listed(session: Session, terminal_number: bytes, at: datetime) -> bool:
    """As `module_listed`, asked of the database for one module, in one statement.

    Args:
        session: read only.
        terminal_number: the number in the module, 6 bytes.
        at: the instant.
    """
    counting = select(HotlistBlock.id).where(
        HotlistBlock.kind == BlockKind.MODULE,
        HotlistBlock.first == terminal_number.hex().upper(),
        HotlistBlock.effective_from <= at,
        or_(HotlistBlock.removed_from.is_(None), HotlistBlock.removed_from > at),
    )
    return session.scalar(counting.limit(1)) is not None


def listed_by_block(blocks: Sequence[Block], serial: bytes, at: datetime) -> bool:
    """Whether a card was in a range that was on the hotlist at an instant.

    Args:
        blocks: of `active_blocks`.
        serial: application serial, 10 bytes.
        at: of the tap.
    """
    return any(
        block.kind is BlockKind.RANGE and block.first <= serial <= block.last and block.counts_at(at)
        for block in blocks
    )


def module_listed(blocks: Sequence[Block], terminal_number: bytes, at: datetime) -> bool:
    """Whether a security module was on the hotlist at an instant.

    Args:
        blocks: of `active_blocks`.
        terminal_number: the number in the module, 6 bytes.
        at: of the tap.
    """
    return any(
        block.kind is BlockKind.MODULE and block.first == terminal_number and block.counts_at(at) for block in blocks
    )
