"""`prove()`: every invariant of the books, recomputed from the transfers alone.

Each check is one statement and therefore looks at one moment, so that it may run while the city is posting. All but one return only what
is wrong; the one that looks at every transfer streams them. Memory is bounded whatever the size of the books.
"""

import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from ledger import checks, history
from ledger.checks import AboveCeiling, Difference
from ledger.instants import Instant
from ledger.models import BIGGEST_AMOUNT_FEN, LONGEST_STORED_REFERENCE
from ledger.seals import Progress, chain_differences
from ledger.transfers import Transfer, canonical_metadata, fingerprint

MAX_DIFFERENCES = 1_000
"""So many differences are listed; books with more need a restore, not a longer list."""
MAX_ABOVE_CEILING = 1_000
ROWS_BETWEEN_PROGRESS = 10_000

_REFERENCE = re.compile(rf"[A-Za-z0-9_.:-]{{1,{LONGEST_STORED_REFERENCE}}}")
Check = Callable[[Session], Iterator[Difference]]
_CHECKS: Sequence[Check] = (
    checks.duplicates,
    checks.accounts,
    checks.holds,
    checks.reversals,
    checks.days,
    checks.business_dates,
    checks.day_totals,
    history.cut_order,
    history.snapshots,
    checks.debits_are_credits,
)


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of a proof.

    Args:
        differences: what is wrong, at most `MAX_DIFFERENCES` of them.
        transfers: how many were looked at.
        accounts: how many there are.
        total_fen: sum of all amounts looked at: of all debits, and of all credits.
        above_ceiling: accounts above their ceiling. No difference: refunds and decisions for a holder may lead there.
        proved: nothing is wrong.
    """

    differences: tuple[Difference, ...]
    transfers: int
    accounts: int
    total_fen: int
    above_ceiling: tuple[AboveCeiling, ...]
    proved: bool


@dataclass(slots=True)
class _Tally:
    transfers: int = 0
    total_fen: int = 0


def prove(session: Session, progress: Progress | None = None) -> Proof:
    """Recompute balances, floors, states, references, fingerprints, holds, reversals, days, snapshots and seals from the transfers alone.

    Changes nothing; who finds that the books are not proved stops them (`stop()`). Each difference says what, where, expected and found.

    Args:
        session: any transaction.
        progress: told the name of each check and how many transfers it has looked at: at its beginning, and again and again.
    """
    tally = _Tally()
    sources: Sequence[Check] = (
        partial(_transfers, tally=tally, progress=progress),
        *(partial(_told, check, progress) for check in _CHECKS),
        partial(chain_differences, progress=progress),
    )
    with closing(_differences(session, sources)) as found:
        differences = tuple(islice(found, MAX_DIFFERENCES))
    accounts: int = session.execute(text("SELECT count(*) FROM ledger_account")).scalar_one()
    above_ceiling = tuple(checks.above_ceiling(session, MAX_ABOVE_CEILING))
    return Proof(differences, tally.transfers, accounts, tally.total_fen, above_ceiling, proved=not differences)


def _differences(session: Session, sources: Iterable[Check]) -> Generator[Difference, None, None]:
    for check in sources:
        yield from check(session)


def _told(check: Check, progress: Progress | None, session: Session) -> Iterator[Difference]:
    if progress:
        progress(check.__name__, 0)
    yield from check(session)


def _transfers(session: Session, tally: _Tally, progress: Progress | None) -> Iterator[Difference]:
    """Every transfer by itself: known accounts of its currency, a sound reference, amount and metadata, the fingerprint of its content."""
    stream = checks.streamed(
        session,
        text(
            "SELECT t.id, t.reference, t.amount_fen, t.currency, t.kind, t.occurred_at, t.journal, t.fingerprint, t.metadata,"
            " t.debit_id, t.credit_id, d.code AS debit, c.code AS credit, d.currency AS debit_currency, c.currency AS credit_currency"
            " FROM ledger_transfer t LEFT JOIN ledger_account d ON d.id = t.debit_id"
            " LEFT JOIN ledger_account c ON c.id = t.credit_id ORDER BY t.id"
        ).columns(occurred_at=Instant),
    )
    for row in stream:
        tally.transfers += 1
        tally.total_fen += row.amount_fen
        if progress and tally.transfers % ROWS_BETWEEN_PROGRESS == 0:
            progress("transfers", tally.transfers)
        for what, expected, found in _faults(row):
            yield Difference(what, f"transfer {row.id} {row.reference}", expected, found)


def _faults(row: Row[Any]) -> Iterator[tuple[str, str, str]]:
    if row.debit is None or row.credit is None:
        missing = row.debit_id if row.debit is None else row.credit_id
        yield "unknown_account", "accounts that were opened", f"account id {missing}"
        return
    if not row.debit_currency == row.credit_currency == row.currency:
        yield "currency", row.currency, f"{row.debit_currency} and {row.credit_currency}"
    if not _REFERENCE.fullmatch(row.reference):
        yield "reference", "a reference of plain characters", repr(row.reference)
    if not 1 <= row.amount_fen <= BIGGEST_AMOUNT_FEN:
        yield "amount", f"1 to {BIGGEST_AMOUNT_FEN} fen", f"{row.amount_fen} fen"
    if row.metadata != "{}" and not _is_canonical(row.metadata):
        yield "metadata", "JSON in its one form", repr(row.metadata)
    content = Transfer(row.reference, row.debit, row.credit, row.amount_fen, row.kind, row.occurred_at, row.journal)
    recomputed = fingerprint(content, row.currency)
    if recomputed != row.fingerprint:
        yield "fingerprint", recomputed, row.fingerprint


def _is_canonical(metadata: str) -> bool:
    try:
        return canonical_metadata(json.loads(metadata)) == metadata
    except (ValueError, TypeError):
        return False
