"""The life of a tariff: proposed by one, approved by another, published for the future, kept for ever."""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard.approvals.models import EXECUTED, Approval
from citizencard.tariffs.document import Tariff, read
from citizencard.tariffs.errors import (
    NoTariffInForce,
    TariffBackdated,
    TariffNotApproved,
    TariffVersionTaken,
    UnknownTariffVersion,
)
from citizencard.tariffs.models import TariffVersion

PUBLISH = "tariff.publish"


def publish(session: Session, document: Mapping[str, Any], approval_id: str, *, now: datetime) -> TariffVersion:
    """Put a tariff into the list of versions, to take effect at its time.

    Args:
        session: joined, never committed.
        document: the tariff (README.md beside this file).
        approval_id: an executed approval of act `tariff.publish` whose payload is exactly `publish_payload(document)`.
        now: the tariff's time must not lie before this second, nor before an earlier version's; the first one's may lie anywhere.

    Raises, in this order:
        TariffInvalid: the document has mistakes; names all of them.
        TariffNotApproved: no executed approval says exactly this.
        TariffVersionTaken: the number is not higher than all before it.
        TariffBackdated: it would take effect in the past or before its predecessor.
    """
    tariff = read(document)
    approval = session.get(Approval, approval_id)
    agreed = approval is not None and approval.state == EXECUTED and approval.act == PUBLISH
    if approval is None or not agreed or approval.payload != publish_payload(document):
        raise TariffNotApproved("no executed approval says exactly this", approval_id=approval_id)
    latest = session.execute(select(func.max(TariffVersion.version), func.max(TariffVersion.effective_from))).one()
    if latest[0] is not None and tariff.version <= latest[0]:
        raise TariffVersionTaken(f"version must be higher than {latest[0]}", version=tariff.version, latest=latest[0])
    earliest = now.astimezone(UTC).replace(microsecond=0)
    effective_from = tariff.effective_from.astimezone(UTC)
    # The very first tariff may begin in the past: nothing can have been priced before it.
    if latest[1] is not None and (effective_from < earliest or effective_from < latest[1]):
        raise TariffBackdated(
            "a tariff takes effect in the future and after its predecessor",
            version=tariff.version,
            effective_from=effective_from.isoformat(),
        )
    row = TariffVersion(
        version=tariff.version,
        effective_from=effective_from,
        document=dict(document),
        digest=digest_of(document),
        approval_id=approval_id,
        published_at=now,
    )
    session.add(row)
    session.flush()
    return row


def publish_payload(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the approval must hold: the version and the digest of the canonical document, so that nothing can be changed between."""
    return {"version": document.get("version"), "digest": digest_of(document)}


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON text: sorted names, no spaces, UTF-8."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def tariff_version(session: Session, version: int) -> TariffVersion:
    """Look a version up.

    Raises:
        UnknownTariffVersion: it was never published.
    """
    row = session.get(TariffVersion, version)
    if row is None:
        raise UnknownTariffVersion(f"no tariff version {version}", version=version)
    return row


def in_force(session: Session, at: datetime) -> TariffVersion:
    """The version in force at an instant: the newest whose time had come.

    Raises:
        NoTariffInForce: none had.
    """
    chosen = select(TariffVersion).where(TariffVersion.effective_from <= at)
    row = session.scalars(chosen.order_by(TariffVersion.version.desc()).limit(1)).one_or_none()
    if row is None:
        raise NoTariffInForce("no tariff is in force", at=at.isoformat())
    return row


def tariffs_as_of(session: Session, questions: Sequence[tuple[int, datetime]]) -> list[Tariff | None]:
    """The tariff for each (version, instant), in order, in two statements: the version if it had begun by then, else the one in force then.

    An older version is believed, since a device may not have fetched a newer one; one whose time had not come is not: nobody rode by it.
    None where there was none either; the caller sees by `Tariff.version` which of them it got.
    """
    published = session.execute(
        select(TariffVersion.version, TariffVersion.effective_from).order_by(TariffVersion.version)
    ).all()
    versions, beginnings = [row.version for row in published], [row.effective_from for row in published]
    known = dict(zip(versions, beginnings, strict=True))

    def chosen(version: int, at: datetime) -> int | None:
        if version in known and known[version] <= at:
            return version
        # Versions rise with their beginnings: `publish` sees to it.
        position = bisect_right(beginnings, at)
        return versions[position - 1] if position else None

    answers = [chosen(version, at) for version, at in questions]
    wanted = {version for version in answers if version is not None}
    rows = session.scalars(select(TariffVersion).where(TariffVersion.version.in_(wanted))).all()
    tariffs = {row.version: read(row.document) for row in rows}
    return [None if version is None else tariffs[version] for version in answers]


def list_versions(session: Session, *, before: int | None = None, limit: int = 50) -> list[TariffVersion]:
    """A page of versions, newest first; continue with the last version as `before`. At most 50 a page."""
    chosen = select(TariffVersion)
    if before is not None:
        chosen = chosen.where(TariffVersion.version < before)
    return list(session.scalars(chosen.order_by(TariffVersion.version.desc()).limit(min(limit, 50))))
