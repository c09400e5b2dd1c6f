"""The guarantee: no card's taps are paid to merchants beyond what was proven to have come onto its chip.

What a card's purse lacks in the books, less what its class may overdraw, is the excess: debits that no genuine chip can have made. In the
order of taps the last ones that make it up are not covered. Money whose MAC2 was released counts as on the chip; money that was moved to a
new card after the waiting days does not count as gone, and what was made up for late taps then does not count as come. Taps of a fork stand
in suspense by themselves and do not count.

The answer depends on the set of taps and on the card's money alone, not on what came first: a tap that was not covered is covered as soon
as a late proof or a load is there.
"""

from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.cards.models import Card
from citizencard.purse.loads.models import Load, LoadState
from citizencard.purse.uploads.models import FindingKind
from citizencard.purse.uploads.rows import as_json, listed
from citizencard.settlement.clearing.asking import TAP_ORDER, Portion, names_json
from citizencard.settlement.clearing.found import Found, live
from citizencard.settlement.clearing.limits import OVERDRAFT_FEN
from citizencard.settlement.replacements.models import CardReplacement, PurseShortfall
from ledger import balances

_STANDING: Final = (
    "SELECT DISTINCT r.card_serial FROM tap_finding f JOIN tap_record r ON r.id = f.record_id"
    " WHERE f.kind = '{over}' AND f.withdrawn_at IS NULL AND r.card_serial IN {serials}"
)
_LACKING: Final = (
    "WITH lacks AS (SELECT {serial} AS serial, {lack} AS lack_fen FROM {lacks}),"
    " taps AS (SELECT r.id, r.card_serial, r.amount_fen, r.tapped_at, r.terminal_number, r.terminal_sequence, r.identity,"
    " l.lack_fen, CASE WHEN k.id IS NULL THEN 0 ELSE 1 END AS forked FROM lacks l"
    " JOIN tap_record r ON r.card_serial = l.serial AND r.identity IS NOT NULL AND r.amount_fen > 0 {forks}),"
    " sums AS (SELECT r.id, r.forked, r.amount_fen, r.lack_fen - sum(r.amount_fen * r.forked) OVER"
    " (PARTITION BY r.card_serial) AS excess_fen,"
    " sum(r.amount_fen * (1 - r.forked)) OVER (PARTITION BY r.card_serial ORDER BY {order} ROWS BETWEEN CURRENT ROW AND"
    " UNBOUNDED FOLLOWING) - r.amount_fen AS later_fen FROM taps r),"
    " said AS (SELECT id, CASE WHEN forked = 0 AND later_fen < excess_fen THEN 1 ELSE 0 END AS over FROM sums)"
    " SELECT s.id, s.over, f.id AS stands FROM said s {findings} WHERE s.over = 1 OR f.id IS NOT NULL ORDER BY s.id"
)


def over_guarantee(session: Session, portion: Portion) -> tuple[list[Found], list[tuple[int, str]]]:
    """Taps that the money of their cards does not cover, and the findings that stand; the forks of the portion must be kept before."""
    lacks = _lacks(session, portion)
    if not lacks:
        return [], []
    is_json = "(SELECT key, value FROM json_each(:lacks))"
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    statement = _LACKING.format(
        serial="key",
        lack="CAST(value AS bigint)",
        lacks="jsonb_each_text(CAST(:lacks AS jsonb))" if on_postgresql else is_json,
        forks=live([FindingKind.COUNTER_FORK], "k", "r.id"),
        order=TAP_ORDER,
        findings=live([FindingKind.OVER_GUARANTEE], "f", "s.id"),
    )
    rows = session.execute(text(statement), {"lacks": as_json(lacks)}).all()
    kind = FindingKind.OVER_GUARANTEE
    return (
        [Found(row.id, kind, {}) for row in rows if row.over],
        [(row.id, str(kind)) for row in rows if row.stands is not None],
    )


def _lacks(session: Session, portion: Portion) -> dict[str, int]:
    """By serial: what a card's money lacks for its taps, in fen; of cards that lack something, or lacked something before."""
    cards = {
        row.serial.hex().upper(): row
        for row in session.execute(
            select(Card.id, Card.serial, Card.card_class).where(
                Card.serial.in_([bytes.fromhex(n) for n in portion.names])
            )
        )
    }
    standing = text(_STANDING.format(over=FindingKind.OVER_GUARANTEE, serials=listed(session, "serials")))
    before = set(session.scalars(standing, {"serials": names_json(portion.names)}))
    money = _money(session, [row.id for row in cards.values()])
    lacks = {
        serial: -(money[row.id] + OVERDRAFT_FEN.get(row.card_class, 0))
        for serial, row in cards.items()
        if row.id in money
    }
    return {serial: fen for serial, fen in lacks.items() if fen > 0 or serial in before}


def _money(session: Session, card_ids: list[str]) -> dict[str, int]:
    """What came onto each chip less what its taps took, in fen; cards that never were in the books are left out."""
    held = balances(session, [chart.purse(card_id) for card_id in card_ids])
    money = {card_id: held[chart.purse(card_id)].balance_fen for card_id in card_ids if chart.purse(card_id) in held}
    below = [card_id for card_id, fen in money.items() if fen < 0]
    under_way = session.execute(
        select(Load.card_id, Load.amount_fen).where(Load.card_id.in_(below), Load.state == LoadState.AUTHORISED)
    )
    for card_id, fen in under_way:
        money[card_id] += fen
    moved = select(CardReplacement.old_card_id, CardReplacement.moved_fen).where(
        CardReplacement.old_card_id.in_(list(money)), CardReplacement.moved_fen.is_not(None)
    )
    for card_id, moved_fen in session.execute(moved):
        money[card_id] += moved_fen or 0
    made_up = select(PurseShortfall.card_id, func.sum(PurseShortfall.holder_fen + PurseShortfall.company_fen))
    chosen = made_up.where(PurseShortfall.card_id.in_(list(money))).group_by(PurseShortfall.card_id)
    for card_id, fen in session.execute(chosen):
        money[card_id] -= int(fen)
    return money
