"""The whole bench of the terminals: uploads, purchases on line and the hotlist, PostgreSQL and servers on the same processors."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.figure import Figure, tell
from bench.ledger.books import open_city
from bench.ledger.references import ONE_STATEMENT, Target
from bench.ledger.servers import Server, server
from bench.ledger.sizes import CARDS
from bench.terminals import hotlist, online, profiles, uploads
from bench.terminals.sizes import FULL, QUICK, Sizes

REFERENCE = "reference"


def measure(show: Callable[[Figure], None], *, quick: bool, profiled: bool) -> tuple[list[Figure], list[str]]:
    """All figures, and what is to be said about them.

    Args:
        show: told each figure as soon as it is known.
        quick: smaller and shorter.
        profiled: say what the time of a record is spent on, also when every figure reaches its bar.
    """
    size = QUICK if quick else FULL
    found: list[Figure] = []

    def shown(figure: Figure) -> None:
        found.append(figure)
        show(figure)

    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="citizencard-bench-") as name, server() as started:
        folder = Path(name)
        tell("opening the books")
        hard = _hard(started, folder, size)
        notes = uploads.figures(started, _folder(folder, "uploads"), hard, size, shown)
        if profiled or not all(figure.passes for figure in found):
            notes += profiles.profile(started, _folder(folder, "profile"))
        figures, said = online.figures(started, _folder(folder, "online"), hard, quick=quick)
        for figure in figures:
            shown(figure)
        notes += said
        notes += hotlist.figures(started, _folder(folder, "hotlist"), shown, quick=quick)
    after = os.getloadavg()[0]
    machine = f"{os.cpu_count()} processors, shared by clients, servers and PostgreSQL; load {before:.1f} before, {after:.1f} after"
    return found, [machine, *notes]


def _hard(started: Server, folder: Path, size: Sizes) -> Callable[[], float]:
    """S, the hard reference of `bin/bench ledger`: a whole posting as one prepared statement, by pgbench."""
    open_city(started.copy(REFERENCE), CARDS)
    return Target.of(started, REFERENCE, folder, size.round_s).single("S", ONE_STATEMENT)


def _folder(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made
