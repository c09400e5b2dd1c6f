"""Versions as people see them: what became of each, who proposed and who approved it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.approvals.models import Approval
from citizencard.tariffs.errors import NoTariffInForce
from citizencard.tariffs.models import TariffRollback, TariffVersion, TariffWithdrawal
from citizencard.tariffs.versions import in_force, list_versions, tariff_version


class TariffState(StrEnum):
    """What became of a version."""

    WAITING = "waiting"
    IN_FORCE = "in_force"
    PAST = "past"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class TariffView:
    """A version with its story.

    Args:
        version, name, effective_from, published_at, digest, document, approval_id: as published.
        state: at the present instant.
        restores: the earlier version whose rules it brought back; None: none.
        withdrawn_at: when it was taken back before its time.
        proposed_by, approved_by: ids of two logins.
    """

    version: int
    name: str
    effective_from: datetime
    published_at: datetime
    digest: str
    document: dict[str, Any]
    approval_id: str
    state: TariffState
    restores: int | None
    withdrawn_at: datetime | None
    proposed_by: str
    approved_by: str

    @property
    def is_sample(self) -> bool:
        """Whether it says of itself, or of one of its rules, that it has to be checked before anybody is charged."""
        return _has_sample(self.document)


def tariff_views(session: Session, now: datetime, *, before: int | None = None, limit: int = 50) -> list[TariffView]:
    """A page of versions, newest first, in a fixed number of statements; continue with the last version as `before`. At most 50 a page."""
    return _views(session, list_versions(session, before=before, limit=limit), now)


def tariff_view(session: Session, version: int, now: datetime) -> TariffView:
    """One version.

    Raises:
        UnknownTariffVersion: it was never published.
    """
    return _views(session, [tariff_version(session, version)], now)[0]


def _views(session: Session, rows: Sequence[TariffVersion], now: datetime) -> list[TariffView]:
    numbers = [row.version for row in rows]
    rollbacks = session.scalars(select(TariffRollback).where(TariffRollback.version.in_(numbers)))
    restores = {one.version: one.restores for one in rollbacks}
    withdrawals = session.scalars(select(TariffWithdrawal).where(TariffWithdrawal.version.in_(numbers)))
    withdrawn = {one.version: one.withdrawn_at for one in withdrawals}
    approvals = session.scalars(select(Approval).where(Approval.id.in_([row.approval_id for row in rows])))
    people = {one.id: (one.maker_id, one.checker_id or "") for one in approvals}
    try:
        present = in_force(session, now).version
    except NoTariffInForce:
        present = 0
    return [
        TariffView(
            version=row.version,
            name=str(row.document.get("name", "")),
            effective_from=row.effective_from,
            published_at=row.published_at,
            digest=row.digest,
            document=row.document,
            approval_id=row.approval_id,
            state=_state(row, present, now, is_withdrawn=row.version in withdrawn),
            restores=restores.get(row.version),
            withdrawn_at=withdrawn.get(row.version),
            proposed_by=people[row.approval_id][0],
            approved_by=people[row.approval_id][1],
        )
        for row in rows
    ]


def _state(row: TariffVersion, present: int, now: datetime, *, is_withdrawn: bool) -> TariffState:
    if is_withdrawn:
        return TariffState.WITHDRAWN
    if row.version == present:
        return TariffState.IN_FORCE
    return TariffState.WAITING if row.effective_from > now else TariffState.PAST


def _has_sample(part: object) -> bool:
    """Bounded by the document, which was checked for its depth."""
    if isinstance(part, dict):
        return part.get("sample") is True or any(_has_sample(entry) for entry in part.values())
    return isinstance(part, list) and any(_has_sample(entry) for entry in part)
