"""What if: past taps rated by another tariff, beside what they were priced at. Reads only; memory does not grow with the taps."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from citizencard.purse.uploads.batches import HEADER_BYTES, TRAILER_BYTES, from_json
from citizencard.purse.uploads.models import TapRecord, UploadBatch, Verdict
from citizencard.purse.uploads.records import RECORD_BYTES, PurchaseRecord, RecordKind
from citizencard.purse.uploads.versions import has_history_rules
from citizencard.settlement.errors import SimulationCurrencyForeign, SimulationPeriodInvalid
from citizencard.settlement.tally import Change, Report
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.transit.pricing import Anchor, Priced, Ride, price

CURRENCY: Final = "CNY"
MAX_DAYS: Final = 366
MAX_TAPS: Final = 100_000_000
CHUNK: Final = 1_000
"""Rows in memory at a time, and taps between two words about the progress."""

Progress = Callable[[int, int], None]
"""Told how many taps are done, and of about how many."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question.

    Args:
        tariff: what would have been in force.
        first, until: taps of this time; `until` is not included.
        most: no more taps than this are rated; the report says so.
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
    """Rate the accepted rides of a time by another tariff, from their records alone or, where it has such rules, with their history.

    Before is what the server priced a tap at, or what was paid where it found no price. A tariff with rules over a card's history is
    applied as a day's close does, the chain of rides beginning with the period.

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
    total = min(session.scalar(_rides(asked).with_only_columns(func.count())) or 0, asked.most)
    for tap, priced in _rated(session, asked):
        if report.taps >= asked.most:
            report.complete = False
            break
        _enter(report, tap, priced)
        if progress is not None and report.taps % CHUNK == 0:
            progress(report.taps, total)
    return report


def _rated(session: Session, asked: Asked) -> Iterator[tuple[Row[Any], "Priced | str"]]:
    """Each tap of the question with its new price, or the place of the rule that is missing."""
    records = _Records(session)
    chosen = _rides(asked).order_by(TapRecord.batch_id, TapRecord.id)
    for tap in session.execute(chosen, execution_options={"yield_per": CHUNK}):
        record = records.of(tap.batch_id, tap.terminal_number, tap.digest)
        anchored_at = record.anchored_at()
        anchor = None if anchored_at is None else Anchor(record.anchor_line, anchored_at)
        ride = Ride(tap.line, tap.card_class, tap.tapped_at, anchor, claimed_base=record.base_fare_fen)
        yield tap, _priced(asked.tariff, ride)


def _priced(tariff: Tariff, ride: Ride) -> "Priced | str":
    try:
        return price(tariff, ride)
    except RuleMissing as missing:
        return str(missing.fields.get("place", ""))
    except EventInvalid as invalid:
        return f"transit.lines.{ride.line}: {invalid.fields.get('field', '')}"


def _enter(report: Report, tap: Row[Any], priced: "Priced | str") -> None:
    if isinstance(priced, str):
        report.missing(priced)
        return
    quote = priced.quote
    known = tap.explanation
    change = Change(
        record_id=tap.id,
        at=tap.tapped_at,
        line=tap.line,
        card_class=tap.card_class,
        before_fen=int(known.get("minor", tap.amount_fen)),
        after_fen=quote.minor,
        before=known,
        after=quote.as_data(),
    )
    report.add(change, known.get("subsidies", {}), quote.sponsored())


def _rides(asked: Asked) -> Select[Any]:
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
        TapRecord.tapped_at >= asked.first,
        TapRecord.tapped_at < asked.until,
        TapRecord.verdict == Verdict.ACCEPTED,
        TapRecord.kind == RecordKind.PURCHASE,
        TapRecord.line.is_not(None),
        TapRecord.card_class.is_not(None),
    )


class _Records:
    """The records of the batch that is being read: what a tap's row does not repeat, such as its transfer anchor."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._batch_id: int | None = None
        self._records: dict[str, PurchaseRecord] = {}

    def of(self, batch_id: int, terminal: bytes, digest: str) -> PurchaseRecord:
        """The record with these bytes. Batches are asked for one after the other; one holds 5,000 records at most."""
        if batch_id != self._batch_id:
            columns = select(UploadBatch.form, UploadBatch.raw).where(UploadBatch.id == batch_id)
            form, raw = self._session.execute(columns).one()
            read = from_json(json.loads(raw)).records if form == "json" else _records(raw)
            self._records = {record.digest(terminal): record for record in read}
            self._batch_id = batch_id
        return self._records[digest]


def _records(raw: bytes) -> Iterator[PurchaseRecord]:
    """The records of a file that was taken: its frame was checked then."""
    for start in range(HEADER_BYTES, len(raw) - TRAILER_BYTES, RECORD_BYTES):
        yield PurchaseRecord.decode(raw[start : start + RECORD_BYTES])
