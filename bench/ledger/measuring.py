"""The whole bench of the ledger: PostgreSQL and SQLite, references and peers in the same run."""

import tempfile
from functools import partial
from pathlib import Path

from bench.figure import Figure, interleaved_rates
from bench.ledger import sizes
from bench.ledger.books import open_city
from bench.ledger.crews import crew
from bench.ledger.doors import BatchDoor, HotDoor, OrdinaryDoor
from bench.ledger.references import ONE_STATEMENT, USUAL, Target
from bench.ledger.servers import Server, server
from bench.ledger.sizes import BATCH, CARDS, CLIENTS, SMALL_BATCH, Sizes
from citizencard.migrations.grants import APP


def measure(*, quick: bool, profiled: bool) -> tuple[list[Figure], list[str]]:
    """All figures, and what is to be said about them."""
    size = sizes.QUICK if quick else sizes.FULL
    with tempfile.TemporaryDirectory(prefix="citizencard-bench-") as folder, server() as started:
        place = Path(folder)
        open_city(started.copy("city"), CARDS)
        started.copy("reference", "city")
        figures = [*_singles(started, place, size), *_batches(started, place, size)]
    return figures, ["" for _ in range(profiled)]


def _singles(started: Server, folder: Path, size: Sizes) -> list[Figure]:
    target = Target.of(started, "reference", folder, size.round_s)
    address = started.url("city", APP)
    with crew(OrdinaryDoor(address, CARDS), CLIENTS) as ordinary, crew(HotDoor(address, CARDS), CLIENTS) as hot:
        rates = interleaved_rates(
            {
                "S": target.single("S", ONE_STATEMENT),
                "R": target.single("R", USUAL),
                "ordinary": partial(ordinary.rate, size.round_s),
                "hot": partial(hot.rate, size.round_s),
            },
            size.rounds,
        )
    return [
        Figure("one a transaction, 8 processes: transaction() + post()", rates["ordinary"], "S", rates["S"], 0.15),
        Figure("one a transaction, 8 processes: hot door", rates["hot"], "S", rates["S"], 0.30),
        Figure("R: cold UPDATE, INSERT, hot UPDATE", rates["R"], "S", rates["S"], None),
    ]


def _batches(started: Server, folder: Path, size: Sizes) -> list[Figure]:
    target = Target.of(started, "reference", folder, size.round_s)
    with (
        crew(BatchDoor(started.url("city", APP), CARDS, BATCH), 1) as large,
        crew(BatchDoor(started.url("city", APP), CARDS, SMALL_BATCH), 1) as small,
    ):
        rates = interleaved_rates(
            {
                "B1000": target.batch(BATCH),
                "batches of 1,000": partial(large.rate, size.round_s),
                "B100": target.batch(SMALL_BATCH),
                "batches of 100": partial(small.rate, size.round_s),
            },
            size.rounds,
        )
    return [
        Figure("batches of 1,000, one writer", rates["batches of 1,000"], "B1000", rates["B1000"], 0.65),
        Figure("batches of 100, one writer", rates["batches of 100"], "B100", rates["B100"], 0.5),
    ]
