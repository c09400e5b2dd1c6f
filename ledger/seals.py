"""Seals: a chain of hashes over the transfers in recorded order, made behind the hot path, whose head leaves the house.

The bytes, so that anybody can recompute them:

- A row is a JSON array in ASCII without spaces: id, reference, debit_id, credit_id, amount_fen, currency, kind, occurred_at, recorded_at,
  business_date, journal, fingerprint, metadata, reverses. Instants in UTC with microseconds and `+00:00`, the date as YYYY-MM-DD.
- `rows_hash` is SHA-256 over the rows of the seal, a line feed after each.
- `digests` holds for each row its id (8 bytes, big-endian) and the first 16 bytes of the row's SHA-256: they name the row that differs.
- `hash` is SHA-256 over the JSON array of: seal number, first_id, last_id, transfers, previous hash, rows_hash, SHA-256 of `digests`.
  The first seal's previous hash is 64 zeros.

A seal covers every id from `first_id` to `last_id`, also those that no transfer has: one that is slipped in later is found.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Date, Row, func, insert, select, text
from sqlalchemy.orm import Session

from ledger import barrier, cuts
from ledger.checks import Difference
from ledger.instants import Instant, canonical
from ledger.models import Seal

MAX_SEALED_AT_ONCE: Final = 10_000
"""Transfers under one seal: what a verifier holds in memory."""
GENESIS: Final = "0" * 64
ID_BYTES: Final = 8
DIGEST_BYTES: Final = 16
_ENTRY_BYTES: Final = ID_BYTES + DIGEST_BYTES

Progress = Callable[[str, int], None]
"""Called with the name of a check and how many transfers it has looked at."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal that was made: its number, what it covers, and its hash."""

    seal: int
    first_id: int
    last_id: int
    transfers: int
    hash: str


def seal(session: Session, *, now: datetime, limit: int = MAX_SEALED_AT_ONCE) -> Sealed | None:
    """Seal what is final and not sealed yet, at most `limit` transfers; None when there is nothing.

    Draw a cut in a transaction before this one, and call it, a transaction each, until it returns None. Again, or after a crash, it goes on
    where it stopped. Posting never waits for it.
    """
    barrier.take_turns(session, barrier.SEALING)
    last = session.execute(select(Seal.id, Seal.last_id, Seal.hash).order_by(Seal.id.desc()).limit(1)).one_or_none()
    number, first_id, previous = (1, 1, GENESIS) if last is None else (last.id + 1, last.last_id + 1, last.hash)
    cut_id = cuts.last_cut(session)
    limit = min(limit, MAX_SEALED_AT_ONCE)
    rows = session.execute(
        _rows("t.id >= :first_id AND t.id <= :last_id ORDER BY t.id LIMIT :limit"),
        {"first_id": first_id, "last_id": cut_id, "limit": limit},
    ).all()
    if not rows:
        return None
    last_id = cut_id if len(rows) < limit else rows[-1].id
    rows_hash, digests = _hashed(rows)
    made = Sealed(
        number,
        first_id,
        last_id,
        len(rows),
        chained((number, first_id, last_id, len(rows)), previous, rows_hash, digests),
    )
    session.execute(
        insert(Seal).values(
            id=number,
            first_id=first_id,
            last_id=last_id,
            transfers=len(rows),
            previous=previous,
            rows_hash=rows_hash,
            digests=digests,
            hash=made.hash,
            sealed_at=now,
        )
    )
    return made


def chained(span: tuple[int, int, int, int], previous: str, rows_hash: str, digests: bytes) -> str:
    """The hash of a seal; `span` is its number, first and last id, and how many transfers it covers."""
    return sha256(_encode([*span, previous, rows_hash, sha256(digests).hexdigest()]).encode()).hexdigest()


def chain_differences(session: Session, progress: Progress | None = None) -> Iterator[Difference]:
    """Recompute the chain from the transfers: each row that was altered, removed or slipped in is named, the first one first.

    One seal is in memory at a time. Two statements a seal; sealed rows never change, so they need not be of one moment.
    """
    number, first_id, previous, looked_at = 1, 1, GENESIS, 0
    last: int = session.execute(select(func.coalesce(func.max(Seal.id), 0))).scalar_one()
    while number <= last:
        link = session.get_one(Seal, number) if _exists(session, number) else None
        if link is None:
            yield Difference("seal_missing", f"seal {number}", "a chain without a gap", "no such seal")
            return
        session.expunge(link)
        yield from _link_differences(link, first_id, previous)
        yield from _row_differences(session, link)
        looked_at += link.transfers
        if progress:
            progress("seals", looked_at)
        number, first_id, previous = number + 1, link.last_id + 1, link.hash


def canonical_row(row: Row[Any]) -> bytes:
    """A transfer as it is hashed."""
    return _encode(
        [
            row.id,
            row.reference,
            row.debit_id,
            row.credit_id,
            row.amount_fen,
            row.currency,
            row.kind,
            canonical(row.occurred_at),
            canonical(row.recorded_at),
            row.business_date.isoformat(),
            row.journal,
            row.fingerprint,
            row.metadata,
            row.reverses,
        ]
    ).encode()


def _exists(session: Session, number: int) -> bool:
    return session.execute(select(Seal.id).where(Seal.id == number)).scalar_one_or_none() is not None


def _link_differences(link: Seal, first_id: int, previous: str) -> Iterator[Difference]:
    where = f"seal {link.id}"
    if link.first_id != first_id or link.previous != previous:
        yield Difference(
            "seal_chain", where, f"from id {first_id} after {previous}", f"{link.first_id} {link.previous}"
        )
    span = (link.id, link.first_id, link.last_id, link.transfers)
    recomputed = chained(span, link.previous, link.rows_hash, link.digests)
    if recomputed != link.hash:
        yield Difference("seal_hash", where, recomputed, link.hash)


def _row_differences(session: Session, link: Seal) -> Iterator[Difference]:
    # One more than was sealed is enough to find what was slipped in, and keeps memory bounded.
    rows = session.execute(
        _rows("t.id >= :first_id AND t.id <= :last_id ORDER BY t.id LIMIT :limit"),
        {"first_id": link.first_id, "last_id": link.last_id, "limit": link.transfers + 1},
    ).all()
    rows_hash, digests = _hashed(rows)
    if rows_hash == link.rows_hash and digests == link.digests:
        return
    sealed, found = _entries(link.digests), _entries(digests)
    named = False
    for transfer_id in sorted(sealed.keys() | found.keys()):
        was, now = sealed.get(transfer_id), found.get(transfer_id)
        if was == now or (now is None and len(rows) > link.transfers and transfer_id > rows[-1].id):
            continue
        named = True
        what = "sealed_row_altered" if was and now else "sealed_row_missing" if was else "sealed_row_inserted"
        yield Difference(what, f"transfer {transfer_id}", was or "no such transfer", now or "no such transfer")
    if not named:
        yield Difference("seal_rows", f"seal {link.id}", link.rows_hash, rows_hash)


def _rows(condition: str) -> Any:  # noqa: ANN401 # a statement with typed columns has no public type
    return text(
        "SELECT t.id, t.reference, t.debit_id, t.credit_id, t.amount_fen, t.currency, t.kind, t.occurred_at, t.recorded_at,"  # noqa: S608 # constants
        f" t.business_date, t.journal, t.fingerprint, t.metadata, t.reverses FROM ledger_transfer t WHERE {condition}"
    ).columns(occurred_at=Instant, recorded_at=Instant, business_date=Date)


def _hashed(rows: list[Row[Any]] | Any) -> tuple[str, bytes]:  # noqa: ANN401 # a sequence of rows
    whole, digests = sha256(), bytearray()
    for row in rows:
        written = canonical_row(row)
        whole.update(written + b"\n")
        # Ids below zero exist in forged books only, and are no reason to fail there.
        digests += row.id.to_bytes(ID_BYTES, "big", signed=True) + sha256(written).digest()[:DIGEST_BYTES]
    return whole.hexdigest(), bytes(digests)


def _entries(digests: bytes) -> dict[int, str]:
    return {
        int.from_bytes(digests[at : at + ID_BYTES], "big", signed=True): digests[
            at + ID_BYTES : at + _ENTRY_BYTES
        ].hex()
        for at in range(0, len(digests), _ENTRY_BYTES)
    }
