"""What a card pays on one day, and what it pays in parts: limits of the day, and of one sale that was split into several taps."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.purse.uploads.judge import LIMITS_FEN
from citizencard.purse.uploads.models import FindingKind
from citizencard.settlement.clearing.asking import (
    BELIEVED,
    Portion,
    asked_from,
    beijing_day,
    seconds,
    whole_seconds,
)
from citizencard.settlement.clearing.found import Found, live
from citizencard.settlement.clearing.limits import DAY_LIMIT_FEN, SPLIT_WINDOW

REACH: Final = timedelta(days=1) + SPLIT_WINDOW
"""Read on both sides of the new taps: their days are whole, and what lies just beyond counts for split sales."""
_LIMITS: Final = " ".join(f"WHEN '{kind}' THEN {limit_fen}" for kind, limit_fen in LIMITS_FEN.items())
_SPENT: Final = (
    "WITH slice AS (SELECT r.id, r.card_serial, r.merchant_id, r.amount_fen, m.kind AS sells, {at_s} AS at_s,"
    " r.terminal_number, r.terminal_sequence, r.identity,"
    " {from_day} AS from_day, {to_day} AS to_day"
    " FROM {asked} JOIN tap_record r ON r.card_serial = q.subject AND r.tapped_at >= q.from_at AND r.tapped_at <= q.to_at"
    " AND {believed} AND r.verdict = 'accepted' AND r.amount_fen > 0 JOIN merchant m ON m.id = r.merchant_id),"
    " sums AS (SELECT id, amount_fen, {day} AS day, from_day, to_day, CASE sells {limits} ELSE 0 END AS limit_fen,"
    " sum(amount_fen) OVER (PARTITION BY card_serial, {day} ORDER BY at_s, terminal_number, terminal_sequence, identity"
    " ROWS UNBOUNDED PRECEDING) AS day_fen,"
    " sum(amount_fen) OVER (PARTITION BY card_serial, merchant_id ORDER BY at_s"
    " RANGE BETWEEN CAST(:split_s AS bigint) PRECEDING AND CURRENT ROW) AS near_fen FROM slice),"
    " said AS (SELECT id, day_fen, near_fen, limit_fen,"
    " CASE WHEN day_fen > :day_limit AND day_fen - amount_fen <= :day_limit THEN 1 ELSE 0 END AS over_day,"
    " CASE WHEN near_fen > limit_fen THEN 1 ELSE 0 END AS over_sale FROM sums WHERE day BETWEEN from_day AND to_day)"
    " SELECT s.id, s.day_fen, s.near_fen, s.limit_fen, s.over_day, s.over_sale, f.id AS stands FROM said s {findings}"
    " WHERE s.over_day = 1 OR s.over_sale = 1 OR f.id IS NOT NULL ORDER BY s.id"
)


def over_limits(session: Session, portion: Portion) -> tuple[list[Found], list[tuple[int, str]]]:
    """Accepted taps with which a card passes the limit of a day, or a merchant's limit of one sale by several taps; one statement.

    Each debit is real: no money is touched.
    """
    statement = _SPENT.format(
        asked=asked_from(session),
        at_s=seconds(session, "r.tapped_at"),
        from_day=beijing_day(f"({seconds(session, 'q.from_at')} + :reach_s)"),
        to_day=beijing_day(f"({seconds(session, 'q.to_at')} - :reach_s + :split_s)"),
        day=beijing_day("at_s"),
        believed=BELIEVED,
        limits=_LIMITS,
        findings=live([FindingKind.OVER_DAY_LIMIT], "f", "s.id"),
    )
    parameters = {
        "asked": portion.asked(REACH),
        "reach_s": whole_seconds(REACH),
        "split_s": whole_seconds(SPLIT_WINDOW),
        "day_limit": DAY_LIMIT_FEN,
    }
    rows = session.execute(text(statement), parameters).all()
    found = []
    for row in rows:
        detail: dict[str, Any] = {}
        if row.over_day:
            detail |= {"day_fen": int(row.day_fen), "day_limit_fen": DAY_LIMIT_FEN}
        if row.over_sale:
            detail |= {"sale_fen": int(row.near_fen), "sale_limit_fen": int(row.limit_fen)}
        if detail:
            found.append(Found(row.id, FindingKind.OVER_DAY_LIMIT, detail))
    kind = str(FindingKind.OVER_DAY_LIMIT)
    return found, [(row.id, kind) for row in rows if row.stands is not None]
