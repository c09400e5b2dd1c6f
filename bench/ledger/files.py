"""The ledger on SQLite: one writer, one file, every commit on the disk before it is acknowledged."""

import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from bench.figure import Figure, interleaved_rates
from bench.ledger.books import MERCHANT, Purchases, open_city
from bench.ledger.doors import BatchDoor, OrdinaryDoor
from bench.ledger.profiles import profile
from bench.ledger.references import FINGERPRINT
from bench.ledger.servers import make_sqlite
from bench.ledger.sizes import BATCH, CARDS, Sizes
from ledger.instants import canonical

BAR = 20_000
_INSERT = (
    "INSERT INTO ledger_transfer (reference, debit_id, credit_id, amount_fen, currency, kind, occurred_at, recorded_at, business_date,"
    " fingerprint, metadata) VALUES (?, ?, ?, ?, 'CNY', ?, ?, ?, ?, ?, '{}') ON CONFLICT (reference) DO NOTHING"
)
_TAKE = (
    "UPDATE ledger_account SET posted_debits_fen = posted_debits_fen + ? WHERE id = ?"
    " AND posted_credits_fen - posted_debits_fen - held_out_fen - ? >= floor_fen"
)


def measure_files(size: Sizes, *, profiled: bool) -> tuple[list[Figure], list[str]]:
    """The figures of SQLite, and where a batch's time goes when the bar is missed or when asked."""
    with tempfile.TemporaryDirectory(prefix="citizencard-bench-") as folder:
        ours, theirs = (make_sqlite(Path(folder), name) for name in ("ours", "theirs"))
        for address in (ours, theirs):
            open_city(address, CARDS)
        with (
            BatchDoor(ours, CARDS, BATCH).begin(0) as batch,
            OrdinaryDoor(ours, CARDS).begin(0) as single,
            closing(sqlite3.connect(Path(folder) / "theirs.db", isolation_level=None)) as connection,
        ):
            works = {
                "batch": batch,
                "plain batch": _plain(connection, BATCH),
                "single": single,
                "plain single": _plain(connection, 1),
            }
            jobs = {name: partial(_for_seconds, size.round_s, once) for name, once in works.items()}
            rates = interleaved_rates(jobs, size.rounds)
        reached = rates["batch"] >= BAR
        notes = [] if reached and not profiled else profile("SQLite, batch of 1,000", BatchDoor(ours, CARDS, BATCH))
    absolute = Figure("SQLite: batches of 1,000", rates["batch"], "absolute bar", BAR, 1.0, judged=False)
    return [
        absolute,
        Figure(
            "SQLite: batches of 1,000", rates["batch"], "same rows, sqlite3 executemany", rates["plain batch"], None
        ),
        Figure("SQLite: one a transaction", rates["single"], "same rows, sqlite3", rates["plain single"], None),
    ], notes


def _for_seconds(seconds: float, once: Callable[[], int]) -> float:
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        done += once()
    return done / (time.perf_counter() - began)


def _plain(connection: sqlite3.Connection, size: int) -> Callable[[], int]:
    connection.execute("PRAGMA synchronous=FULL")
    ids: dict[str, int] = dict(connection.execute("SELECT code, id FROM ledger_account"))
    purchases = iter(Purchases(CARDS, f"plain:{size}"))
    today = datetime.now(UTC).date().isoformat()

    def once() -> int:
        batch = list(islice(purchases, size))
        rows, takes = [], []
        for bought in batch:
            at, card = canonical(bought.occurred_at), ids[bought.debit]
            rows.append(
                (bought.reference, card, ids[MERCHANT], bought.amount_fen, bought.kind, at, at, today, FINGERPRINT)
            )
            takes.append((bought.amount_fen, card, bought.amount_fen))
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_INSERT, rows)
        connection.executemany(_TAKE, takes)
        connection.execute("COMMIT")
        return size

    return once
