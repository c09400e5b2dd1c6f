"""What records and batches claim to have reckoned with, held against what their terminal has said that it works with.

Nothing of it is in a TAC, so nobody is paid by it; but a device that names a tariff or a hotlist that it never took, or one that it had
laid down, is looked at.
"""

# ruff: noqa: S608 - our own SQL is put into the text, values never
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from citizencard.clock import from_beijing_bcd
from citizencard.purse.uploads.models import FindingKind
from citizencard.purse.uploads.rows import as_json, listed
from citizencard.settlement.clearing.asking import Portion, asked_from
from citizencard.settlement.clearing.found import Found
from citizencard.tariffs.models import TariffVersion
from citizencard.terminals.models import AcknowledgedKind, TerminalAcknowledgement

_TAPS: Final = (
    "FROM {asked} JOIN tap_record r ON r.terminal_number = q.subject AND r.terminal_sequence BETWEEN q.low AND q.high"
    " AND r.identity IS NOT NULL JOIN terminal_binding b ON b.terminal_number = r.terminal_number"
    " AND b.valid_from <= r.tapped_at AND (b.valid_to IS NULL OR b.valid_to > r.tapped_at)"
)
_TARIFFS: Final = (
    "SELECT b.terminal_id, r.tariff_version AS version, max(r.tapped_at) AS last_at "
    + _TAPS
    + " WHERE r.tariff_version IS NOT NULL GROUP BY b.terminal_id, r.tariff_version"
)
_OF_TARIFF: Final = "SELECT r.id " + _TAPS + " WHERE b.terminal_id = :terminal AND r.tariff_version = :version{since}"
_HEADERS: Final = (
    "SELECT u.id, s.terminal_id, substr(u.raw, 49, 11) AS said FROM (SELECT DISTINCT b.terminal_id, r.batch_id "
    + _TAPS
    + ") s JOIN upload_batch u ON u.id = s.batch_id AND u.form = 'file'"
)
"""Of a batch file's header: the hotlist's version (4 bytes from byte 48 on) and the time at which it was made (7 bytes)."""
_OF_BATCHES: Final = "SELECT r.id, r.batch_id " + _TAPS + " WHERE r.batch_id IN {batches}"


@dataclass(frozen=True, slots=True)
class _Said:
    """A version that a terminal said it works with, and since when."""

    version: int
    at: datetime


def claims_differ(session: Session, portion: Portion) -> list[Found]:
    """Taps that claim a tariff their terminal never acknowledged or had replaced, or whose batch claims such a hotlist.

    A terminal that never acknowledged any is not held against anything. A newer tariff may be fetched before it takes effect, so the one
    before counts until then.
    """
    said = _said(session, portion)
    found: dict[int, dict[str, Any]] = {}
    for record_id, detail in (*_tariffs(session, portion, said), *_hotlists(session, portion, said)):
        found.setdefault(record_id, {}).update(detail)
    return [Found(record_id, FindingKind.CLAIMS_DIFFER, detail) for record_id, detail in sorted(found.items())]


def _said(session: Session, portion: Portion) -> dict[tuple[str, str], list[_Said]]:
    """All acknowledgements of the portion's terminals, oldest first, by terminal and kind."""
    terminals = text("SELECT DISTINCT b.terminal_id " + _TAPS.format(asked=asked_from(session)))
    ids = list(session.scalars(terminals, {"asked": portion.asked()}))
    row = TerminalAcknowledgement
    found: dict[tuple[str, str], list[_Said]] = {}
    for one in session.scalars(select(row).where(row.terminal_id.in_(ids)).order_by(row.acknowledged_at, row.id)):
        found.setdefault((one.terminal_id, one.kind), []).append(_Said(one.version, one.acknowledged_at))
    return found


def _tariffs(
    session: Session, portion: Portion, said: dict[tuple[str, str], list[_Said]]
) -> list[tuple[int, dict[str, Any]]]:
    asked = {"asked": portion.asked()}
    groups = session.execute(text(_TARIFFS.format(asked=asked_from(session))), asked).all()
    versions = session.execute(select(TariffVersion.version, TariffVersion.effective_from))
    effective = {row.version: row.effective_from for row in versions}
    found = []
    for group in groups:
        history = said.get((group.terminal_id, AcknowledgedKind.PARAMETERS), [])
        if not history:
            continue
        known = any(one.version == group.version for one in history)
        since = _replaced_at(history, group.version, effective) if known else None
        if known and since is None:
            continue
        after = " AND r.tapped_at >= :since" if since is not None else ""
        statement = text(_OF_TARIFF.format(asked=asked_from(session), since=after))
        values = {**asked, "terminal": group.terminal_id, "version": group.version}
        if since is not None:
            values["since"] = as_json(since).strip('"')
        detail = {"tariff": group.version, "acknowledged": history[-1].version}
        found += [(record_id, detail) for record_id in session.scalars(statement, values)]
    return found


def _replaced_at(history: Sequence[_Said], version: int, effective: dict[int, datetime]) -> datetime | None:
    """From when on a terminal had laid a tariff down for a newer one that was in force."""
    instants = [
        max(one.at, effective[one.version]) for one in history if one.version > version and one.version in effective
    ]
    return min(instants) if instants else None


def _hotlists(
    session: Session, portion: Portion, said: dict[tuple[str, str], list[_Said]]
) -> list[tuple[int, dict[str, Any]]]:
    asked = {"asked": portion.asked()}
    wrong: dict[int, dict[str, Any]] = {}
    for row in session.execute(text(_HEADERS.format(asked=asked_from(session))), asked):
        history = said.get((row.terminal_id, AcknowledgedKind.HOTLIST), [])
        claimed, made_at = int.from_bytes(row.said[:4]), _instant(bytes(row.said[4:]))
        if not history or made_at is None:
            continue
        by_then = [one.version for one in history if one.at <= made_at]
        if claimed > max(one.version for one in history) or (by_then and claimed < min(by_then[-1], max(by_then))):
            wrong[row.id] = {"list": claimed, "list_acknowledged": by_then[-1] if by_then else 0}
    if not wrong:
        return []
    batches = listed(session, "batches", of="bigint")
    statement = text(_OF_BATCHES.format(asked=asked_from(session), batches=batches))
    rows = session.execute(statement, {**asked, "batches": as_json(sorted(wrong))})
    return [(row.id, wrong[row.batch_id]) for row in rows]


def _instant(digits: bytes) -> datetime | None:
    try:
        return from_beijing_bcd(digits[:4], digits[4:]) if digits.hex().isdecimal() else None
    except ValueError:
        return None
