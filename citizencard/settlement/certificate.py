"""The custody certificate (备付金): does what is held cover what is owed to cardholders and merchants, account by account?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.settlement.models import CustodyCertificate
from ledger import ClosedDay
from ledger.cuts import SumUntil, sums_until

COVER: dict[str, int] = dict.fromkeys(chart.COVER_FAMILIES, 1) | {chart.TRANSIT_PAYOUT_CUSTODY: -1}
"""What covers client money, by family, with its sign (备付金 rules): held in, on its way to or from the reserve account."""
PURSE = "purse:<card>"
IN_LOAD = "inload:<card>"


@dataclass(frozen=True, slots=True)
class Custody:
    """Cover and debt of one instant, in fen, with what they are made of."""

    cover_fen: int
    owed_fen: int
    custody_fen: int
    cover_parts: dict[str, int]
    owed_parts: dict[str, int]

    @property
    def surplus_fen(self) -> int:
        """Cover less what is owed: at least zero, or the company makes it up the same day."""
        return self.cover_fen - self.owed_fen


def weigh(sums: Iterable[SumUntil]) -> Custody:
    """Weigh cover against debt.

    Owed is the sum over client liabilities of what is above zero, account by account: a purse below zero is a loss to be covered by the
    company and never netted against other people's money. Purse and `inload` of one card count together, as one holder's money.
    """
    cover_parts: dict[str, int] = defaultdict(int)
    owed_parts: dict[str, int] = defaultdict(int)
    custody_fen = 0
    cards: dict[str, int] = defaultdict(int)
    for found in sums:
        if found.family in COVER:
            cover_parts[found.family] += COVER[found.family] * found.balance_fen
            custody_fen += found.balance_fen if found.family == chart.BANK_CUSTODY else 0
        elif found.family in (PURSE, IN_LOAD):
            cards[found.code.partition(":")[2]] += found.balance_fen
        else:
            owed_parts[found.family] += max(0, found.balance_fen)
    if cards:
        owed_parts["cards"] = sum(max(0, balance_fen) for balance_fen in cards.values())
    return Custody(
        sum(cover_parts.values()), sum(owed_parts.values()), custody_fen, dict(cover_parts), dict(owed_parts)
    )


def certify(session: Session, closed: ClosedDay, now: datetime) -> CustodyCertificate:
    """Issue the certificate of a closed day, once; again, it answers with the one that was issued."""
    issued = session.get(CustodyCertificate, closed.day)
    if issued is not None:
        return issued
    custody = weigh(_client_money(session, closed.cut_id))
    certificate = CustodyCertificate(
        business_date=closed.day,
        made_at=now,
        cut_id=closed.cut_id,
        cover_fen=custody.cover_fen,
        owed_fen=custody.owed_fen,
        surplus_fen=custody.surplus_fen,
        custody_fen=custody.custody_fen,
        cover_parts=custody.cover_parts,
        owed_parts=custody.owed_parts,
    )
    session.add(certificate)
    session.flush()
    return certificate


def _client_money(session: Session, cut_id: int) -> Iterator[SumUntil]:
    yield from sums_until(session, cut_id, sorted({*COVER, *chart.CLIENT_LIABILITY_FAMILIES}))
