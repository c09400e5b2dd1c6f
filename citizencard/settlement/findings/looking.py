"""One tap with everything that is known about it: for the person who has to decide."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.purse.uploads.journeys import Tap, taps_by_id
from citizencard.purse.uploads.models import TapRecord
from citizencard.settlement.findings.entries import Entry
from citizencard.settlement.findings.queue import entry
from citizencard.terminals.bindings import BindingAt, bindings_as_of

AROUND: Final = 5
"""So many taps before and after of the same card, and as many of the same terminal."""
WITHIN_THE_SECOND: Final = timedelta(seconds=1, microseconds=-1)


@dataclass(frozen=True, slots=True)
class Claims:
    """What the record says and no TAC covers, or only its sender knows."""

    card_counter: int
    balance_after_fen: int
    batch_id: int
    tariff_version: int | None


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A tap in full.

    Args:
        entry: as in the queue.
        tap: with the explanation of its price.
        claims: of the record.
        binding: whose the terminal was at the time of the tap, by the registry as it is now; None without a believable time.
        of_card, of_terminal: taps around it, in the order of their times and sequences; the tap itself is among them.
    """

    entry: Entry
    tap: Tap
    claims: Claims
    binding: BindingAt | None
    of_card: tuple[Tap, ...]
    of_terminal: tuple[Tap, ...]


def look(session: Session, record_id: int, now: datetime) -> LookedAt:
    """Everything about one tap, in a fixed number of statements.

    Raises:
        UnknownTap: there is none.
    """
    found = entry(session, record_id, now)
    row = session.get_one(TapRecord, record_id)
    of_card = _around_card(session, row)
    of_terminal = _around_terminal(session, row)
    taps = {tap.record_id: tap for tap in taps_by_id(session, sorted({record_id, *of_card, *of_terminal}))}
    binding = None
    if row.tapped_at is not None:
        (binding,) = bindings_as_of(session, [(row.terminal_number, row.tapped_at + WITHIN_THE_SECOND)])
    return LookedAt(
        entry=found,
        tap=taps[record_id],
        claims=Claims(row.card_counter, row.balance_after_fen, row.batch_id, row.tariff_version),
        binding=binding,
        of_card=tuple(taps[one] for one in of_card),
        of_terminal=tuple(taps[one] for one in of_terminal),
    )


def _around_card(session: Session, row: TapRecord) -> list[int]:
    if row.tapped_at is None:
        return [row.id]
    same = select(TapRecord.id, TapRecord.tapped_at).where(
        TapRecord.card_serial == row.card_serial, TapRecord.identity.is_not(None)
    )
    before = same.where(TapRecord.tapped_at < row.tapped_at).order_by(TapRecord.tapped_at.desc(), TapRecord.id.desc())
    after = same.where(TapRecord.tapped_at >= row.tapped_at, TapRecord.id != row.id).order_by(
        TapRecord.tapped_at, TapRecord.id
    )
    earlier = [found.id for found in session.execute(before.limit(AROUND))]
    later = [found.id for found in session.execute(after.limit(AROUND))]
    return [*reversed(earlier), row.id, *later]


def _around_terminal(session: Session, row: TapRecord) -> list[int]:
    same = select(TapRecord.id).where(TapRecord.terminal_number == row.terminal_number)
    number = TapRecord.terminal_sequence
    before = same.where(number < row.terminal_sequence).order_by(number.desc(), TapRecord.id.desc())
    after = same.where(number >= row.terminal_sequence, TapRecord.id != row.id).order_by(number, TapRecord.id)
    earlier = list(session.scalars(before.limit(AROUND)))
    return [*reversed(earlier), row.id, *session.scalars(after.limit(AROUND))]
