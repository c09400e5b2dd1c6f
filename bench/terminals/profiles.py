"""Where each microsecond of a record goes: the steps of an upload in this process, alone on the database."""

import cProfile
import pstats
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.ledger.servers import Server
from bench.terminals.city import make_city
from bench.terminals.sizes import BATCH
from bench.terminals.taps import Taps
from citizencard.db import make_engine, make_sessions
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_batch
from tests.citizencard.keys.make_vault import PASSPHRASE

DATABASE: Final = "profile"
FILES: Final = 8
LISTED: Final = 30
MICRO: Final = 1_000_000
ROOT: Final = Path(__file__).parents[2]


def profile(server: Server, folder: Path) -> list[str]:
    """Lines that say what a record costs in one process, by whose code it is."""
    address = server.copy(DATABASE)
    now = datetime.now(UTC)
    city = make_city(address, folder, now)
    server.settle(DATABASE)
    vault = SoftwareVault.open(folder / "regression.vault", PASSPHRASE, "test")
    sessions = make_sessions(make_engine(address))
    files = iter(list(Taps(city, now).files(BATCH * (2 * FILES + 1), BATCH)))

    def once() -> None:
        device, raw = next(files)
        take_batch(sessions, vault, device.terminal_id, raw, now)

    once()
    took_s, own_s = _timed(once)
    records = BATCH * FILES
    lines = [
        (
            f"a record in a batch of {BATCH:,}, one process, alone: {took_s / records * MICRO:,.0f} µs,"
            f" of which {own_s / records * MICRO:,.0f} µs are this process's own work on a processor, the rest is waiting for PostgreSQL"
        ),
        "  by whose code it is, under a profiler that makes Python slower and statements not (µs a record):",
    ]
    profiler = cProfile.Profile()
    profiler.runcall(_timed, once)
    sessions.kw["bind"].dispose()
    places: defaultdict[str, float] = defaultdict(float)
    for (file, _, function), (_, _, spent_s, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined] # typeshed leaves it out
        places[_place(file, function)] += spent_s
    listed = sorted(places.items(), key=lambda item: -item[1])[:LISTED]
    return lines + [f"    {place:<70}{spent_s / records * MICRO:>8.1f} µs" for place, spent_s in listed]


def _timed(once: Callable[[], None]) -> tuple[float, float]:
    began, own_began = time.perf_counter(), time.process_time()
    for _ in range(FILES):
        once()
    return time.perf_counter() - began, time.process_time() - own_began


def _place(file: str, function: str) -> str:
    if file.startswith(str(ROOT)) and "site-packages" not in file:
        return f"{Path(file).relative_to(ROOT)} {function}"
    return f"{Path(file).name} {function}" if file != "~" else function
