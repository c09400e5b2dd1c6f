"""The one pass over the transfers: each row by itself, its fingerprint, its place in the days, and the seal over it.

It costs a proof most of its time. What is sound is found so by a few comparisons and two hashes; only a row that is not is taken apart.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from sqlalchemy.orm import Session

from ledger import canonical
from ledger.canonical import Fields, instant
from ledger.chain import (
    ENTRY_BYTES,
    LOWEST_ID,
    MAX_SEALED_AT_ONCE,
    digest_entry,
    hash_differences,
    link_of,
    row_differences,
)
from ledger.checks import Difference
from ledger.models import (
    BIGGEST_AMOUNT_FEN,
    LONGEST_KIND,
    LONGEST_REFERENCE,
    LONGEST_STORED_REFERENCE,
    REVERSAL,
)
from ledger.proving.accounts import KnownAccounts, Named
from ledger.proving.days import FIRST_ID, Span, Tally, span_of
from ledger.proving.units import Unit
from ledger.seals import TRANSFERS
from ledger.transfers import canonical_metadata

_REFERENCE: Final = re.compile(rf"[A-Za-z0-9_.:-]{{1,{LONGEST_STORED_REFERENCE}}}")
_JOURNAL: Final = re.compile(rf"[A-Za-z0-9_.:-]{{1,{LONGEST_REFERENCE}}}")
_KIND: Final = re.compile(rf"[a-z0-9_.:-]{{1,{LONGEST_KIND}}}")
_VALUE: Final = r'(?:"[ !#-\[\]-~]*"|0|-?[1-9][0-9]{0,18})'
_USUAL_METADATA: Final = re.compile(
    rf'\{{"([a-z0-9_]+)":{_VALUE}(?:,"([a-z0-9_]+)":{_VALUE})?(?:,"([a-z0-9_]+)":{_VALUE})?(?:,"([a-z0-9_]+)":{_VALUE})?\}}'
)
"""Canonical JSON of up to four names, except that these may be out of order: ten times as quick as reading and writing it again."""


PORTION: Final = 5_000
WORDS_KEPT: Final = 1_024
"""Kinds and journals come again and again."""
LONGEST_DIGESTS: Final = (MAX_SEALED_AT_ONCE + PORTION) * ENTRY_BYTES
"""More than any seal has: what comes after was slipped in and is named row by row."""


@dataclass(slots=True)
class Looking:
    """What the looking needs to know, and what it has counted.

    Args:
        days: the business days of the moment that is looked at.
        accounts: what is known of accounts.
        tally: what was looked at so far.
    """

    days: Sequence[Span]
    accounts: KnownAccounts = field(default_factory=KnownAccounts)
    tally: Tally = field(default_factory=Tally)


def look_at(session: Session, unit: Unit, looking: Looking) -> Iterator[Difference]:
    """What is wrong with the transfers of a unit, and with the seal over them.

    One portion of rows is in memory at a time, however many were slipped in. `canonical.prepare` was called.
    """
    first_id: int | None = unit.first_id
    rows_hash, digests = sha256(), bytearray()
    while first_id is not None:
        rows = session.execute(TRANSFERS.rows, {"first_id": first_id, "last_id": unit.last_id, "limit": PORTION}).all()
        if unit.seal is not None and len(digests) <= LONGEST_DIGESTS:
            for line in _sealed_lines(rows, digests):
                rows_hash.update(line)
        if unit.counted:
            yield from _faulty(session, rows, looking)
        first_id = rows[-1].id + 1 if len(rows) == PORTION else None
    if unit.seal is not None and (link := link_of(session, TRANSFERS, unit.seal)):
        yield from hash_differences(TRANSFERS, link)
        if rows_hash.hexdigest() != link.rows_hash or digests != link.digests:
            yield from row_differences(session, TRANSFERS, link)


def _sealed_lines(rows: Sequence[Sequence[Any]], digests: bytearray) -> Iterator[bytes]:
    for row in rows:
        line = canonical.written(row).encode()
        digests += digest_entry(row[0], line)
        yield line + b"\n"


def _faulty(session: Session, rows: Sequence[Sequence[Any]], looking: Looking) -> Iterator[Difference]:
    accounts = looking.accounts.of(session, {row[2] for row in rows} | {row[3] for row in rows})
    tally, span = looking.tally, Span("", LOWEST_ID)
    transfers, total_fen = 0, 0
    for row in rows:
        if row[0] > span.last_id:
            tally.count(span.day, transfers, total_fen)
            transfers, total_fen, span = 0, 0, span_of(looking.days, row[0])
        transfers += 1
        total_fen += row[4] if isinstance(row[4], int) else 0
        if not _is_sound(row, accounts, span.day):
            where = f"transfer {row[0]} {row[1]}"
            for what, expected, found in _faults(Fields(*row), accounts, span.day):
                yield Difference(what, where, expected, found)
    tally.count(span.day, transfers, total_fen)


def _is_sound(row: Sequence[Any], accounts: Mapping[int, Named], day: str) -> bool:
    """Whether `_faults` would find nothing, at a tenth of its price."""
    (
        number,
        reference,
        debit_id,
        credit_id,
        amount_fen,
        currency,
        kind,
        occurred_at,
        _,
        business_date,
        journal,
        claimed,
        metadata,
        reverses,
    ) = row
    try:
        debit, debit_currency = accounts[debit_id]
        credit, credit_currency = accounts[credit_id]
        content = f"{debit}\n{credit}\n{amount_fen}\n{currency}\n{kind}\n{instant(occurred_at)}\n{journal or ''}"
        return bool(
            sha256(content.encode()).hexdigest() == claimed
            and debit_currency == currency == credit_currency
            and 0 < amount_fen <= BIGGEST_AMOUNT_FEN
            and debit_id != credit_id
            and business_date == day
            and number >= FIRST_ID
            and _REFERENCE.fullmatch(reference)
            and (reverses is not None or not reference.startswith(REVERSAL))
            and _is_kind(kind)
            and _is_journal(journal)
            and (metadata == "{}" or _is_usual(metadata) or _is_canonical(metadata))
        )
    except (KeyError, TypeError, AttributeError):
        # No such account, or a value of another type, which SQLite keeps if somebody insists.
        return False


def _faults(row: Fields, accounts: Mapping[int, Named], day: str) -> Iterator[tuple[str, str, str]]:
    """Every single thing that is wrong with a transfer."""
    if row.debit_id not in accounts or row.credit_id not in accounts:
        missing = row.debit_id if row.debit_id not in accounts else row.credit_id
        yield "unknown_account", "accounts that were opened", f"account id {missing}"
    else:
        yield from _faults_of_accounts(row, accounts[row.debit_id], accounts[row.credit_id])
    if row.business_date != day:
        yield "business_date", day or "a day of the books", f"{row.business_date}"
    if row.id < FIRST_ID:
        yield "id", f"{FIRST_ID} or more", f"{row.id}"
    for what, pattern in (("reference", _REFERENCE), ("kind", _KIND), ("journal", _JOURNAL)):
        value = getattr(row, what)
        if value is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
            yield what, "plain characters, not too many", repr(value)
    if row.reverses is None and str(row.reference).startswith(REVERSAL):
        yield "reversal", "an original that it reverses", "none"
    if not isinstance(row.amount_fen, int) or not 1 <= row.amount_fen <= BIGGEST_AMOUNT_FEN:
        yield "amount", f"1 to {BIGGEST_AMOUNT_FEN} fen", f"{row.amount_fen} fen"
    if row.metadata != "{}" and not _is_canonical(row.metadata):
        yield "metadata", "JSON in its one form", repr(row.metadata)


def _faults_of_accounts(row: Fields, debit: Named, credit: Named) -> Iterator[tuple[str, str, str]]:
    if not debit[1] == credit[1] == row.currency:
        yield "currency", row.currency, f"{debit[1]} and {credit[1]}"
    if row.debit_id == row.credit_id:
        yield "one_account", "two accounts", debit[0]
    fields = (debit[0], credit[0], row.amount_fen, row.currency, row.kind, instant(row.occurred_at), row.journal or "")
    recomputed = sha256("\n".join(map(str, fields)).encode()).hexdigest()
    if recomputed != row.fingerprint:
        yield "fingerprint", recomputed, f"{row.fingerprint}"


def _is_usual(metadata: str) -> bool:
    found = _USUAL_METADATA.fullmatch(metadata)
    if found is None:
        return False
    first, second, third, fourth = found.groups()
    return second is None or (
        first < second and (third is None or (second < third and (fourth is None or third < fourth)))
    )


@lru_cache(maxsize=WORDS_KEPT)
def _is_kind(kind: str) -> bool:
    return bool(_KIND.fullmatch(kind))


@lru_cache(maxsize=WORDS_KEPT)
def _is_journal(journal: str | None) -> bool:
    return journal is None or bool(_JOURNAL.fullmatch(journal))


def _is_canonical(metadata: object) -> bool:
    try:
        return isinstance(metadata, str) and canonical_metadata(json.loads(metadata)) == metadata
    except (ValueError, TypeError):
        return False
