"""The whole bench of the ledger: PostgreSQL and SQLite, references and peers in the same run."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.figure import Figure, interleaved_rates, tell
from bench.ledger import sizes
from bench.ledger.ages import balance_jobs, fill, fold_all, seal_all
from bench.ledger.books import open_city
from bench.ledger.crews import crew
from bench.ledger.doors import BatchDoor, HotDoor, OrdinaryDoor
from bench.ledger.files import measure_files
from bench.ledger.peers import measure_peers
from bench.ledger.profiles import profile
from bench.ledger.proofs import prove_apart, read_rate
from bench.ledger.references import ONE_STATEMENT, USUAL, Target
from bench.ledger.servers import Server, server
from bench.ledger.sizes import BATCH, CARDS, CLIENTS, PEAK_MB, PROVED_A_SECOND, PROVERS, SMALL_BATCH, Sizes
from citizencard.db import make_engine, make_sessions
from citizencard.migrations.grants import APP


@dataclass(slots=True)
class _Run:
    server: Server
    folder: Path
    size: Sizes
    profiled: bool
    show: Callable[[Figure], None]
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def address(self, database: str) -> str:
        return self.server.url(database, APP)

    def add(self, *figures: Figure) -> None:
        for figure in figures:
            self.figures.append(figure)
            self.show(figure)


def measure(show: Callable[[Figure], None], *, quick: bool, profiled: bool) -> tuple[list[Figure], list[str]]:
    """All figures, and what is to be said about them.

    Args:
        show: told each figure as soon as it is known.
        quick: smaller and shorter.
        profiled: say what the time is spent on, also when every figure reaches its bar.
    """
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="citizencard-bench-") as folder, server() as started:
        run = _Run(started, Path(folder), sizes.QUICK if quick else sizes.FULL, profiled, show)
        tell("opening the books")
        open_city(started.copy("city"), CARDS)
        started.copy("reference", "city")
        open_city(started.copy("young"), run.size.cards)
        for name in ("old", "many"):
            started.copy(name, "young")
        _singles(run)
        _batches(run)
        _two_writers(run)
        figures, notes = measure_files(run.size, profiled=profiled)
        run.add(*figures)
        run.notes += notes
        _age(run)
        _proof(run)
    after = os.getloadavg()[0]
    machine = f"{os.cpu_count()} processors, shared by clients and server; load {before:.1f} before, {after:.1f} after"
    return run.figures, [machine, *run.notes]


def _singles(run: _Run) -> None:
    size, address = run.size, run.address("city")
    target = Target.of(run.server, "reference", run.folder, size.round_s)
    with (
        crew(OrdinaryDoor(address, CARDS), CLIENTS) as ordinary,
        crew(HotDoor(address, CARDS), CLIENTS) as hot,
        crew(OrdinaryDoor(address, CARDS), 1) as alone,
    ):
        rates = interleaved_rates(
            {
                "S": target.single("S", ONE_STATEMENT),
                "R": target.single("R", USUAL),
                "ordinary": partial(ordinary.rate, size.round_s),
                "hot": partial(hot.rate, size.round_s),
                "alone": partial(alone.rate, size.round_s),
            },
            size.rounds,
        )
    figures = [
        Figure("one a transaction, 8 processes: transaction() + post()", rates["ordinary"], "S", rates["S"], 0.15),
        Figure("one a transaction, 8 processes: the hot door", rates["hot"], "S", rates["S"], 0.30),
        Figure("R: cold UPDATE, INSERT, hot UPDATE, 8 clients", rates["R"], "S", rates["S"], None),
        Figure("one a transaction, one process: transaction() + post()", rates["alone"], "S", rates["S"], None),
    ]
    peers, notes = measure_peers(run.server, size, rates["alone"])
    run.add(*figures, *peers)
    run.notes += notes
    if run.profiled or not figures[0].reached:
        run.notes += profile("one a transaction, ordinary", OrdinaryDoor(address, CARDS))
    if run.profiled or not figures[1].reached:
        run.notes += profile("one a transaction, hot door", HotDoor(address, CARDS))


def _batches(run: _Run) -> None:
    size, address = run.size, run.address("city")
    target = Target.of(run.server, "reference", run.folder, size.round_s)
    bars = {BATCH: 0.65, SMALL_BATCH: 0.5}
    with (
        crew(BatchDoor(address, CARDS, BATCH), 1) as large,
        crew(BatchDoor(address, CARDS, SMALL_BATCH), 1) as small,
    ):
        rates = interleaved_rates(
            {
                f"B{BATCH}": target.batch(BATCH),
                f"batches of {BATCH}": partial(large.rate, size.round_s),
                f"B{SMALL_BATCH}": target.batch(SMALL_BATCH),
                f"batches of {SMALL_BATCH}": partial(small.rate, size.round_s),
            },
            size.rounds,
        )
    for rows, bar in bars.items():
        reference = f"B{rows}"
        figure = Figure(
            f"batches of {rows:,}, one writer", rates[f"batches of {rows}"], reference, rates[reference], bar
        )
        run.add(figure)
        if run.profiled or not figure.reached:
            run.notes += profile(f"batch of {rows:,}", BatchDoor(address, CARDS, rows))


def _two_writers(run: _Run) -> None:
    door = BatchDoor(run.address("many"), run.size.cards, BATCH)
    with crew(door, 1) as one, crew(door, 2) as two:
        rates = interleaved_rates(
            {"one writer": partial(one.rate, run.size.round_s), "two writers": partial(two.rate, run.size.round_s)},
            run.size.rounds,
        )
    what = f"batches of 1,000, two writers, {run.size.cards:,} cards"
    run.add(Figure(what, rates["two writers"], "one writer", rates["one writer"], 1.4))


def _age(run: _Run) -> None:
    size, young, old = run.size, run.address("young"), run.address("old")
    run.notes.append("old books: " + fill(old, size.cards, size.old, size.fill_s))
    sessions = make_sessions(make_engine(old))
    fold_all(sessions)
    for name in ("young", "old"):
        run.server.settle(name)
    with (
        crew(BatchDoor(young, size.cards, BATCH), 1) as young_batches,
        crew(BatchDoor(old, size.cards, BATCH), 1) as old_batches,
        crew(HotDoor(young, size.cards), CLIENTS) as young_singles,
        crew(HotDoor(old, size.cards), CLIENTS) as old_singles,
    ):
        rates = interleaved_rates(
            {
                "young batches": partial(young_batches.rate, size.age_round_s),
                "old batches": partial(old_batches.rate, size.age_round_s),
                "young singles": partial(young_singles.rate, size.age_round_s),
                "old singles": partial(old_singles.rate, size.age_round_s),
            },
            size.rounds,
        )
    at, against = f"at {size.old:,} transfers", f"at {size.cards:,} transfers"
    run.add(
        Figure(f"batches of 1,000 {at}", rates["old batches"], against, rates["young batches"], 0.8),
        Figure(f"one a transaction, hot door, {at}", rates["old singles"], against, rates["young singles"], 0.8),
    )
    fold_all(sessions)
    balances = interleaved_rates(balance_jobs(sessions), size.rounds)
    what = f"balance() of a merchant with {(size.old - size.cards):,} transfers"
    run.add(Figure(what, balances["hot"], "balance() of a fresh one", balances["fresh"], 1 / 3))
    sessions.kw["bind"].dispose()


def _proof(run: _Run) -> None:
    address = run.address("old")
    tell("reading every row")
    reads = [read_rate(address)]
    alone = prove_apart(address, 1)
    together = prove_apart(address, PROVERS)
    tell("reading every row again")
    reads.append(read_rate(address))
    tell("")
    sessions = make_sessions(make_engine(run.address("young")))
    seal_all(sessions)
    sessions.kw["bind"].dispose()
    sealed = prove_apart(run.address("young"), PROVERS)
    what, reading = f"prove() over {together.transfers:,} transfers", sum(reads) / len(reads)
    by, cursor = f"{what}, {PROVERS} processes", "reading the rows by one cursor"
    run.add(
        Figure(by, together.rate, cursor, reading, sizes.PROVED_OF_READ),
        Figure(f"{what}, one process", alone.rate, cursor, reading, None),
        Figure(
            f"prove() over {sealed.transfers:,} sealed ones, {PROVERS} processes", sealed.rate, cursor, reading, None
        ),
        Figure(by, together.rate, "absolute bar", PROVED_A_SECOND, 1.0, judged=False),
    )
    for how, proved in (("one process", alone), (f"{PROVERS} processes", together)):
        peak = f"{what}, {how}: memory"
        run.add(Figure(peak, proved.peak_mb, "absolute bar", PEAK_MB, 1.0, judged=False, at_most=True, unit="MB"))
