"""Findings that are a function of the set: what a rule finds is kept, what it finds no more is withdrawn."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Table, select, text
from sqlalchemy.orm import Session

from citizencard.purse.uploads.models import FindingKind, TapFinding
from citizencard.purse.uploads.rows import as_json, insert_new, listed

_FINDINGS: Final = cast("Table", TapFinding.__table__)
_AT_ONCE: Final = 5_000


class Found(NamedTuple):
    """What a rule says of a record.

    Args:
        record_id: of the record.
        kind: what was found.
        detail: figures that belong to it: nothing in it depends on what came in first.
    """

    record_id: int
    kind: FindingKind
    detail: Mapping[str, Any]


def live(kinds: Iterable[FindingKind], alias: str, record: str) -> str:
    """SQL that joins the findings of some kinds that stand, under an alias, to the record named by an expression."""
    names = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        f"LEFT JOIN tap_finding {alias} ON {alias}.record_id = {record} AND {alias}.kind IN ({names})"
        f" AND {alias}.withdrawn_at IS NULL"
    )


def settle_findings(
    session: Session, found: Collection[Found], looked_at: Collection[tuple[int, str]], now: datetime
) -> None:
    """Keep what was found; of what was looked at, withdraw what stood before and was not found again.

    Args:
        session: joined.
        found: what rules say now.
        looked_at: (record, kind) of findings that stand and were looked at again; those found now need not be among them.
        now: when it is written down.
    """
    if not found and not looked_at:
        return
    wanted = {(one.record_id, str(one.kind)): dict(one.detail) for one in found}
    ids = sorted({record_id for record_id, _ in (*wanted, *looked_at)})
    known: set[tuple[int, str]] = set()
    for begin in range(0, len(ids), _AT_ONCE):
        kinds = {kind for _, kind in (*wanted, *looked_at)}
        among = text(f"tap_finding.record_id IN {listed(session, 'ids', of='bigint')}")
        chosen = select(TapFinding).where(among, TapFinding.kind.in_(sorted(kinds)))
        for row in session.scalars(chosen, {"ids": as_json(ids[begin : begin + _AT_ONCE])}):
            known.add((row.record_id, row.kind))
            if (row.record_id, row.kind) in wanted or (row.record_id, row.kind) in looked_at:
                _settle(row, wanted.get((row.record_id, row.kind)), now)
    session.flush()
    rows = [
        {"record_id": record_id, "kind": kind, "detail": detail, "found_at": now}
        for (record_id, kind), detail in sorted(wanted.items(), key=lambda item: item[0])
        if (record_id, kind) not in known
    ]
    insert_new(session, _FINDINGS, rows, "id")


def _settle(row: TapFinding, wanted: dict[str, Any] | None, now: datetime) -> None:
    if wanted is None:
        row.withdrawn_at = row.withdrawn_at or now
        return
    row.withdrawn_at = None
    if row.detail != wanted:
        row.detail = wanted
