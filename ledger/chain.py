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
from ledger.checks import Difference

MAX_SEALED_AT_ONCE: Final = 10_000
"""Rows under one seal: what a verifier holds in memory."""
GENESIS: Final = "0" * 64
ID_BYTES: Final = 8
DIGEST_BYTES: Final = 16
LOWEST_ID: Final = -(2**63)
"""The first seal begins at id 1, and rows below it exist in forged books only: there they are looked for as well."""
_ENTRY_BYTES: Final = ID_BYTES + DIGEST_BYTES

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
        link = _link(session, chain, number)
        if link is None:
            where = f"{chain.seal_name} {number}"
            yield Difference("seal_missing", where, "a chain without a gap", f"no such {chain.seal_name}")
            return
        yield from _link_differences(chain, link, first_id, previous)
        yield from _row_differences(session, chain, link)
        looked_at += link.rows
        if progress:
            progress(f"{chain.seal_name}s", looked_at)
        number, first_id, previous = number + 1, link.last_id + 1, link.hash


def _link(session: Session, chain: Chain, number: int) -> Link | None:
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


def _link_differences(chain: Chain, link: Link, first_id: int, previous: str) -> Iterator[Difference]:
    where = f"{chain.seal_name} {link.number}"
    if link.first_id != first_id or link.previous != previous:
        yield Difference(
            "seal_chain", where, f"from id {first_id} after {previous}", f"{link.first_id} {link.previous}"
        )
    recomputed = chained(
        (link.number, link.first_id, link.last_id, link.rows), link.previous, link.rows_hash, link.digests
    )
    if recomputed != link.hash:
        yield Difference("seal_hash", where, recomputed, link.hash)


def _row_differences(session: Session, chain: Chain, link: Link) -> Iterator[Difference]:
    first_id = LOWEST_ID if link.number == 1 else link.first_id
    # One more than was sealed is enough to find what was slipped in, and keeps memory bounded.
    rows = _rows(session, chain, first_id, link.last_id, link.rows + 1)
    rows_hash, digests = _hashed(chain, rows)
    if rows_hash == link.rows_hash and digests == link.digests:
        return
    sealed, found = _entries(link.digests), _entries(digests)
    nothing = f"no such {chain.row_name}"
    named = False
    for row_id in sorted(sealed.keys() | found.keys()):
        was, now = sealed.get(row_id), found.get(row_id)
        if was == now or (now is None and len(rows) > link.rows and row_id > rows[-1].id):
            continue
        named = True
        what = "sealed_row_altered" if was and now else "sealed_row_missing" if was else "sealed_row_inserted"
        yield Difference(what, f"{chain.row_name} {row_id}", was or nothing, now or nothing)
    if not named:
        yield Difference("seal_rows", f"{chain.seal_name} {link.number}", link.rows_hash, rows_hash)


def _rows(session: Session, chain: Chain, first_id: int, last_id: int, limit: int) -> Sequence[Row[Any]]:
    return session.execute(chain.rows, {"first_id": first_id, "last_id": last_id, "limit": limit}).all()


def _hashed(chain: Chain, rows: Sequence[Row[Any]]) -> tuple[str, bytes]:
    whole, digests = sha256(), bytearray()
    for row in rows:
        written = chain.canonical(row)
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
