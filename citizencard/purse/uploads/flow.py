"""Take an upload: read the registry, ask the vault, judge, then book everything in one transaction.

A crash before the commit leaves nothing, a crash after it leaves everything; either way the terminal sends the batch again and each of its
records gets a verdict: its own, or `duplicate` with the first one.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.purse.uploads.batches import MAX_FILE_BYTES, Batch, SignedBatch, decode_file, from_json
from citizencard.purse.uploads.book import Judged, Origin, book, say_verdicts
from citizencard.purse.uploads.certify import certify
from citizencard.purse.uploads.counting import count_bad_tacs, kept_by_limits, set_limits
from citizencard.purse.uploads.errors import FileSignatureInvalid, ForeignTerminal, UploadRefused
from citizencard.purse.uploads.facts import Facts, gather
from citizencard.purse.uploads.judge import Memo, judge, refuse_before_tac
from citizencard.purse.uploads.known import Upload, keep_upload, known_digests
from citizencard.purse.uploads.receipts import BatchReceipt, KeptRecord
from citizencard.purse.uploads.records import PurchaseRecord, RecordKind
from citizencard.terminals.bindings import keys_of_number, keys_of_terminal
from citizencard.terminals.enrolment import signed_by


def take_batch(sessions: Sessions, hsm: Hsm, terminal_id: str, raw: bytes, now: datetime) -> BatchReceipt:
    """Take a batch file, which any terminal may carry: the signature inside the file decides whose records they are.

    The file must be signed by a device that is or was bound to the file's terminal number. A number that never was bound, of a
    module we did not issue, has no device of its own: there the terminal that sent the request must have signed the file too.

    Args:
        sessions: for short transactions of its own.
        hsm: answers whether the TACs are good.
        terminal_id: who signed the request.
        raw: the file.
        now: when it came.

    Raises:
        UploadRefused: one of its subclasses says what is wrong with the file; nothing was judged, the bytes are kept.
    """
    upload = Upload("file", terminal_id, raw[: MAX_FILE_BYTES + 1], now)
    try:
        signed = decode_file(raw)
        speaker = _check_signature(sessions, terminal_id, signed)
    except UploadRefused as refusal:
        with transaction(sessions) as session:
            keep_upload(session, upload, refusal.code)
        raise
    return _take(sessions, hsm, upload, signed.batch, speaker)


def take_records(
    sessions: Sessions, hsm: Hsm, terminal_id: str, document: Mapping[str, object], now: datetime
) -> BatchReceipt:
    """Take records in their JSON form, from the terminal they are of.

    Records under a number that never was bound to any device may be brought by every enrolled terminal (the collector of a depot); their
    money waits in suspense. What is kept is the document in its canonical form.

    Args:
        sessions: for short transactions of its own.
        hsm: answers whether the TACs are good.
        terminal_id: who signed the request.
        document: `terminal`, `psam_serial`, `batch`, `records`.
        now: when it came.

    Raises:
        UploadRefused: one of its subclasses says what is wrong; nothing was judged, the document is kept.
    """
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=repr)
    # JSON can name half of a surrogate pair, which no bytes can hold: it is kept as the escape that it came as.
    upload = Upload("json", terminal_id, canonical.encode(errors="backslashreplace"), now)
    try:
        batch = from_json(document)
        speaker = _check_speaker(sessions, terminal_id, batch)
    except UploadRefused as refusal:
        with transaction(sessions) as session:
            keep_upload(session, upload, refusal.code)
        raise
    return _take(sessions, hsm, upload, batch, speaker)


def _check_signature(sessions: Sessions, terminal_id: str, signed: SignedBatch) -> str:
    """Whose bad TACs those of the file are: its terminal number's; the sender's where no device ever had the number."""
    number = signed.batch.terminal
    with reading(sessions) as session:
        owners = keys_of_number(session, number)
        keys = [key for keys in owners.values() for key in keys] if owners else keys_of_terminal(session, terminal_id)
    digits = number.hex().upper()
    if not signed_by(keys, signed.signature, signed.signed):
        raise FileSignatureInvalid(f"the file is not signed by a device of terminal {digits}", terminal=digits)
    return digits if owners else terminal_id


def _check_speaker(sessions: Sessions, terminal_id: str, batch: Batch) -> str:
    """Whose bad TACs those of the records are; as for a file."""
    with reading(sessions) as session:
        owners = keys_of_number(session, batch.terminal)
    digits = batch.terminal.hex().upper()
    if owners and terminal_id not in owners:
        raise ForeignTerminal(f"terminal {digits} is another device's", terminal=digits)
    return digits if owners else terminal_id


def _take(sessions: Sessions, hsm: Hsm, upload: Upload, batch: Batch, speaker: str) -> BatchReceipt:
    terminal, now = batch.terminal, upload.received_at
    named = [(record, record.digest(terminal)) for record in batch.records]
    records = {digest: record for record, digest in named}
    with reading(sessions) as session:
        known = known_digests(session, list(records))
        unseen = {digest: record for digest, record in records.items() if digest not in known}
        kept = kept_by_limits(session, speaker, unseen)
        asked = {digest: record for digest, record in unseen.items() if digest not in kept}
        facts = _facts(session, terminal, asked)
    judged = _judged(hsm, terminal, asked, facts, now)
    with transaction(sessions) as session:
        counted = count_bad_tacs(session, speaker, judged, now)
        kept |= counted.kept
        ids = book(session, Origin(keep_upload(session, upload), terminal, now), counted.judged)
        set_limits(session, counted.reached, ids, now)
        fresh = {one.digest: one.judgement for one in counted.judged if one.digest in ids}
        said = [pair for pair in named if pair[1] not in kept] if kept else named
        verdicts = say_verdicts(session, terminal, said, fresh)
    return BatchReceipt(
        terminal,
        batch.number,
        tuple(verdicts),
        tuple(KeptRecord(record, kept[digest]) for record, digest in named if digest in kept) if kept else (),
    )


def _judged(
    hsm: Hsm, terminal: bytes, records: Mapping[str, PurchaseRecord], facts: Mapping[str, Facts], now: datetime
) -> list[Judged]:
    good, memo = _certified(hsm, terminal, records, facts), Memo()
    return [
        Judged(
            record,
            digest,
            record.identity(terminal),
            facts.get(digest),
            judge(record, facts.get(digest), tac_is_good=digest in good, now=now, memo=memo),
        )
        for digest, record in records.items()
    ]


def _facts(session: Session, terminal: bytes, records: Mapping[str, PurchaseRecord]) -> dict[str, Facts]:
    """What the registry says about the well-formed ones, by digest."""
    asked = {
        digest: (record, tapped_at)
        for digest, record in records.items()
        if record.fault() is None and (tapped_at := record.tapped_at()) is not None
    }
    return dict(zip(asked, gather(session, terminal, list(asked.values())), strict=True))


def _certified(
    hsm: Hsm, terminal: bytes, records: Mapping[str, PurchaseRecord], facts: Mapping[str, Facts]
) -> set[str]:
    """Digests of the records whose TAC is good; asked only for those that need one."""
    asked = {
        digest: record
        for digest, record in records.items()
        if record.kind == RecordKind.PURCHASE and refuse_before_tac(record, facts.get(digest)) is None
    }
    answers = certify(hsm, terminal, list(asked.values()))
    return {digest for digest, is_good in zip(asked, answers, strict=True) if is_good}
