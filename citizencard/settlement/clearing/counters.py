"""What a card's counter says: no two taps have the same one, and it rises with time; nobody is at two places at once.

Taps are compared with the one before them by the card's counter: that is the order in which the chip made them, whatever clocks said.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from citizencard.merchants.models import MerchantKind
from citizencard.purse.uploads.models import FindingKind
from citizencard.settlement.clearing.asking import BELIEVED, TAP_ORDER, Portion, asked_from, seconds, whole_seconds
from citizencard.settlement.clearing.found import Found, live
from citizencard.settlement.clearing.limits import BETWEEN_MERCHANTS, CLOCKS_DIFFER

KINDS: Final = (FindingKind.COUNTER_ROLLBACK, FindingKind.IMPOSSIBLE_TRAVEL)

_FORKS: Final = (
    "SELECT id, card_counter FROM (SELECT r.id, r.card_counter,"
    " count(*) OVER (PARTITION BY r.card_serial, r.card_counter) AS branches"
    " FROM {asked} JOIN tap_record r ON r.card_serial = q.subject AND r.card_counter BETWEEN q.low AND q.high"
    " AND r.identity IS NOT NULL) s WHERE branches > 1 ORDER BY id"
)
_BOUND: Final = (
    "coalesce((SELECT {side}(r.card_counter) FROM tap_record r WHERE r.card_serial = q.subject AND {believed}"
    " AND r.card_counter {beyond} q.{own}), q.{own}) AS {own}"
)
_NEIGHBOURS: Final = (
    "WITH wide AS (SELECT q.subject, {low}, {high} FROM {asked}),"
    " slice AS (SELECT r.id, r.card_counter, r.terminal_number, r.merchant_id, r.line, {at_s} AS at_s, m.kind AS sells,"
    " lag(r.identity) OVER w AS before, lag({at_s}) OVER w AS before_s, lag(r.card_counter) OVER w AS before_counter,"
    " lag(r.terminal_number) OVER w AS before_terminal, lag(r.merchant_id) OVER w AS before_merchant,"
    " lag(r.line) OVER w AS before_line, lag(m.kind) OVER w AS before_sells"
    " FROM wide q JOIN tap_record r ON r.card_serial = q.subject AND r.card_counter BETWEEN q.low AND q.high"
    " AND {believed} LEFT JOIN merchant m ON m.id = r.merchant_id"
    " WINDOW w AS (PARTITION BY r.card_serial ORDER BY r.card_counter, {order}))"
    " , said AS (SELECT s.*, CASE WHEN at_s + :clocks_differ < before_s AND before_counter < card_counter THEN 1 ELSE 0 END AS back,"
    " CASE WHEN terminal_number <> before_terminal AND ("
    " (at_s = before_s AND (coalesce(merchant_id, '') <> coalesce(before_merchant, '')"
    " OR coalesce(line, -1) <> coalesce(before_line, -1)))"
    " OR (sells = '{bus}' AND before_sells = '{bus}' AND merchant_id <> before_merchant"
    " AND abs(at_s - before_s) < :between_merchants)) THEN 1 ELSE 0 END AS travel FROM slice s WHERE before IS NOT NULL)"
    " SELECT s.id, s.before, s.back, s.travel, s.at_s, s.before_s, f.kind AS stands FROM said s {findings}"
    " WHERE s.back = 1 OR s.travel = 1 OR f.id IS NOT NULL ORDER BY s.id"
)


def forks(session: Session, portion: Portion) -> list[Found]:
    """Taps whose card counter another tap of the card has as well: all of them. One statement.

    A counter is in no TAC: a terminal that lies about it makes a fork as well, and people have to look at it just so.
    """
    statement = text(_FORKS.format(asked=asked_from(session)))
    return [
        Found(row.id, FindingKind.COUNTER_FORK, {"counter": row.card_counter})
        for row in session.execute(statement, {"asked": portion.asked()})
    ]


def rollbacks_and_travel(session: Session, portion: Portion) -> tuple[list[Found], list[tuple[int, str]]]:
    """Taps before the one before them, and taps at two places at once; with the findings that stand. One statement."""
    low = _BOUND.format(side="max", beyond="<", own="low", believed=BELIEVED)
    high = _BOUND.format(side="min", beyond=">", own="high", believed=BELIEVED)
    statement = _NEIGHBOURS.format(
        asked=asked_from(session),
        low=low,
        high=high,
        at_s=seconds(session, "r.tapped_at"),
        believed=BELIEVED,
        order=TAP_ORDER,
        bus=MerchantKind.BUS,
        findings=live(KINDS, "f", "s.id"),
    )
    rows = session.execute(
        text(statement),
        {
            "asked": portion.asked(),
            "clocks_differ": whole_seconds(CLOCKS_DIFFER),
            "between_merchants": whole_seconds(BETWEEN_MERCHANTS),
        },
    ).all()
    return _found(rows), [(row.id, row.stands) for row in rows if row.stands is not None]


def _found(rows: Sequence[Row[tuple[object, ...]]]) -> list[Found]:
    found = {}
    for row in rows:
        apart_s = abs(row.at_s - row.before_s)
        if row.back:
            found[row.id, "back"] = Found(
                row.id, FindingKind.COUNTER_ROLLBACK, {"before": row.before, "earlier_s": apart_s}
            )
        if row.travel:
            found[row.id, "travel"] = Found(
                row.id, FindingKind.IMPOSSIBLE_TRAVEL, {"before": row.before, "apart_s": apart_s}
            )
    return list(found.values())
