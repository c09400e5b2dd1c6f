"""The life of a tariff: proposed by one, approved by another, published for the future, kept for ever."""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from citizencard.approvals.models import EXECUTED, Approval
from citizencard.tariffs.device import compile_table
from citizencard.tariffs.document import Tariff, read
from citizencard.tariffs.errors import (
    NoTariffInForce,
    TariffBackdated,
    TariffInvalid,
    TariffNotApproved,
    TariffVersionTaken,
    UnknownTariffVersion,
)
from citizencard.tariffs.models import TariffVersion, TariffWithdrawal
from citizencard.tariffs.shelf import shelf
from ledger import barrier

PUBLISH = "tariff.publish"
VERSIONS_LOCK: Final = int.from_bytes(b"TARIFF")
"""Of PostgreSQL: who proposes, publishes or withdraws a version waits for others who do."""


def publish(
    session: Session,
    document: Mapping[str, Any],
    approval_id: str,
    *,
    now: datetime,
    agreed: tuple[str, Mapping[str, Any]] | None = None,
) -> TariffVersion:
    """Put a tariff into the list of versions, to take effect at its time.

    Args:
        session: joined, never committed.
        document: the tariff (README.md beside this file).
        approval_id: an executed approval of act `tariff.publish` whose payload is exactly `publish_payload(document)`.
        now: the tariff's time must not lie before this second, nor before an earlier version's; the first one's may lie anywhere.
        agreed: act and payload of the approval, where two people agreed to it in another form, as in a rollback.

    Raises, in this order:
        TariffInvalid: the document has mistakes; names all of them.
        TariffNotForDevices: a number in it is too large for the table by which devices charge.
        TariffNotApproved: no executed approval says exactly this.
        TariffVersionTaken: the number is not higher than all before it.
        TariffBackdated: it would take effect in the past or before its predecessor.
    """
    tariff = read_for_devices(document)
    act, payload = agreed or (PUBLISH, publish_payload(document))
    check_agreed(session, approval_id, act, payload)
    take_turns(session)
    latest = session.scalar(select(func.max(TariffVersion.version)))
    if latest is not None and tariff.version <= latest:
        raise TariffVersionTaken(f"version must be higher than {latest}", version=tariff.version, latest=latest)
    effective_from = tariff.effective_from.astimezone(UTC)
    check_future(session, tariff.version, effective_from, now)
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


def read_for_devices(document: Mapping[str, Any]) -> Tariff:
    """Read a tariff by which devices are to charge.

    Raises:
        TariffInvalid: the document has mistakes; names all of them.
        TariffNotForDevices: a number in it is too large for their table.
    """
    tariff = read(document)
    compile_table(tariff)
    return tariff


def take_turns(session: Session) -> None:
    """Let nobody else change the list of versions before this transaction ends; on SQLite nobody else writes anyway.

    Versions rise with their beginnings: two that are published at the same moment must see each other. The ledger's barrier comes first,
    as it does for those whose transaction has already written to the audit, so that nobody waits for it with the list in hand.
    """
    barrier.enter(session)
    barrier.take_turns(session, VERSIONS_LOCK)


def check_agreed(session: Session, approval_id: str, act: str, payload: Mapping[str, Any]) -> None:
    """Refuse what two people have not agreed to in exactly these words.

    Raises:
        TariffNotApproved: no executed approval of this act has this payload.
    """
    approval = session.get(Approval, approval_id)
    agreed = approval is not None and approval.state == EXECUTED and approval.act == act
    if approval is None or not agreed or approval.payload != payload:
        raise TariffNotApproved("no executed approval says exactly this", approval_id=approval_id)


def check_future(session: Session, version: int, effective_from: datetime, now: datetime) -> None:
    """Refuse a beginning before this second, or before a version that waits or is in force. A city's first tariff may begin at any time.

    Raises:
        TariffBackdated: names both.
    """
    latest = session.scalar(select(func.max(TariffVersion.effective_from)).where(_stands()))
    # The very first tariff may begin in the past: nothing can have been priced before it.
    if latest is not None and (effective_from < _second(now) or effective_from < latest):
        raise TariffBackdated(
            "a tariff takes effect in the future and after its predecessor",
            version=version,
            effective_from=effective_from.isoformat(),
        )


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
    """The version in force at an instant: the newest whose time had come. A withdrawn one never is.

    Raises:
        NoTariffInForce: none had.
    """
    chosen = select(TariffVersion).where(TariffVersion.effective_from <= at, _stands())
    row = session.scalars(chosen.order_by(TariffVersion.version.desc()).limit(1)).one_or_none()
    if row is None:
        raise NoTariffInForce("no tariff is in force", at=at.isoformat())
    return row


def tariffs_as_of(session: Session, questions: Sequence[tuple[int, datetime]]) -> list[Tariff | None]:
    """The tariff for each (version, instant), in order: the version if it had begun by then, else the one in force then.

    An older version is believed, since a device may not have fetched a newer one; one whose time had not come, or that was withdrawn, is
    not: nobody rode by it. None where there was none either, or it is of a format that is not read any more: taps by it are taken without
    a price. The caller sees by `Tariff.version` which of them it got. One statement, and a second one only for documents that were not
    read lately.
    """
    published = session.execute(
        select(TariffVersion.version, TariffVersion.effective_from, TariffVersion.digest)
        .where(_stands())
        .order_by(TariffVersion.version)
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
    tariffs = _read(session, {row.version: row.digest for row in published if row.version in wanted})
    return [None if version is None else tariffs.get(version) for version in answers]


def read_version(row: TariffVersion) -> Tariff:
    """A published tariff, ready to price with."""
    return shelf.read(row.version, row.digest, row.document)


def _read(session: Session, digests: Mapping[int, str]) -> dict[int, Tariff]:
    found = {version: shelf.find(version, digest) for version, digest in digests.items()}
    tariffs = {version: tariff for version, tariff in found.items() if tariff is not None}
    missing = digests.keys() - tariffs.keys()
    if missing:
        for row in session.scalars(select(TariffVersion).where(TariffVersion.version.in_(missing))):
            # A batch is never refused for a tariff: the chips have paid.
            with suppress(TariffInvalid):
                tariffs[row.version] = read_version(row)
    return tariffs


def _stands() -> ColumnElement[bool]:
    """The condition that a version was not withdrawn."""
    return ~exists().where(TariffWithdrawal.version == TariffVersion.version)


def _second(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(microsecond=0)


def list_versions(session: Session, *, before: int | None = None, limit: int = 50) -> list[TariffVersion]:
    """A page of versions, newest first; continue with the last version as `before`. At most 50 a page."""
    chosen = select(TariffVersion)
    if before is not None:
        chosen = chosen.where(TariffVersion.version < before)
    return list(session.scalars(chosen.order_by(TariffVersion.version.desc()).limit(min(limit, 50))))
