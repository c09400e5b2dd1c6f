"""A transfer as bytes: what fingerprints and seals are made over, the same on both databases and cheap enough for every row of the books.

`columns` reads instants and dates as text, so that nothing is parsed that would only be written again.
"""

import json.encoder
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.arrays import is_postgresql

COLUMNS: Final = (
    "t.id, t.reference, t.debit_id, t.credit_id, t.amount_fen, t.currency, t.kind, CAST(t.occurred_at AS text) AS occurred_at,"
    " CAST(t.recorded_at AS text) AS recorded_at, CAST(t.business_date AS text) AS business_date, t.journal, t.fingerprint,"
    " t.metadata, t.reverses"
)
"""The fields of a row in the order of its bytes. Call `prepare` first."""

_quoted = json.encoder.encode_basestring_ascii
INSTANTS_KEPT: Final = 16_384
"""Transfers of a batch share one, and a proof needs each of them twice within some thousand rows."""
_FULL: Final = len("2026-11-21 00:30:00.123456+00")
_WHOLE_SECONDS: Final = len("2026-11-21 00:30:00+00")
_CANONICAL: Final = len("2026-11-21T00:30:00.123456+00:00")
_FRACTION: Final = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00")


def prepare(session: Session) -> None:
    """Let PostgreSQL write instants in UTC and ISO 8601 for the rest of the transaction, whatever it was told before."""
    if is_postgresql(session):
        session.execute(text("SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true)"))


@lru_cache(maxsize=INSTANTS_KEPT)
def instant(shown: str) -> str:
    """The canonical text of an instant, out of the database's own; what is no instant of ours stays as it is, and equals none."""
    length = len(shown)
    if length == _FULL:
        return f"{shown[:10]}T{shown[11:26]}+00:00"
    if length == _WHOLE_SECONDS:
        return f"{shown[:10]}T{shown[11:19]}.000000+00:00"
    if length == _CANONICAL:
        return shown
    found = _FRACTION.fullmatch(shown)
    return f"{found[1]}T{found[2]}.{found[3] or '':0<6}+00:00" if found else shown


class Fields(NamedTuple):
    """The fields of a transfer in the order of `COLUMNS`."""

    id: int
    reference: str
    debit_id: int
    credit_id: int
    amount_fen: int
    currency: str
    kind: str
    occurred_at: str
    recorded_at: str
    business_date: str
    journal: str | None
    fingerprint: str
    metadata: str
    reverses: int | None


def written(row: Sequence[Any]) -> str:
    """A transfer as it is sealed: a JSON array in ASCII without spaces; given as `Fields` or as a row of the database."""
    (
        number,
        reference,
        debit_id,
        credit_id,
        amount_fen,
        currency,
        kind,
        occurred_at,
        recorded_at,
        business_date,
        journal,
        claimed,
        metadata,
        reverses,
    ) = row
    try:
        return (
            f"[{number},{_quoted(reference)},{debit_id},{credit_id},{amount_fen},{_quoted(currency)},{_quoted(kind)},"
            f"{_quoted(instant(occurred_at))},{_quoted(instant(recorded_at))},{_quoted(business_date)},"
            f"{'null' if journal is None else _quoted(journal)},{_quoted(claimed)},{_quoted(metadata)},"
            f"{'null' if reverses is None else reverses}]"
        )
    except TypeError:
        # SQLite keeps bytes where a text belongs if somebody insists: no transfer of ours, and no reason to fail.
        return ascii(tuple(row))
