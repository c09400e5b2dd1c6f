"""What must hold in the books of a city and the ledger cannot know: terms of the chart, days that were settled, stops that were obeyed.

Each is a check of the proof (`ledger.prove(also=...)`): it looks at the proof's moment and returns only what is wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.audit import AuditEntry
from citizencard.chart import UnknownAccountPattern
from citizencard.settlement.clearing.vouching import (
    set_aside_sponsors,
    set_asides_booked,
    set_asides_subsidised,
    taps_booked,
)
from citizencard.settlement.findings.vouching import decisions_booked, decisions_within, made_good
from citizencard.settlement.histories.vouching import (
    adjustments_booked,
    adjustments_of_parties,
    adjustments_subsidised,
    adjustments_within_fares,
    subsidies_booked,
    subsidies_of_parties,
)
from citizencard.settlement.models import BookProof, CustodyCertificate
from citizencard.settlement.replacements.vouching import moves_booked, shortfalls_booked
from ledger import Difference
from ledger.checks import streamed
from ledger.models import Account, LedgerDay, Stop
from ledger.proving.crew import Check

RELEASE: Final = "ledger.release"
RELEASED: Final = "ledger"
"""The act by which money moves again, and its subject."""
_CURRENCY: Final = "CNY"
_Terms = tuple[str, str, bool, int | None]
"""Type, currency, whether the balance is locked, floor."""


def chart_terms(session: Session) -> Iterator[Difference]:
    """Every account is one of the chart and stands on its terms: nobody has lowered a floor, raised a ceiling or made income of a debt."""
    columns = (
        Account.code,
        Account.family,
        Account.type,
        Account.currency,
        Account.locked,
        Account.floor_fen,
        Account.ceiling_fen,
    )
    for row in streamed(session, select(*columns).order_by(Account.code)):
        expected = _expected(row)
        if expected:
            yield Difference("chart_terms", f"account {row.code}", expected, _shown(row))


def settled_days(session: Session) -> Iterator[Difference]:
    """A day is counted before it is settled: one that is settled and has no count was made to forget it."""
    found = session.scalars(
        select(CustodyCertificate.business_date)
        .outerjoin(LedgerDay, LedgerDay.day == CustodyCertificate.business_date)
        .where(LedgerDay.transfers.is_(None) | LedgerDay.total_fen.is_(None))
        .order_by(CustodyCertificate.business_date)
    )
    for day in found:
        yield Difference("day_totals", f"day {day}", "the count of before it was settled", "none")


def stops_kept(session: Session) -> Iterator[Difference]:
    """A proof that found something has stopped the money, and only an act of somebody has released it."""
    stops = session.execute(select(Stop.id, Stop.released_at, Stop.released_by).order_by(Stop.id)).all()
    failed = select(BookProof.id, BookProof.proved_at, BookProof.differences).where(BookProof.differences > 0)
    for row in streamed(session, failed.order_by(BookProof.id)):
        # Released long after or not yet: a stop that another proof has made in the meantime counts as well.
        if not any(stop.released_at is None or stop.released_at >= row.proved_at for stop in stops):
            where, found = f"proof {row.id} of {row.proved_at.isoformat()}", f"{row.differences} differences and none"
            yield Difference("stop_missing", where, "a stop", found)
    acts = set(
        session.scalars(select(AuditEntry.recorded_at).where(AuditEntry.subject == RELEASED, AuditEntry.act == RELEASE))
    )
    for stop in stops:
        if stop.released_at is not None and stop.released_at not in acts:
            found = f"released by {stop.released_by} alone"
            yield Difference("stop_released", f"stop {stop.id}", "an act in the audit trail", found)


CHECKS: Final[Sequence[Check]] = (
    chart_terms,
    settled_days,
    stops_kept,
    taps_booked,
    set_asides_booked,
    set_asides_subsidised,
    set_aside_sponsors,
    decisions_booked,
    decisions_within,
    made_good,
    moves_booked,
    shortfalls_booked,
    adjustments_booked,
    adjustments_of_parties,
    adjustments_subsidised,
    adjustments_within_fares,
    subsidies_booked,
    subsidies_of_parties,
)

_ROWS: Final[Mapping[str, _Terms]] = {
    row.pattern: (row.type.value, _CURRENCY, row.locked, row.floor_fen) for row in chart.CHART
}
_CEILINGS: Final[Mapping[str, tuple[int | None, ...]]] = {
    row.pattern: (None,) if row.ceiling_fen is None else (row.ceiling_fen, chart.REGISTERED_WALLET_CEILING_FEN)
    for row in chart.CHART
}


def _expected(row: Row[Any]) -> str:
    """What the chart says of an account that differs; nothing when it does not."""
    try:
        family = chart.row_of(row.code).pattern
    except UnknownAccountPattern:
        return "a code of the chart"
    terms, ceilings = _ROWS[family], _CEILINGS[family]
    if (family, terms) == (
        row.family,
        (row.type, row.currency, row.locked, row.floor_fen),
    ) and row.ceiling_fen in ceilings:
        return ""
    return _worded(family, terms, " or ".join(map(str, ceilings)))


def _shown(row: Row[Any]) -> str:
    return _worded(row.family, (row.type, row.currency, row.locked, row.floor_fen), str(row.ceiling_fen))


def _worded(family: str, terms: _Terms, ceiling: str) -> str:
    kind, currency, locked, floor_fen = terms
    return f"{family}, {kind}, {currency}, {'locked' if locked else 'derived'}, floor {floor_fen}, ceiling {ceiling}"
