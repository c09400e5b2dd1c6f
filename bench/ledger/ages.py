"""Old books: filled with millions of transfers, and measured beside young ones."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.figure import tell
from bench.ledger.books import FRESH, KIND, MERCHANT
from bench.ledger.crews import crew
from bench.ledger.doors import BatchDoor
from bench.ledger.sizes import BATCH, MOST_FEN
from citizencard.db import Sessions, make_engine, make_sessions, reading, transaction
from ledger import balance, draw_cut, fold, seal

SLICE_S = 5.0
ROWS_AT_ONCE = 500_000
BALANCES_AT_ONCE = 200

_COUNT = text("SELECT count(*) FROM ledger_transfer")
# The row that post_each() would have written, and its fingerprint by the same recipe: proved like all others.
_FILL = text(
    "WITH drawn AS MATERIALIZED (SELECT i, CAST(floor(random() * :cards) AS bigint) AS card,"
    " 1 + CAST(floor(random() * :most) AS bigint) AS amount_fen, clock_timestamp() AS at"
    " FROM generate_series(1, CAST(:rows AS bigint)) AS i),"
    " named AS (SELECT drawn.*, p.id AS debit_id, p.code AS debit, m.id AS credit_id, m.code AS credit FROM drawn"
    " JOIN ledger_account p ON p.code = 'purse:card_' || lpad(CAST(card AS text), 20, '0') JOIN ledger_account m ON m.code = :merchant),"
    " written AS (INSERT INTO ledger_transfer (reference, debit_id, credit_id, amount_fen, currency, kind, occurred_at, fingerprint,"
    " metadata, business_date, recorded_at)"
    " SELECT 'purchase:' || left(md5(CAST(random() AS text)), 12) || lpad(to_hex(:seed + i), 12, '0'), debit_id, credit_id, amount_fen,"
    " 'CNY', CAST(:kind AS text), at, encode(sha256(convert_to(concat_ws(E'\\n', debit, credit, amount_fen, 'CNY', CAST(:kind AS text),"
    " to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || '+00:00', ''), 'UTF8')), 'hex'), '{}',"
    " (SELECT day FROM ledger_day WHERE state = 'open'), now() FROM named RETURNING debit_id, amount_fen)"
    " UPDATE ledger_account a SET posted_debits_fen = a.posted_debits_fen + s.taken_fen"
    " FROM (SELECT debit_id, CAST(sum(amount_fen) AS bigint) AS taken_fen FROM written GROUP BY debit_id) AS s WHERE a.id = s.debit_id"
)


def fill(address: str, cards: int, wanted: int, longest_s: float) -> str:
    """Fill the books up to so many transfers: by batches of two writers, and when that takes too long, the rest by statements.

    Returns:
        How it was done.
    """
    engine = make_engine(address)
    sessions = make_sessions(engine)
    began = time.monotonic()
    with reading(sessions) as session:
        before: int = session.execute(_COUNT).scalar_one()
    count = before
    with crew(BatchDoor(address, cards, BATCH), 2) as writers:
        while count < wanted and time.monotonic() - began < longest_s:
            count += writers.count(SLICE_S)
            tell(f"filling by batches: {count:,} of {wanted:,}")
    by_batches, took_s = count - before, time.monotonic() - began
    said = f"{by_batches:,} transfers by batches of two writers in {took_s:,.0f} s"
    if count < wanted:
        began = time.monotonic()
        said += f", {wanted - count:,} by statements that write the same rows"
        for number, _ in enumerate(range(count, wanted, ROWS_AT_ONCE)):
            rows = min(ROWS_AT_ONCE, wanted - count - number * ROWS_AT_ONCE)
            tell(f"filling by statements: {count + number * ROWS_AT_ONCE:,} of {wanted:,}")
            with transaction(sessions) as session:
                fill_by_statement(session, cards=cards, rows=rows, seed=number * ROWS_AT_ONCE)
        said += f" in {time.monotonic() - began:,.0f} s"
    tell("")
    engine.dispose()
    return said


def fill_by_statement(session: Session, *, cards: int, rows: int, seed: int) -> None:
    """Write so many purchases by one statement, as `post_each()` would have: fingerprints, and sums of the purses.

    Args:
        session: of PostgreSQL, alone with the books.
        cards: how many purses there are.
        rows: how many purchases.
        seed: references are numbered from it on.
    """
    session.execute(
        _FILL, {"rows": rows, "seed": seed, "cards": cards, "most": MOST_FEN, "merchant": MERCHANT, "kind": KIND}
    )


def fold_all(sessions: Sessions) -> None:
    """Roll everything up, as the city does behind its day."""
    now = datetime.now(UTC)
    with transaction(sessions) as session:
        draw_cut(session, now=now)
    has_more = True
    while has_more:
        with transaction(sessions) as session:
            folded = fold(session, now=now)
        tell(f"folded to transfer {folded.folded_to:,}")
        has_more = folded.has_more
    tell("")


def seal_all(sessions: Sessions) -> None:
    """Seal everything."""
    now = datetime.now(UTC)
    with transaction(sessions) as session:
        draw_cut(session, now=now)
    has_more = True
    while has_more:
        with transaction(sessions) as session:
            sealed = seal(session, now=now)
        has_more = sealed is not None
        tell(f"sealed to transfer {sealed.last_id:,}" if sealed else "")


def balance_jobs(sessions: Sessions) -> dict[str, Callable[[], float]]:
    """Jobs: balances a second of the busiest merchant, and of one that nobody ever bought from."""
    return {name: partial(_balances, sessions, code) for name, code in (("hot", MERCHANT), ("fresh", FRESH))}


def _balances(sessions: Sessions, code: str) -> float:
    with reading(sessions) as session:
        began = time.perf_counter()
        for _ in range(BALANCES_AT_ONCE):
            balance(session, code)
        return BALANCES_AT_ONCE / (time.perf_counter() - began)
