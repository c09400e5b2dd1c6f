"""Taking a file of bills: every line is accepted, a duplicate, or rejected with its reason; the file as a whole is one transaction.

Order of locks: service row (files of one service take turns), then bill rows.
"""

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from citizencard.audit import record
from citizencard.billing.errors import ImportUnknown
from citizencard.billing.lines import BillContent, BillLine, Reason, Reject, printable, raw_lines, read_file
from citizencard.billing.models import MAX_SOURCE_NAME_CHARACTERS, Bill, BillImport, BillState
from citizencard.billing.pricing import Prices, place_of
from citizencard.billing.registry import find_service
from citizencard.cards.states import Deed
from citizencard.db import new_id

ROWS_AT_ONCE: Final = 500
FORMULA_BEGINNINGS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
"""What spreadsheet programs take for the beginning of a formula (OWASP, CSV injection)."""
NEUTRAL: Final = "'"
_AT_FAULT: Final = {
    Reason.AMOUNT_DIFFERS: "amount_fen",
    Reason.NO_TARIFF: "period_to",
    Reason.NOT_PRICEABLE: "quantity",
}
"""Which field of a line is refused when it cannot be priced as it stands."""


@dataclass(frozen=True, slots=True)
class BillFile:
    """A file of bills.

    Args:
        service_id: whose bills.
        source_name: of the file, for people; its first 120 characters are kept.
        raw: its bytes, at most 8 MiB and 50,000 lines.
    """

    service_id: str
    source_name: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file. accepted + duplicates + rejected lines = its lines that are not blank, without the header.

    Args:
        import_id: of the import.
        accepted: bills that are new or have a new version.
        accepted_fen: what they amount to.
        duplicates: lines that say what is known already.
        rejected: the others, in the order of the file.
    """

    import_id: str
    accepted: int
    accepted_fen: int
    duplicates: int
    rejected: tuple[Reject, ...]


@dataclass(slots=True)
class _Sorted:
    """The lines by what becomes of them."""

    new: list[tuple[BillLine, dict[str, Any]]] = field(default_factory=list)
    changed: list[tuple[BillLine, dict[str, Any], Bill]] = field(default_factory=list)
    duplicates: int = 0
    rejected: list[Reject] = field(default_factory=list)


def import_bills(session: Session, file: BillFile, deed: Deed) -> ImportReport:
    """Take a file of bills for a service.

    The amount must be the price by the tariff in force at the end of the period's last day. A serial that is known with other content gets
    a new version while the bill is open. A serial that stands twice in the file with different content is taken as it stood first.

    Raises, in this order:
        BillFileUnusable: nothing can be made of the file.
        ServiceUnknown: there is no such service.
    """
    read = list(read_file(file.raw))
    service = find_service(session, file.service_id, lock=True)
    lines = [line for line in read if isinstance(line, BillLine)]
    done = _Sorted(rejected=[line for line in read if isinstance(line, Reject)])
    once = list(_first_of_each(lines, done))
    prices = Prices(session, service, once)
    known = _known(session, service.id, [line.serial for line in once])
    outcomes = {line.serial: _judge(line, known.get(line.serial), prices, done) for line in sorted(once, key=place_of)}
    _settle_repeats(lines, once, outcomes, done)
    done.rejected.sort(key=lambda reject: reject.line)
    taken = _write(session, file, done, deed)
    after = {name: getattr(taken, name) for name in ("accepted", "accepted_fen", "duplicates", "rejected", "digest")}
    record(session, deed.actor, "bills.import", taken.id, after=after, now=deed.now)
    return _report(taken, file.raw)


def report_of(session: Session, import_id: str, raw: bytes) -> ImportReport:
    """What became of a file that was taken earlier. What its lines said is read from the file: we keep only what was wrong with them.

    Raises:
        ImportUnknown: there was no such import, or it was of another file.
    """
    taken = session.get(BillImport, import_id)
    if taken is None or taken.digest != hashlib.sha256(raw).hexdigest():
        raise ImportUnknown("no such import of this file", import_id=import_id)
    return _report(taken, raw)


def reject_csv(report: ImportReport) -> bytes:
    """The rejected lines as a file for the utility: line, field, reason and what the line said; UTF-8 with byte order mark, CR LF.

    A cell that a spreadsheet program would take for a formula begins with an apostrophe instead.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(("line", "field", "reason", "raw"))
    for reject in report.rejected:
        table.writerow((reject.line, reject.field, str(reject.reason), neutral(reject.raw)))
    return text.getvalue().encode("utf-8-sig")


def neutral(cell: str) -> str:
    """The cell, made harmless to spreadsheet programs."""
    return NEUTRAL + cell if cell.lstrip().startswith(FORMULA_BEGINNINGS) else cell


def _first_of_each(lines: Iterable[BillLine], done: _Sorted) -> Iterable[BillLine]:
    """The first line of each serial; a later one of other content is refused, one of the same content shares the first one's lot."""
    first: dict[str, BillLine] = {}
    for line in lines:
        earlier = first.setdefault(line.serial, line)
        if earlier.content != line.content:
            done.rejected.append(line.reject("serial", Reason.SERIAL_TWICE))
    return first.values()


def _settle_repeats(
    lines: Iterable[BillLine], once: list[BillLine], outcomes: dict[str, Reject | None], done: _Sorted
) -> None:
    first = {line.serial: line for line in once}
    for line in lines:
        if line is first[line.serial] or line.content != first[line.serial].content:
            continue
        refused = outcomes[line.serial]
        if refused is None:
            done.duplicates += 1
        else:
            done.rejected.append(line.reject(refused.field, refused.reason))


def _known(session: Session, service_id: str, serials: list[str]) -> dict[str, Bill]:
    found: dict[str, Bill] = {}
    for begin in range(0, len(serials), ROWS_AT_ONCE):
        wanted = select(Bill).where(
            Bill.service_id == service_id, Bill.serial.in_(serials[begin : begin + ROWS_AT_ONCE])
        )
        locked = session.scalars(
            wanted.order_by(Bill.id).with_for_update(), execution_options={"populate_existing": True}
        )
        found |= {bill.serial: bill for bill in locked}
    return found


def _judge(line: BillLine, known: Bill | None, prices: Prices, done: _Sorted) -> Reject | None:
    """Put the line where it belongs; returns its reject if it is one."""
    if known is not None and _content(known) == line.content:
        done.duplicates += 1
        return None
    refused: Reject | None = None
    if known is not None and known.state != BillState.OPEN:
        reason = Reason.PAID_ALREADY if known.state == BillState.PAID else Reason.CANCELLED
        refused = line.reject("serial", reason)
    elif isinstance(priced := prices.priced(line), Reason):
        refused = line.reject(_AT_FAULT[priced], priced)
    else:
        prices.take(line)
        if known is None:
            done.new.append((line, priced))
        else:
            done.changed.append((line, priced, known))
    if refused is not None:
        done.rejected.append(refused)
    return refused


def _content(bill: Bill) -> BillContent:
    return BillContent(
        bill.customer_number, bill.period_from, bill.period_to, bill.quantity, bill.amount_fen, bill.due_on
    )


def _write(session: Session, file: BillFile, done: _Sorted, deed: Deed) -> BillImport:
    accepted = [line for line, _ in done.new] + [line for line, _, _ in done.changed]
    taken = BillImport(
        id=new_id("imp"),
        service_id=file.service_id,
        source_name=printable(file.source_name.encode(errors="replace"))[:MAX_SOURCE_NAME_CHARACTERS],
        digest=hashlib.sha256(file.raw).hexdigest(),
        accepted=len(accepted),
        accepted_fen=sum(line.content.amount_fen for line in accepted),
        duplicates=done.duplicates,
        rejected=len(done.rejected),
        # Not what they said: a line that is not a bill may hold anything, a name or a telephone number too, and rows are kept for ever.
        rejects=[[reject.line, reject.field, str(reject.reason)] for reject in done.rejected],
        imported_at=deed.now,
    )
    session.add(taken)
    session.flush()
    rows = [
        {
            "id": new_id("bil"),
            "service_id": file.service_id,
            "serial": line.serial,
            "version": 1,
            "state": BillState.OPEN,
            "import_id": taken.id,
            **_columns(line.content),
            **priced,
        }
        for line, priced in done.new
    ]
    for begin in range(0, len(rows), ROWS_AT_ONCE):
        session.execute(insert(Bill), rows[begin : begin + ROWS_AT_ONCE])
    for line, priced, bill in done.changed:
        for name, value in {**_columns(line.content), **priced}.items():
            setattr(bill, name, value)
        bill.version, bill.import_id = bill.version + 1, taken.id
    session.flush()
    return taken


def _columns(content: BillContent) -> dict[str, Any]:
    return {name: getattr(content, name) for name in BillContent.__slots__}


def _report(taken: BillImport, raw: bytes) -> ImportReport:
    said = raw_lines(raw)
    rejected = tuple(Reject(line, wrong, Reason(reason), said[line]) for line, wrong, reason in taken.rejects)
    return ImportReport(taken.id, taken.accepted, taken.accepted_fen, taken.duplicates, rejected)
