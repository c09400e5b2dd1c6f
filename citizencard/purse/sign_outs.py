"""Sign-out (签退): a device's totals of its shift against what has arrived (批结算); what is missing is named, so that it can be sent.

Totals are over terminal sequences, not over batches: a record that came twice, in two batches, is one record.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from citizencard.purse.uploads.models import TapRecord, Verdict
from citizencard.terminals.errors import NotBound, SignOutInvalid, UnknownPsam, UnknownShift
from citizencard.terminals.fitting.fittings import numbers_of
from citizencard.terminals.lists.models import TerminalShift
from citizencard.terminals.models import Psam, TerminalBinding

PURCHASE: Final = 1
"""The kind of record that moved money: layout 1 of the batch file."""
MAX_SEQUENCES: Final = 100_000
"""Of one shift."""
MAX_MISSING: Final = 100
"""Ranges that are named in one answer."""


@dataclass(frozen=True, slots=True)
class SignOut:
    """What a device says of its shift.

    Args:
        batch: the number that its sign-in was answered with.
        psam_serial: of the module that made the records, 10 bytes.
        first_sequence, last_sequence: of the shift's records, both included; both 0 when there are none.
        records: how many purchases it made, with or without verdict.
        amount_fen: their sum.
    """

    batch: int
    psam_serial: bytes
    first_sequence: int
    last_sequence: int
    records: int
    amount_fen: int

    def totals(self) -> dict[str, int]:
        """What is kept of it."""
        return {
            "first_sequence": self.first_sequence,
            "last_sequence": self.last_sequence,
            "records": self.records,
            "amount_fen": self.amount_fen,
        }


@dataclass(frozen=True, slots=True)
class Agreement:
    """What has arrived of a shift.

    Args:
        batch: which shift.
        agrees: the totals are equal.
        records, amount_fen: what has arrived.
        missing: first and last sequence of ranges of which nothing has arrived, at most MAX_MISSING; empty when the totals are equal.
    """

    batch: int
    agrees: bool
    records: int
    amount_fen: int
    missing: tuple[tuple[int, int], ...]


def sign_out(session: Session, terminal_id: str, said: SignOut, *, now: datetime) -> Agreement:
    """End a shift, or look again after more was sent: the same totals get the same answer as long as nothing more arrives.

    Args:
        session: joined, never committed.
        terminal_id: who says so.
        said: its totals.
        now: of the first sign-out; a later one changes the totals, not the time.

    Raises, in this order:
        SignOutInvalid: the sequences are no range, or more than MAX_SEQUENCES.
        UnknownShift: the device was never given this batch number.
        UnknownPsam: there is no such module.
        NotBound: the module was never in this device.
    """
    span = range(said.first_sequence, said.last_sequence + 1) if said.last_sequence else range(0)
    if said.first_sequence > said.last_sequence or (said.first_sequence == 0) != (said.last_sequence == 0):
        raise SignOutInvalid("the sequences are no range", reason="sequences")
    if len(span) > MAX_SEQUENCES or said.records > len(span):
        raise SignOutInvalid(f"a shift has at most {MAX_SEQUENCES} sequences, and a record each", reason="records")
    shift = session.scalars(
        select(TerminalShift)
        .where(TerminalShift.terminal_id == terminal_id, TerminalShift.batch == said.batch)
        .with_for_update()
    ).one_or_none()
    if shift is None:
        raise UnknownShift(f"no sign-in was answered with batch {said.batch}", batch=said.batch)
    amounts = _arrived(session, _number(session, terminal_id, said.psam_serial), span)
    records, amount_fen = len(amounts), sum(amounts.values())
    agrees = (records, amount_fen) == (said.records, said.amount_fen)
    missing = () if agrees else _missing(span, sorted(amounts))
    shift.ended_at = shift.ended_at or now
    shift.claimed, shift.agrees = said.totals(), agrees
    shift.arrived = {"records": records, "amount_fen": amount_fen}
    session.flush()
    return Agreement(said.batch, agrees, records, amount_fen, missing)


def _number(session: Session, terminal_id: str, psam_serial: bytes) -> bytes:
    psam = session.get(Psam, psam_serial)
    if psam is None:
        raise UnknownPsam("no such security module", psam_serial=psam_serial.hex().upper())
    was_bound = select(TerminalBinding.id).where(
        TerminalBinding.terminal_id == terminal_id, TerminalBinding.psam_serial == psam_serial
    )
    fitted = numbers_of(session, [terminal_id]).get(terminal_id)
    if fitted != psam.terminal_number and session.scalar(was_bound.limit(1)) is None:
        raise NotBound("the module was never in this terminal", terminal=terminal_id)
    return psam.terminal_number


def _arrived(session: Session, number: bytes, span: range) -> dict[int, int]:
    """Amount by sequence of all purchases that came. A forged record counts only where no genuine one came."""
    if not span:
        return {}
    genuine: Any = case((TapRecord.verdict != Verdict.REJECTED, TapRecord.amount_fen))
    rows = session.execute(
        select(TapRecord.terminal_sequence, func.coalesce(func.max(genuine), func.max(TapRecord.amount_fen)))
        .where(
            TapRecord.terminal_number == number,
            TapRecord.terminal_sequence.between(span[0], span[-1]),
            TapRecord.kind == PURCHASE,
        )
        .group_by(TapRecord.terminal_sequence)
    )
    return {sequence: amount_fen for sequence, amount_fen in rows}  # noqa: C416 # rows are no pairs to the type checker


def _missing(span: range, arrived: list[int]) -> tuple[tuple[int, int], ...]:
    if not span:
        return ()
    marks = [span[0] - 1, *arrived, span[-1] + 1]
    return tuple((left + 1, right - 1) for left, right in pairwise(marks) if right - left > 1)[:MAX_MISSING]
