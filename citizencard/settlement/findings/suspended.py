"""What lies in suspense for a tap, and where: the chip has paid, and nobody has decided whose it is."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from citizencard import chart
from citizencard.purse.uploads.models import TapRecord, Verdict
from citizencard.settlement.clearing.models import TapSetAside


@dataclass(frozen=True, slots=True)
class Suspended:
    """Money of a tap that waits.

    Args:
        amount_fen: how much; 0 when the ride was free for its passenger.
        account: where it lies.
        merchant_id: of the registry; None when the terminal was bound to nobody.
        aside: the row by which clearing has set it aside; None when it was suspicious at upload.
    """

    amount_fen: int
    account: str
    merchant_id: str | None
    aside: TapSetAside | None = None


def suspended(session: Session, records: Collection[TapRecord]) -> dict[int, Suspended]:
    """What waits of each of these taps, by record id; taps whose money is in no doubt are left out.

    Whether somebody has decided about them since is not asked here.
    """
    found = {
        record.id: Suspended(
            record.amount_fen,
            chart.merchant_suspense(record.merchant_id or chart.UNKNOWN_MERCHANT),
            record.merchant_id,
        )
        for record in records
        if record.verdict == Verdict.SUSPICIOUS
    }
    accepted = [record.id for record in records if record.verdict == Verdict.ACCEPTED]
    if accepted:
        for row in session.scalars(select(TapSetAside).where(TapSetAside.record_id.in_(accepted), is_aside())):
            found[row.record_id] = Suspended(
                row.amount_fen, chart.merchant_suspense(row.merchant_id), row.merchant_id, row
            )
    return found


def is_aside() -> ColumnElement[bool]:
    """Of rows of TapSetAside: the money went to suspense by this row, and no later one brought it back."""
    later = aliased(TapSetAside)
    went_back = exists().where(later.record_id == TapSetAside.record_id, later.number > TapSetAside.number)
    return (TapSetAside.number % 2 == 1) & ~went_back
