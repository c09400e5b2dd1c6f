"""What if: past taps rated by another tariff, beside what they were priced at. Reads only; memory does not grow with the taps."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from citizencard.purse.uploads.batches import HEADER_BYTES, TRAILER_BYTES, from_json
from citizencard.purse.uploads.models import TapAdjustment, TapRecord, UploadBatch, Verdict
from citizencard.purse.uploads.records import RECORD_BYTES, PurchaseRecord, RecordKind
from citizencard.purse.uploads.versions import has_history_rules
from citizencard.settlement.errors import SimulationCurrencyForeign, SimulationPeriodInvalid
from citizencard.settlement.tally import Change, Report
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.quotes import Quote
from citizencard.tariffs.transit.history import History, rate_ride
from citizencard.tariffs.transit.pricing import Anchor, Ride, price

CURRENCY: Final = "CNY"
MAX_DAYS: Final = 366
MAX_TAPS: Final = 100_000_000
CHUNK: Final = 1_000
"""Rows in memory at a time, and taps between two words about the progress."""

DAYS_OF: Final[Mapping[str, int]] = {"day": 1, "week": 7, "month": 31, "year": 366}
"""Days that a period has at most."""

Tap = Row[Any]
Progress = Callable[[int, int], None]
"""Told how many taps were read, and of about how many."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question.

    Args:
        tariff: what would have been in force.
        first, until: taps of this time; `until` is not included.
        most: no more taps than this are read; the report says so.
    """

    tariff: Tariff
    first: datetime
    until: datetime
    most: int = MAX_TAPS


def about_days(tariff: Tariff, now: datetime, first: date | None, last: date | None) -> Asked:
    """The question about some days of the tariff's wall clock, both included; yesterday when none is named.

    Raises:
        SimulationPeriodInvalid: the first comes after the last, or they are more than a year.
    """
    yesterday = now.astimezone(tariff.offset).date() - timedelta(days=1)
    begins = first or last or yesterday
    ends = last or first or yesterday
    if not 0 <= (ends - begins).days < MAX_DAYS:
        raise SimulationPeriodInvalid(f"{begins} to {ends}", first=begins.isoformat(), last=ends.isoformat())
    return Asked(
        tariff,
        datetime.combine(begins, time(), tariff.offset).astimezone(UTC),
        datetime.combine(ends + timedelta(days=1), time(), tariff.offset).astimezone(UTC),
    )


def simulate(session: Session, asked: Asked, progress: Progress | None = None) -> Report:
    """Rate the accepted rides of a time by another tariff: from their records alone or, where it has such rules, with their history.

    Before is what the server priced a tap at (what was paid, where it found no price), less what days' closes gave back. Rules over a
    card's history are applied as a day's close does; for them, the card's rides since the beginning of their periods are read as well, at
    most a year. Of cards with a pass nothing is known here: their rides are rated without it.

    Args:
        session: read only.
        asked: which tariff and which taps.
        progress: told now and then.

    Raises:
        SimulationCurrencyForeign: the tariff is not in yuan.
    """
    tariff = asked.tariff
    if tariff.money.currency != CURRENCY:
        raise SimulationCurrencyForeign(f"it is in {tariff.money.currency}", currency=tariff.money.currency)
    report = Report(tariff.version, asked.first, asked.until, has_history_rules(tariff))
    chosen, rating = (
        (_by_card(asked), _WithHistory(asked))
        if report.full_rules
        else (_by_batch(asked), _FromRecords(session, asked))
    )
    total = min(session.scalar(select(func.count()).select_from(chosen.subquery())) or 0, asked.most)
    done = 0
    # One more than is read tells whether there were more; the cursor is read to its end.
    limited = chosen.limit(asked.most + 1)
    for rows in session.execute(limited, execution_options={"yield_per": CHUNK}).partitions(CHUNK):
        given = _given_back(session, [row.id for row in rows])
        for row in rows:
            if done == asked.most:
                report.complete = False
                break
            done += 1
            found = rating.rate(row)
            if row.tapped_at >= asked.first:
                _enter(report, row, given.get(row.id, ()), found)
        if progress is not None:
            progress(done, total)
    return report


def _enter(report: Report, row: Tap, given: Sequence[Row[Any]], found: Quote | str) -> None:
    if isinstance(found, str):
        report.missing(found)
        return
    known = row.explanation
    sponsored = Counter(known.get("subsidies", {}))
    for one in given:
        if one.sponsor is not None:
            sponsored[one.sponsor] += one.subsidy_fen
    change = Change(
        record_id=row.id,
        at=row.tapped_at,
        line=row.line,
        card_class=row.card_class,
        before_fen=int(known.get("minor", row.amount_fen)) - sum(one.amount_fen for one in given),
        after_fen=found.minor,
        before={**known, "adjusted": [one.line for one in given]} if given else known,
        after=found.as_data(),
    )
    report.add(change, sponsored, found.sponsored())


def _given_back(session: Session, record_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    columns = select(
        TapAdjustment.record_id,
        TapAdjustment.amount_fen,
        TapAdjustment.subsidy_fen,
        TapAdjustment.sponsor,
        TapAdjustment.line,
    )
    found: dict[int, list[Row[Any]]] = {}
    for one in session.execute(columns.where(TapAdjustment.record_id.in_(record_ids)).order_by(TapAdjustment.id)):
        found.setdefault(one.record_id, []).append(one)
    return found


def _by_batch(asked: Asked) -> Select[Any]:
    """The rides as they were uploaded, so that each batch is read once."""
    return _rides(asked.first, asked.until).order_by(TapRecord.batch_id, TapRecord.id)


def _by_card(asked: Asked) -> Select[Any]:
    """The rides of each card in tap order, with those before the period that the rules look back to."""
    begins = asked.first - timedelta(days=_days_back(asked.tariff))
    riding = _rides(asked.first, asked.until).with_only_columns(TapRecord.card_serial)
    return (
        _rides(begins, asked.until)
        .where(TapRecord.card_serial.in_(riding))
        .order_by(
            TapRecord.card_serial,
            TapRecord.tapped_at,
            TapRecord.terminal_number,
            TapRecord.terminal_sequence,
            TapRecord.id,
        )
    )


def _days_back(tariff: Tariff) -> int:
    """How many days before an instant the rules over a card's history look, at most."""
    transit = tariff.transit
    if transit is None:
        return 0
    periods = {"year"} if transit.lifetime else {"day"}
    for rules in (transit.bands, transit.ride_counts, transit.caps):
        periods.update(rule.period for rule in rules)
    return max(DAYS_OF[period] for period in periods)


def _rides(first: datetime, until: datetime) -> Select[Any]:
    return select(
        TapRecord.id,
        TapRecord.batch_id,
        TapRecord.digest,
        TapRecord.terminal_number,
        TapRecord.card_serial,
        TapRecord.card_class,
        TapRecord.line,
        TapRecord.tapped_at,
        TapRecord.amount_fen,
        TapRecord.explanation,
    ).where(
        TapRecord.tapped_at >= first,
        TapRecord.tapped_at < until,
        TapRecord.verdict == Verdict.ACCEPTED,
        TapRecord.kind == RecordKind.PURCHASE,
        TapRecord.line.is_not(None),
        TapRecord.card_class.is_not(None),
    )


class _FromRecords:
    """Prices from the records alone. Of a batch, what a tap's row does not repeat is read from the upload, such as the transfer anchor."""

    def __init__(self, session: Session, asked: Asked) -> None:
        self._session, self._tariff = session, asked.tariff
        self._batch_id: int | None = None
        self._records: dict[str, PurchaseRecord] = {}

    def rate(self, row: Tap) -> Quote | str:
        """The new price, or the place of the rule that is missing."""
        record = self._record(row)
        anchored_at = record.anchored_at()
        anchor = None if anchored_at is None else Anchor(record.anchor_line, anchored_at)
        ride = Ride(row.line, row.card_class, row.tapped_at, anchor, claimed_base=record.base_fare_fen)
        return _quoted(lambda: price(self._tariff, ride).quote)

    def _record(self, row: Tap) -> PurchaseRecord:
        """The record of a tap. Batches are asked for one after the other; one holds 5,000 records at most."""
        if row.batch_id != self._batch_id:
            columns = select(UploadBatch.form, UploadBatch.raw).where(UploadBatch.id == row.batch_id)
            form, raw = self._session.execute(columns).one()
            read = from_json(json.loads(raw)).records if form == "json" else _records(raw)
            self._records = {record.digest(row.terminal_number): record for record in read}
            self._batch_id = row.batch_id
        return self._records[row.digest]


class _WithHistory:
    """Prices by all rules, card by card: one card's history is kept at a time."""

    def __init__(self, asked: Asked) -> None:
        self._tariff = asked.tariff
        self._card: bytes | None = None
        self._history = History()

    def rate(self, row: Tap) -> Quote | str:
        """The new price, or the place of the rule that is missing."""
        if row.card_serial != self._card:
            self._card, self._history = row.card_serial, History()
        pieces = {piece["what"]: piece for piece in row.explanation.get("lines", ())}
        base = int(pieces["base"]["minor"]) if "base" in pieces else None
        ride = Ride(row.line, row.card_class, row.tapped_at, _anchor(pieces.get("transfer")), claimed_base=base)
        return _quoted(lambda: rate_ride(self._tariff, ride, self._history)[0])


def _anchor(transfer: Mapping[str, Any] | None) -> Anchor | None:
    """The earlier ride that a tap was priced as a transfer from, which may itself never have been uploaded."""
    if transfer is None:
        return None
    facts = transfer["facts"]
    return Anchor(int(facts["from_line"]), datetime.fromisoformat(facts["from_at"]))


def _quoted(ask: Callable[[], Quote]) -> Quote | str:
    try:
        return ask()
    except RuleMissing as missing:
        return str(missing.fields.get("place", ""))
    except EventInvalid as invalid:
        return f"{invalid.fields.get('field', '')}: {invalid.fields.get('reason', '')}"


def _records(raw: bytes) -> Iterator[PurchaseRecord]:
    """The records of a file that was taken: its frame was checked then."""
    for start in range(HEADER_BYTES, len(raw) - TRAILER_BYTES, RECORD_BYTES):
        yield PurchaseRecord.decode(raw[start : start + RECORD_BYTES])
