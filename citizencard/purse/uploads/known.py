"""What was said before: a record's own row answers whoever sends it again, as bytes or as a tap."""

# ruff: noqa: S608 - our own SQL for the lists is put into the text, values never
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.orm import Session

from citizencard.db import is_postgresql
from citizencard.purse.uploads.models import AT_UPLOAD, UploadBatch, Verdict
from citizencard.purse.uploads.rows import as_json, listed
from ledger import arrays

TAKEN: Final = "taken"


@dataclass(frozen=True, slots=True)
class Known:
    """A record's first verdict.

    Args:
        verdict: accepted, suspicious or rejected.
        reason: why it was not accepted.
        findings: kinds of its findings, sorted.
    """

    verdict: Verdict
    reason: str | None
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload as it came.

    Args:
        form: file or json.
        sender_id: the terminal that signed the request.
        raw: the bytes, kept as they are.
        received_at: when.
    """

    form: str
    sender_id: str
    raw: bytes
    received_at: datetime


def keep_upload(session: Session, upload: Upload, outcome: str = TAKEN) -> int:
    """Keep the bytes of an upload, once for each outcome; returns the id of the row.

    Args:
        session: joined.
        upload: what came.
        outcome: `taken`, or the code of the refusal.
    """
    digest = hashlib.sha256(upload.raw).hexdigest()
    insert = insert_on_postgresql if is_postgresql(session) else insert_on_sqlite
    session.execute(
        insert(UploadBatch)
        .values(
            digest=digest,
            outcome=outcome,
            form=upload.form,
            sender_id=upload.sender_id,
            raw=upload.raw,
            received_at=upload.received_at,
        )
        .on_conflict_do_nothing()
    )
    return session.scalars(
        select(UploadBatch.id).where(UploadBatch.digest == digest, UploadBatch.outcome == outcome)
    ).one()


def known_digests(session: Session, digests: Sequence[str]) -> set[str]:
    """Those of the bytes that were judged before, in one statement.

    Args:
        session: read only.
        digests: of bytes.
    """
    if not digests:
        return set()
    among = arrays.among(session, "digest", "digests")
    found = session.execute(
        text(f"SELECT digest FROM tap_record WHERE {among}"), {"digests": arrays.listed(session, digests)}
    )
    return {digest for (digest,) in found}


def known_records(session: Session, digests: Sequence[str], identities: Sequence[str]) -> dict[str, Known]:
    """The first verdicts on these bytes and on these taps, by digest and by identity, in at most two statements.

    Args:
        session: read only.
        digests: of bytes.
        identities: of taps; a rejected record claims none and is found by its bytes only.
    """
    if not digests and not identities:
        return {}
    among_digests, among_identities = listed(session, "digests"), listed(session, "identities")
    columns = "SELECT id, digest, identity, verdict, reason FROM tap_record"
    rows = session.execute(
        text(f"{columns} WHERE digest IN {among_digests} UNION {columns} WHERE identity IN {among_identities}"),
        {"digests": as_json(list(digests)), "identities": as_json(list(identities))},
    ).all()
    ids = listed(session, "ids", of="bigint")
    found: dict[int, list[str]] = {}
    if rows:
        kinds = ", ".join(f"'{kind}'" for kind in AT_UPLOAD)
        findings = text(f"SELECT record_id, kind FROM tap_finding WHERE record_id IN {ids} AND kind IN ({kinds})")
        for record_id, kind in session.execute(findings, {"ids": as_json([row.id for row in rows])}):
            found.setdefault(record_id, []).append(kind)
    known: dict[str, Known] = {}
    for row in rows:
        answer = Known(Verdict(row.verdict), row.reason, tuple(sorted(found.get(row.id, ()))))
        known[row.digest] = answer
        if row.identity is not None:
            known[row.identity] = answer
    return known
