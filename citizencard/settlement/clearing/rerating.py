"""Transfers over the whole set: what a ride costs after the ride that really came before it, and what was paid.

A card carries its last ride, and the device prices by it; the TAC does not cover it. Here the ride before is the one that is in the set. It
is taken for the one before only where the card's counters follow each other, so a late upload is no false alarm, nor a tap at a till
between the two. No money moves: what rules over histories give back is their matter.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from citizencard.purse.uploads.models import FindingKind, TapRecord
from citizencard.purse.uploads.rows import as_json, listed
from citizencard.settlement.clearing.asking import (
    BELIEVED,
    Portion,
    asked_from,
    seconds,
    whole_seconds,
)
from citizencard.settlement.clearing.found import Found, live
from citizencard.settlement.clearing.limits import TRANSFERS_WITHIN
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.transit.pricing import Anchor, Ride, price
from citizencard.tariffs.versions import read_version, tariff_version

_AT_ONCE: Final = 2_000
_PAIRS: Final = (
    "WITH slice AS (SELECT r.id, r.card_serial, r.card_counter, {at_s} AS at_s, q.low,"
    " CASE WHEN r.verdict = 'accepted' AND r.line IS NOT NULL THEN 1 ELSE 0 END AS ride,"
    " count(*) OVER (PARTITION BY r.card_serial, r.card_counter) AS branches"
    " FROM {asked} JOIN tap_record r ON r.card_serial = q.subject"
    " AND r.card_counter BETWEEN q.low - 1 AND q.high + 1 AND {believed}),"
    " taps AS (SELECT t.*, lag(id) OVER w AS before_id, lag(at_s) OVER w AS before_s, lag(ride) OVER w AS before_ride,"
    " lag(card_counter) OVER w AS before_counter, lag(branches) OVER w AS before_branches FROM slice t"
    " WINDOW w AS (PARTITION BY card_serial ORDER BY card_counter, id)),"
    " said AS (SELECT id, card_serial, card_counter, CASE WHEN ride = 1 AND before_ride = 1"
    " AND card_counter = before_counter + 1 AND branches = 1 AND before_branches = 1"
    " AND at_s - before_s BETWEEN 0 AND :within THEN before_id END AS before_id FROM taps WHERE card_counter >= low)"
    " SELECT s.id, s.before_id, f.id AS stands FROM said s {findings}"
    " WHERE s.before_id IS NOT NULL OR f.id IS NOT NULL ORDER BY s.card_serial, s.card_counter, s.id"
)
_COLUMNS: Final = (
    TapRecord.id,
    TapRecord.line,
    TapRecord.card_class,
    TapRecord.tapped_at,
    TapRecord.amount_fen,
    TapRecord.identity,
    TapRecord.explanation,
)


class Rerating:
    """Rates rides after the rides before them.

    Args:
        session: read only; tariff versions are read once.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tariffs: dict[int, Tariff] = {}

    def differing(self, portion: Portion) -> tuple[list[Found], list[tuple[int, str]]]:
        """Rides whose price after the ride before is not the one they were priced at, and the findings that stand.

        One statement, one for every 2,000 pairs of rides, and one for each version of the tariff.
        """
        statement = _PAIRS.format(
            asked=asked_from(self._session),
            at_s=seconds(self._session, "r.tapped_at"),
            believed=BELIEVED,
            findings=live([FindingKind.RERATED], "f", "s.id"),
        )
        values = {"asked": portion.asked(), "within": whole_seconds(TRANSFERS_WITHIN)}
        rows = self._session.execute(text(statement), values).all()
        pairs = [(row.id, row.before_id) for row in rows if row.before_id is not None]
        found = []
        for begin in range(0, len(pairs), _AT_ONCE):
            found += self._rate(pairs[begin : begin + _AT_ONCE])
        return found, [(row.id, str(FindingKind.RERATED)) for row in rows if row.stands is not None]

    def _rate(self, pairs: list[tuple[int, int]]) -> list[Found]:
        ids = sorted({record_id for pair in pairs for record_id in pair})
        among = text(f"tap_record.id IN {listed(self._session, 'ids', of='bigint')}")
        chosen = self._session.execute(select(*_COLUMNS).where(among), {"ids": as_json(ids)})
        rows = {row.id: row for row in chosen if _is_priced(row)}
        found = []
        for record_id, before_id in pairs:
            if record_id in rows and before_id in rows:
                detail = self._differs(rows[record_id], rows[before_id])
                if detail is not None:
                    found.append(Found(record_id, FindingKind.RERATED, detail))
        return found

    def _differs(self, row: Row[Any], before: Row[Any]) -> dict[str, Any] | None:
        try:
            carried = self._carried_on(before)
            if carried == _anchor(row):
                return None
            expected = price(self._tariff(row), _ride(row, carried)).quote.minor
        except (RuleMissing, EventInvalid):
            return None
        priced_fen = row.explanation["minor"]
        if expected == priced_fen:
            return None
        return {
            "paid_fen": row.amount_fen,
            "priced_fen": priced_fen,
            "expected_fen": expected,
            "before": before.identity,
        }

    def _carried_on(self, before: Row[Any]) -> Anchor | None:
        """What the card carried after a ride: the ride itself, or what its transfer rule says."""
        anchor = _anchor(before)
        if anchor is None:
            return Anchor(before.line, before.tapped_at)
        return price(self._tariff(before), _ride(before, anchor)).next_anchor

    def _tariff(self, row: Row[Any]) -> Tariff:
        version = row.explanation["tariff_version"]
        if version not in self._tariffs:
            self._tariffs[version] = read_version(tariff_version(self._session, version))
        return self._tariffs[version]


def _is_priced(row: Row[Any]) -> bool:
    return "tariff_version" in row.explanation and row.tapped_at is not None and row.card_class is not None


def _ride(row: Row[Any], anchor: Anchor | None) -> Ride:
    return Ride(row.line, row.card_class, row.tapped_at, anchor, claimed_base=row.explanation["lines"][0]["minor"])


def _anchor(row: Row[Any]) -> Anchor | None:
    """The ride that a price from the record alone counted from; None where it was no transfer."""
    for line in row.explanation["lines"]:
        if line["what"] == "transfer":
            return Anchor(int(line["facts"]["from_line"]), datetime.fromisoformat(line["facts"]["from_at"]))
    return None
