"""Bad TACs are counted in file order, one upload after the other: past the limit nothing more of their terminal or card is judged.

An upload without bad TACs takes no lock; it only looks whether a limit is open. One with bad TACs waits for others of the same terminal
and of the same cards, and counts what they have written.

A terminal is its number, whoever carries its files. A number that no device ever had is no terminal: there the device that sent the
records is meant, or it would make up a number for every twenty guesses.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from citizencard.clock import BEIJING
from citizencard.db import is_postgresql
from citizencard.purse.uploads import limits
from citizencard.purse.uploads.book import Judged
from citizencard.purse.uploads.known import known_digests
from citizencard.purse.uploads.limits import KEPT_BY, KeptReason
from citizencard.purse.uploads.models import LimitKind, Reason, UploadLimit
from citizencard.purse.uploads.records import PurchaseRecord
from ledger import arrays
from ledger.instants import canonical

Subject = tuple[LimitKind, str]
"""A terminal number or a card's serial, as upper-case hexadecimal digits; or a device's id, see the module."""
_LOCK_BYTES: Final = 8
_OPEN: Final = (
    "SELECT kind, subject FROM upload_limit WHERE released_at IS NULL"
    " AND (kind = 'terminal' AND subject = :speaker OR kind = 'card' AND {among})"
)
_COUNTED: Final = (
    "SELECT {column} AS subject, count(*) FROM tap_record r{joined} WHERE r.reason = 'bad_tac'"
    " AND r.received_at >= {since} AND r.received_at < {until} AND {among}"
    " AND r.id > COALESCE((SELECT max(l.cause_record_id) FROM upload_limit l WHERE l.kind = '{kind}' AND l.subject = {column}), 0)"
    " GROUP BY {column}"
)
_COLUMNS: Final = (
    (LimitKind.TERMINAL, "r.terminal_number", ""),
    (LimitKind.TERMINAL, "b.sender_id", " JOIN upload_batch b ON b.id = r.batch_id"),
    (LimitKind.CARD, "r.card_serial", ""),
)
"""Where the subjects of each kind are found: numbers and ids of devices are never alike."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What may be written of a judged batch, and what may not.

    Args:
        judged: in file order, up to and with the records that reached a limit.
        kept: by digest, why a record is not judged.
        reached: by digest of the record that reached them, limits that are to be set.
    """

    judged: Sequence[Judged]
    kept: Mapping[str, KeptReason]
    reached: Mapping[str, Sequence[Subject]]


def kept_by_limits(session: Session, speaker: str, records: Mapping[str, PurchaseRecord]) -> dict[str, KeptReason]:
    """Those of the records, by digest, of which nothing is judged at present; one statement.

    Args:
        session: read only.
        speaker: the batch's terminal number in upper-case hexadecimal digits, or the sending device's id: see the module.
        records: by digest.
    """
    stopped = _open(session, speaker, records.values())
    if not stopped:
        return {}
    found = {digest: _kept(stopped, speaker, record) for digest, record in records.items()}
    return {digest: reason for digest, reason in found.items() if reason is not None}


def count_bad_tacs(session: Session, speaker: str, judged: Sequence[Judged], now: datetime) -> Counted:
    """Hold the limits: what comes behind the record that reaches one is kept by the terminal, in file order.

    Args:
        session: begun, nothing is written yet. If there are bad TACs, others of the same terminal or cards wait until it ends.
        speaker: as in `kept_by_limits`.
        judged: in file order.
        now: when the upload came: its Beijing day counts.
    """
    bad = {one.digest: one.record for one in judged if one.judgement.reason is Reason.BAD_TAC}
    if not bad:
        kept = kept_by_limits(session, speaker, {one.digest: one.record for one in judged})
        return Counted([one for one in judged if one.digest not in kept] if kept else judged, kept, {})
    subjects = sorted({subject for record in bad.values() for subject in _subjects(speaker, record)})
    _lock(session, subjects)
    # What somebody else has written while we waited was judged before: it is repeated, and does not count again.
    known = known_digests(session, list(bad))
    stopped = _open(session, speaker, [one.record for one in judged])
    return _in_file_order(speaker, judged, known, stopped, _counts(session, subjects, now))


def set_limits(
    session: Session, reached: Mapping[str, Sequence[Subject]], ids: Mapping[str, int], now: datetime
) -> None:
    """Set the limits that the batch has reached.

    Args:
        session: in which the records have just been written, after `count_bad_tacs`.
        reached: of `Counted`.
        ids: of the new records, by digest.
        now: the present.
    """
    rows = [
        {"kind": kind, "subject": subject, "cause_record_id": ids[digest], "set_at": now}
        for digest, subjects in reached.items()
        for kind, subject in subjects
    ]
    if rows:
        session.execute(insert(UploadLimit), rows)


def _in_file_order(
    speaker: str, judged: Sequence[Judged], known: set[str], stopped: set[Subject], counts: Counter[Subject]
) -> Counted:
    most = {LimitKind.TERMINAL: limits.BAD_TACS_OF_TERMINAL, LimitKind.CARD: limits.BAD_TACS_OF_CARD}
    passed: list[Judged] = []
    kept: dict[str, KeptReason] = {}
    reached: dict[str, list[Subject]] = {}
    for one in judged:
        reason = None if one.digest in known else _kept(stopped, speaker, one.record)
        if reason is not None:
            kept[one.digest] = reason
            continue
        passed.append(one)
        if one.judgement.reason is not Reason.BAD_TAC or one.digest in known:
            continue
        for subject in _subjects(speaker, one.record):
            counts[subject] += 1
            if counts[subject] >= most[subject[0]]:
                stopped.add(subject)
                reached.setdefault(one.digest, []).append(subject)
    return Counted(passed, kept, reached)


def _kept(stopped: set[Subject], speaker: str, record: PurchaseRecord) -> KeptReason | None:
    return next((KEPT_BY[subject[0]] for subject in _subjects(speaker, record) if subject in stopped), None)


def _subjects(speaker: str, record: PurchaseRecord) -> tuple[Subject, Subject]:
    return (LimitKind.TERMINAL, speaker), (LimitKind.CARD, record.card_serial.hex().upper())


def _open(session: Session, speaker: str, records: Iterable[PurchaseRecord]) -> set[Subject]:
    statement = text(_OPEN.format(among=arrays.among(session, "subject", "serials")))
    serials = arrays.listed(session, {record.card_serial.hex().upper() for record in records})
    rows = session.execute(statement, {"speaker": speaker, "serials": serials})
    return {(LimitKind(kind), subject) for kind, subject in rows}


def _lock(session: Session, subjects: Sequence[Subject]) -> None:
    """Wait for others who count for the same terminal or card; sorted, so that nobody waits crosswise. SQLite has one writer anyway."""
    if is_postgresql(session):
        numbers = (hashlib.sha256(f"upload_limit:{kind}:{subject}".encode()).digest() for kind, subject in subjects)
        keys = sorted(int.from_bytes(number[:_LOCK_BYTES], signed=True) for number in numbers)
        session.execute(
            text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS k(key)"),
            {"keys": arrays.listed(session, keys)},
        ).all()


def _counts(session: Session, subjects: Sequence[Subject], now: datetime) -> Counter[Subject]:
    """How many bad TACs of each were judged on this Beijing day, since the last limit of it was reached."""
    midnight = datetime.combine(now.astimezone(BEIJING).date(), time(), BEIJING)
    instants = {"since": canonical(midnight), "until": canonical(midnight + timedelta(days=1))}
    bounds = {name: f"CAST(:{name} AS timestamptz)" if is_postgresql(session) else f":{name}" for name in instants}
    counts: Counter[Subject] = Counter()
    for kind, column, joined in _COLUMNS:
        among = arrays.among(session, column, "subjects")
        statement = text(_COUNTED.format(column=column, joined=joined, kind=kind, among=among, **bounds))
        asked = arrays.listed(session, [subject for of, subject in subjects if of is kind])
        for subject, count in session.execute(statement, {**instants, "subjects": asked}):
            counts[kind, subject] = count
    return counts
