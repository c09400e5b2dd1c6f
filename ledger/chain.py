"""Chains of hashes over tables of facts, made behind the hot path: the arithmetic that the ledger's seals and others' have in common.

A seal covers every id from its first to its last one, also those that no row has: a row that is slipped in later is found. The bytes,
so that anybody can recompute them:

- `rows_hash` is SHA-256 over the rows of the seal in the order of their ids, each in its canonical bytes with a line feed after it.
- `digests` holds for each row its id (8 bytes, big-endian) and the first 16 bytes of the row's SHA-256: they name the row that differs.
- `hash` is SHA-256 over the JSON array, in ASCII without spaces, of: seal number, first id, last id, how many rows, previous hash,
  rows_hash, SHA-256 of `digests`. The first seal's previous hash is 64 zeros.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Executable, Row, Table, func, insert, select
from sqlalchemy.orm import Session

from ledger import barrier
from ledger.checks import Difference, streamed

MAX_SEALED_AT_ONCE: Final = 10_000
"""Rows under one seal: what a verifier holds in memory."""
GENESIS: Final = "0" * 64
ID_BYTES: Final = 8
DIGEST_BYTES: Final = 16
LOWEST_ID: Final = -(2**63)
"""The first seal begins at id 1, and rows below it exist in forged books only: there they are looked for as well."""
ENTRY_BYTES: Final = ID_BYTES + DIGEST_BYTES
_ALL: Final = 2**62

Progress = Callable[[str, int], None]
"""Called with the name of a check and how many rows it has looked at."""

encode = json.JSONEncoder(separators=(",", ":")).encode
"""JSON in ASCII without spaces."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A table of facts and the chain over it.

    Args:
        seals: the table of links: id, first_id, last_id, previous, rows_hash, digests, hash, sealed_at, and the column `counted`.
        counted: the column that says how many rows a link covers.
        rows: the facts from `:first_id` to `:last_id` in the order of their ids, at most `:limit`.
        canonical: a row as it is hashed.
        row_name: what a row is called, such as `transfer`.
        seal_name: what a link is called.
        turns: the lock under which those who seal take turns.
    """

    seals: Table
    counted: str
    rows: Executable
    canonical: Callable[[Row[Any]], bytes]
    row_name: str
    seal_name: str
    turns: int


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a chain: its number, the ids it covers, how many rows these are, and its hash, made from the one before."""

    number: int
    first_id: int
    last_id: int
    rows: int
    previous: str
    rows_hash: str
    digests: bytes
    hash: str


def add_link(session: Session, chain: Chain, cut_id: int, now: datetime, limit: int) -> Link | None:
    """Seal at most `limit` rows up to a cut that are not sealed yet; None when there are none. Those who seal take turns."""
    barrier.take_turns(session, chain.turns)
    table = chain.seals
    last = session.execute(
        select(table.c.id, table.c.last_id, table.c.hash).order_by(table.c.id.desc()).limit(1)
    ).one_or_none()
    number, first_id, previous = (1, 1, GENESIS) if last is None else (last.id + 1, last.last_id + 1, last.hash)
    limit = min(limit, MAX_SEALED_AT_ONCE)
    rows = _rows(session, chain, first_id, cut_id, limit)
    if not rows:
        return None
    last_id = cut_id if len(rows) < limit else rows[-1].id
    rows_hash, digests = _hashed(chain, rows)
    span = (number, first_id, last_id, len(rows))
    made = Link(*span, previous, rows_hash, digests, chained(span, previous, rows_hash, digests))
    session.execute(
        insert(table).values(
            id=number,
            first_id=first_id,
            last_id=last_id,
            previous=previous,
            rows_hash=rows_hash,
            digests=digests,
            hash=made.hash,
            sealed_at=now,
            **{chain.counted: len(rows)},
        )
    )
    return made


def chained(span: tuple[int, int, int, int], previous: str, rows_hash: str, digests: bytes) -> str:
    """The hash of a link; `span` is its number, first and last id, and how many rows it covers."""
    return sha256(encode([*span, previous, rows_hash, sha256(digests).hexdigest()]).encode()).hexdigest()


def differences(session: Session, chain: Chain, progress: Progress | None = None) -> Iterator[Difference]:
    """Recompute a chain from its rows: each row that was altered, removed or slipped in is named, the first one first.

    One link is in memory at a time. Two statements a link; sealed rows never change, so they need not be of one moment.
    """
    number, first_id, previous, looked_at = 1, 1, GENESIS, 0
    last: int = session.execute(select(func.coalesce(func.max(chain.seals.c.id), 0))).scalar_one()
    while number <= last:
        link = link_of(session, chain, number)
        if link is None:
            where = f"{chain.seal_name} {number}"
            yield Difference("seal_missing", where, "a chain without a gap", f"no such {chain.seal_name}")
            return
        if link.first_id != first_id or link.previous != previous:
            where, expected = f"{chain.seal_name} {number}", f"from id {first_id} after {previous}"
            yield Difference("seal_chain", where, expected, f"{link.first_id} {link.previous}")
        yield from hash_differences(chain, link)
        # One more than was sealed is enough to find that something was slipped in, and keeps memory bounded.
        rows = _rows(session, chain, _first_id(link), link.last_id, min(link.rows, MAX_SEALED_AT_ONCE) + 1)
        if _hashed(chain, rows) != (link.rows_hash, link.digests):
            yield from row_differences(session, chain, link)
        looked_at += link.rows
        if progress:
            progress(f"{chain.seal_name}s", looked_at)
        number, first_id, previous = number + 1, link.last_id + 1, link.hash


def link_of(session: Session, chain: Chain, number: int) -> Link | None:
    """A link by its number, if there is one."""
    table = chain.seals
    found = session.execute(
        select(
            table.c.id,
            table.c.first_id,
            table.c.last_id,
            table.c[chain.counted],
            table.c.previous,
            table.c.rows_hash,
            table.c.digests,
            table.c.hash,
        ).where(table.c.id == number)
    ).one_or_none()
    return None if found is None else Link(*found)


def hash_differences(chain: Chain, link: Link) -> Iterator[Difference]:
    """Whether a link's hash is the hash of what it says."""
    span = (link.number, link.first_id, link.last_id, link.rows)
    recomputed = chained(span, link.previous, link.rows_hash, link.digests)
    if recomputed != link.hash:
        yield Difference("seal_hash", f"{chain.seal_name} {link.number}", recomputed, link.hash)


def row_differences(session: Session, chain: Chain, link: Link) -> Iterator[Difference]:
    """Each row under a link that was altered, removed or slipped in, the first one first.

    To be asked when `rows_hash` or `digests` are not what the rows say; what the link keeps is in memory, the rows are not.
    """
    sealed = _entries(link.digests)
    waiting = sorted(sealed, reverse=True)
    nothing, named, whole = f"no such {chain.row_name}", False, sha256()
    ids = {"first_id": _first_id(link), "last_id": link.last_id, "limit": _ALL}
    for row in streamed(session, chain.rows, ids):
        while waiting and waiting[-1] < row.id:
            missing, named = waiting.pop(), True
            yield Difference("sealed_row_missing", f"{chain.row_name} {missing}", sealed[missing], nothing)
        if waiting and waiting[-1] == row.id:
            waiting.pop()
        line = chain.canonical(row)
        whole.update(line + b"\n")
        was, now = sealed.get(row.id), digest_entry(row.id, line)[ID_BYTES:].hex()
        if was != now:
            named = True
            what = "sealed_row_altered" if was else "sealed_row_inserted"
            yield Difference(what, f"{chain.row_name} {row.id}", was or nothing, now)
    for missing in reversed(waiting):
        named = True
        yield Difference("sealed_row_missing", f"{chain.row_name} {missing}", sealed[missing], nothing)
    if not named:
        yield Difference("seal_rows", f"{chain.seal_name} {link.number}", link.rows_hash, whole.hexdigest())


def digest_entry(number: int, line: bytes) -> bytes:
    """What a link keeps of a row to name it by: its id, and the beginning of the SHA-256 of its canonical bytes."""
    # Ids below zero exist in forged books only, and are no reason to fail there.
    return number.to_bytes(ID_BYTES, "big", signed=True) + sha256(line).digest()[:DIGEST_BYTES]


def _first_id(link: Link) -> int:
    return LOWEST_ID if link.number == 1 else link.first_id


def _rows(session: Session, chain: Chain, first_id: int, last_id: int, limit: int) -> Sequence[Row[Any]]:
    return session.execute(chain.rows, {"first_id": first_id, "last_id": last_id, "limit": limit}).all()


def _hashed(chain: Chain, rows: Sequence[Row[Any]]) -> tuple[str, bytes]:
    whole, digests = sha256(), bytearray()
    for row in rows:
        written = chain.canonical(row)
        whole.update(written + b"\n")
        digests += digest_entry(row.id, written)
    return whole.hexdigest(), bytes(digests)


def _entries(digests: bytes) -> dict[int, str]:
    return {
        int.from_bytes(digests[at : at + ID_BYTES], "big", signed=True): digests[at + ID_BYTES : at + ENTRY_BYTES].hex()
        for at in range(0, len(digests), ENTRY_BYTES)
    }
