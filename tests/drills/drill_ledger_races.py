"""Many at once on the ledger: no wallet pays twice, no batch waits crosswise, nothing slips behind a cut, no balance is torn."""

import time
from dataclasses import dataclass
from typing import Final

from citizencard.db import transaction
from tests.drills.ledger_crosswise import race_crosswise
from tests.drills.ledger_crowds import (
    Findings,
    crowded,
    prove_clean,
    race_freezes,
    race_holds,
    race_reversals,
    race_wallets,
)
from tests.drills.ledger_rolling import roll
from tests.journeys.databases import both_databases
from tests.ledger.make import books


@dataclass(frozen=True, slots=True)
class Size:
    """How much is tried.

    Args:
        wallets: so many wallets with thirty-two tills each.
        reversals: so many transfers are reversed by sixteen at once.
        holds: so many holds are settled, released and expired at once.
        freezes: so many wallets are frozen while they pay.
        batches: so many opposite batches from six processes.
        rolling_s: so long days are closed, folded and sealed under eight writers.
        start_within_s: so long the processes may take to start.
    """

    wallets: int
    reversals: int
    holds: int
    freezes: int
    batches: int
    rolling_s: float
    start_within_s: float


FULL: Final = {
    "PostgreSQL": Size(1_000, 300, 300, 200, 1_800, 90, 15),
    "SQLite": Size(1_000, 100, 100, 50, 180, 45, 15),
}
REDUCED: Final = {"postgresql": Size(6, 4, 4, 3, 18, 1.0, 0), "sqlite": Size(3, 2, 2, 2, 0, 0.7, 0)}


def run(url: str, size: Size) -> Findings:
    """Race on new books.

    Args:
        url: a migrated database without books.
        size: how much.
    """
    findings = Findings()
    with crowded(url) as city:
        with transaction(city[0]) as session:
            books(session)
        race_wallets(city, size.wallets, findings)
        prove_clean(city, findings, "after the wallets")
        race_reversals(city, size.reversals, findings)
        race_holds(city, size.holds, findings)
        race_freezes(city, size.freezes, findings)
        if size.batches:
            race_crosswise(city, size.batches, findings, size.start_within_s)
        prove_clean(city, findings, "after the batches")
        roll(url, city, size.rolling_s, findings)
        prove_clean(city, findings, "after the rolling")
    return findings


def run_full() -> bool:
    """The drill at full size on both databases; prints its counts."""
    clean = True
    with both_databases() as urls:
        for name in ("PostgreSQL", "SQLite"):
            began = time.monotonic()
            findings = run(urls[name], FULL[name])
            print(f"{name}: {findings}, {time.monotonic() - began:.0f} s", flush=True)
            for difference in findings.differences:
                print(f"  {difference}")
            clean = clean and not findings.differences
    return clean
