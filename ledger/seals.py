"""Seals: a chain of hashes over the transfers in recorded order, made behind the hot path, whose head leaves the house.

`ledger/chain.py` says how rows become seals. A transfer's canonical bytes are a JSON array in ASCII without spaces: id, reference,
debit_id, credit_id, amount_fen, currency, kind, occurred_at, recorded_at, business_date, journal, fingerprint, metadata, reverses. Instants
in UTC with microseconds and `+00:00`, the date as YYYY-MM-DD.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Table, text
from sqlalchemy.orm import Session

from ledger import barrier, canonical, cuts
from ledger.chain import GENESIS, MAX_SEALED_AT_ONCE, Chain, Progress, add_link, chained, differences
from ledger.checks import Difference
from ledger.models import Seal

__all__ = ["GENESIS", "Progress", "Sealed", "canonical_row", "chain_differences", "chained", "seal"]


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
    canonical.prepare(session)
    made = add_link(session, TRANSFERS, cuts.last_cut(session), now, limit)
    return None if made is None else Sealed(made.number, made.first_id, made.last_id, made.rows, made.hash)


def chain_differences(session: Session, progress: Progress | None = None) -> Iterator[Difference]:
    """Recompute the chain from the transfers: each row that was altered, removed or slipped in is named, the first one first.

    One seal is in memory at a time. Two statements a seal; sealed rows never change, so they need not be of one moment.
    """
    canonical.prepare(session)
    return differences(session, TRANSFERS, progress)


def canonical_row(row: Sequence[Any]) -> bytes:
    """A transfer as it is hashed; the fields of `canonical.COLUMNS` in their order."""
    return canonical.written(row).encode()


TRANSFERS: Final = Chain(
    seals=cast("Table", Seal.__table__),
    counted="transfers",
    rows=text(
        f"SELECT {canonical.COLUMNS} FROM ledger_transfer t WHERE t.id >= :first_id AND t.id <= :last_id ORDER BY t.id LIMIT :limit"  # noqa: S608 # constants
    ),
    canonical=canonical_row,
    row_name="transfer",
    seal_name="seal",
    turns=barrier.SEALING,
)
"""The chain over the transfers."""
