"""Slips (凭条) of the outlets: each has a serial of its outlet without gaps, whatever the money on it was paid for."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

_NEXT: Final = text(
    "INSERT INTO slip_counter (outlet_id, last_serial) VALUES (:outlet_id, 1)"
    " ON CONFLICT (outlet_id) DO UPDATE SET last_serial = slip_counter.last_serial + 1 RETURNING last_serial"
)


def next_slip(session: Session, outlet_id: str) -> int:
    """The outlet's next slip serial, from 1.

    It counts in the transaction that books the money: one that is rolled back leaves no gap. Two at once take turns, so this comes after
    the locks of cards and accounts and right before the posting.
    """
    serial: int = session.execute(_NEXT, {"outlet_id": outlet_id}).scalar_one()
    return serial


def slip_reference(outlet_id: str, serial: int, line: int = 1) -> str:
    """Names a line of a slip in the books: `slip:<outlet>.<serial>:<line>`. A serial alone would name a slip in every outlet."""
    return f"slip:{outlet_id}.{serial}:{line}"
