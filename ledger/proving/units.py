"""A proof's work, cut into units: each is a run of ids with a bounded number of transfers, or one seal and the ids that it covers.

Every transfer belongs to one unit that counts it, whatever somebody has done to the seals.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ledger.chain import GENESIS, LOWEST_ID, MAX_SEALED_AT_ONCE
from ledger.checks import Difference, streamed
from ledger.models import PostedTransfer, Seal
from ledger.proving.days import FIRST_ID

TRANSFERS_IN_UNIT: Final = MAX_SEALED_AT_ONCE


@dataclass(frozen=True, slots=True)
class Unit:
    """A run of ids from `first_id` to `last_id`.

    Args:
        first_id: the first one.
        last_id: the last one.
        seal: the number of the seal over exactly these ids.
        counted: False: another unit looks at these transfers; here only the seal is held against them.
    """

    first_id: int
    last_id: int
    seal: int | None = None
    counted: bool = True


def plan(session: Session) -> Iterator[Unit | Difference]:
    """The units in the order of their ids, and what is wrong with how the seals follow each other."""
    yield from runs(session, LOWEST_ID, FIRST_ID - 1)
    covered, number, previous = FIRST_ID - 1, 1, GENESIS
    columns = (Seal.id, Seal.first_id, Seal.last_id, Seal.previous, Seal.hash)
    for link in streamed(session, select(*columns).order_by(Seal.id)):
        seal, first_id, last_id = link.id, link.first_id, link.last_id
        if seal != number:
            yield Difference("seal_missing", f"seal {number}", "a chain without a gap", "no such seal")
        if first_id != covered + 1 or link.previous != previous:
            expected = f"from id {covered + 1} after {previous}"
            yield Difference("seal_chain", f"seal {seal}", expected, f"{first_id} {link.previous}")
        if first_id > covered + 1:
            yield from runs(session, covered + 1, first_id - 1)
        yield Unit(first_id, last_id, seal, counted=first_id > covered)
        if first_id <= covered < last_id:
            yield from runs(session, covered + 1, last_id)
        covered, number, previous = max(covered, last_id), seal + 1, link.hash
    last: int = session.execute(select(func.coalesce(func.max(PostedTransfer.id), 0))).scalar_one()
    yield from runs(session, covered + 1, last)


def runs(session: Session, first_id: int, last_id: int) -> Iterator[Unit]:
    """Units without a seal over a run of ids, however few of them are in use."""
    while first_id <= last_id:
        end: int | None = session.execute(_END, {"first_id": first_id, "last_id": last_id}).scalar_one()
        if end is None:
            return
        yield Unit(first_id, end)
        first_id = end + 1


_END: Final = text(
    "SELECT max(p.id) FROM (SELECT t.id FROM ledger_transfer t WHERE t.id >= :first_id AND t.id <= :last_id"  # noqa: S608 # a constant
    f" ORDER BY t.id LIMIT {TRANSFERS_IN_UNIT}) AS p"
)
