"""What lies in suspense for a tap, and where: the chip has paid, and nobody has decided whose it is."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.purse.uploads.models import TapRecord, Verdict


@dataclass(frozen=True, slots=True)
class Suspended:
    """Money of a tap that waits.

    Args:
        amount_fen: how much; 0 when the ride was free for its passenger.
        account: where it lies.
        merchant_id: of the registry; None when the terminal was bound to nobody.
    """

    amount_fen: int
    account: str
    merchant_id: str | None


def suspended(session: Session, records: Iterable[TapRecord]) -> dict[int, Suspended]:
    """What waits of each of these taps, by record id; taps whose money never was in doubt are left out."""
    return {
        record.id: Suspended(
            record.amount_fen,
            chart.merchant_suspense(record.merchant_id or chart.UNKNOWN_MERCHANT),
            record.merchant_id,
        )
        for record in records
        if record.verdict == Verdict.SUSPICIOUS
    }
