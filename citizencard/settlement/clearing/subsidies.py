"""What sponsors paid for a tap that is set aside goes back to them, and comes again when the tap is the merchant's after all."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.purse.uploads.models import TapRecord
from citizencard.settlement.clearing.models import TapSetAside
from ledger import Transfer

SUBSIDY_BACK: Final = "subsidy_back"
"""From the merchant's subsidy to the sponsor who paid it."""
SUBSIDY_AGAIN: Final = "subsidy_again"
"""And to the merchant again."""
RESTORED: Final = "restored"


def sponsors_of(record: TapRecord) -> dict[str, int]:
    """What each sponsor paid the merchant for a tap at upload, in fen, in the order of the price's lines."""
    subsidies: Mapping[str, int] = record.explanation.get("subsidies", {}) if record.subsidy_fen else {}
    return {sponsor: int(fen) for sponsor, fen in subsidies.items() if fen}


def subsidies_of_row(row: TapSetAside, record: TapRecord, at: datetime) -> Iterator[Transfer]:
    """The sponsors' part of a tap that is set aside or covered: `<its reference>:subsidy:<ordinal>`.

    Args:
        row: of `tap_set_aside`.
        record: its tap.
        at: when it happens: the close of the day.
    """
    for ordinal, (sponsor, fen) in enumerate(sponsors_of(record).items(), start=1):
        claim, earned = chart.owed("sponsor", sponsor), chart.subsidy(row.merchant_id)
        debit, credit = (earned, claim) if row.is_aside else (claim, earned)
        yield Transfer(
            reference=f"{row.reference}:subsidy:{ordinal}",
            debit=debit,
            credit=credit,
            amount_fen=fen,
            kind=SUBSIDY_BACK if row.is_aside else SUBSIDY_AGAIN,
            occurred_at=at,
            fact=True,
        )


def restored_subsidies(session: Session, rows: Sequence[TapSetAside], at: datetime) -> list[Transfer]:
    """The sponsors' part of taps that are set aside and that people have decided for the merchant; the caller posts it with the rest.

    The reference is `<reference of the row>:restored:<ordinal>`: the same decision has the same one whenever it is booked.

    Args:
        session: read only.
        rows: the last rows of these taps, see `asides.open_asides`.
        at: of the decision.
    """
    chosen = select(TapRecord).where(TapRecord.id.in_([row.record_id for row in rows]))
    records = {record.id: record for record in session.scalars(chosen)}
    return [
        Transfer(
            reference=f"{row.reference}:{RESTORED}:{ordinal}",
            debit=chart.owed("sponsor", sponsor),
            credit=chart.subsidy(row.merchant_id),
            amount_fen=fen,
            kind=SUBSIDY_AGAIN,
            occurred_at=at,
            fact=True,
        )
        for row in rows
        for ordinal, (sponsor, fen) in enumerate(sponsors_of(records[row.record_id]).items(), start=1)
    ]
