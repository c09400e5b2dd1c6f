"""Where each microsecond of a record goes: the steps of an upload in this process, alone on the database."""

import cProfile
import gc
import pstats
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from bench.ledger.servers import Server
from bench.terminals.city import make_city
from bench.terminals.serving import cpu_s
from bench.terminals.sizes import BATCH
from bench.terminals.taps import Taps
from citizencard.db import make_engine, make_sessions
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_batch
from ledger import Posted, Transfer, bulk
from tests.citizencard.keys.make_vault import PASSPHRASE

DATABASE: Final = "profile"
FILES: Final = 8
WARMING: Final = 6
"""So many files until statements are prepared and the tariff is read."""
LISTED: Final = 24
LEAST_MICRO: Final = 0.5
YOUNG_OBJECTS: Final = 50_000
"""As in `api.wsgi`."""
_TABLE: Final = re.compile(r"\b(?:FROM|INTO) ([a-z_]+)")
MICRO: Final = 1_000_000
ROOT: Final = Path(__file__).parents[2]


def profile(server: Server, folder: Path) -> list[str]:
    """Lines that say what a record costs in one process, in which statement and by whose code."""
    address = server.copy(DATABASE)
    now = datetime.now(UTC)
    city = make_city(address, folder, now)
    server.settle(DATABASE)
    vault = SoftwareVault.open(folder / "regression.vault", PASSPHRASE, "test")
    sessions = make_sessions(make_engine(address))
    files = iter(list(Taps(city, now).files(BATCH * (3 * FILES + WARMING), BATCH)))
    gc.freeze()
    usual = gc.get_threshold()
    gc.set_threshold(YOUNG_OBJECTS, *usual[1:])

    def once() -> None:
        device, raw = next(files)
        take_batch(sessions, vault, device.terminal_id, raw, now)

    for _ in range(WARMING):
        once()
    with sessions() as session:
        backend = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    before_s = cpu_s(backend)
    took_s, own_s = _timed(once)
    server_s = cpu_s(backend) - before_s
    spent = _in_statements(once)
    profiler = cProfile.Profile(time.process_time)
    profiler.runcall(_timed, once)
    sessions.kw["bind"].dispose()
    gc.set_threshold(*usual)
    gc.unfreeze()
    places: defaultdict[str, float] = defaultdict(float)
    for (file, _, function), (_, _, spent_s, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined] # typeshed leaves it out
        places[_place(file, function)] += spent_s
    total_s = sum(places.values())
    return [
        f"a record in a batch of {BATCH:,}, one process, alone, without HTTP: {_micro(took_s):,.0f} µs",
        f"  {_micro(own_s):>8.1f} µs of this process's own work on a processor",
        f"  {_micro(server_s):>8.1f} µs of PostgreSQL's (its process for this connection)",
        "  in statements, from being sent to being answered; those in pipelines are the ledger's, with its work meanwhile:",
        *_listed(spent),
        "  Python by whose code it is, as shares of its own work; the profiler that tells makes small functions look dearer than they are:",
        *_listed({place: spent_s / total_s * own_s for place, spent_s in places.items()}),
    ]


def _in_statements(once: Callable[[], None]) -> dict[str, float]:
    """Seconds by what the statements do: those that SQLAlchemy sends, and the pipelines of the ledger."""
    spent: defaultdict[str, float] = defaultdict(float)
    began = [0.0]

    def before(*_: object) -> None:
        began[0] = time.perf_counter()

    def after(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        table = _TABLE.search(statement)
        spent[f"{statement.split(maxsplit=1)[0]} {table[1] if table else ''}"] += time.perf_counter() - began[0]

    def within(session: Session, transfers: Sequence[Transfer], now: datetime) -> list[Posted] | None:
        at = time.perf_counter()
        found = usual(session, transfers, now)
        spent["ledger.post of all transfers: Python and two pipelines"] += time.perf_counter() - at
        return found

    usual = bulk.within
    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    bulk.within = within
    try:
        _timed(once)
    finally:
        bulk.within = usual
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "after_cursor_execute", after)
    return spent


def _listed(spent: Mapping[str, float]) -> list[str]:
    largest = sorted(spent.items(), key=lambda item: -item[1])[:LISTED]
    return [f"    {_micro(spent_s):>6.1f} µs  {what}" for what, spent_s in largest if _micro(spent_s) >= LEAST_MICRO]


def _micro(spent_s: float) -> float:
    return spent_s / (BATCH * FILES) * MICRO


def _timed(once: Callable[[], None]) -> tuple[float, float]:
    began, own_began = time.perf_counter(), time.process_time()
    for _ in range(FILES):
        once()
    return time.perf_counter() - began, time.process_time() - own_began


def _place(file: str, function: str) -> str:
    """A module of ours, a package of others, or a function that is written in C."""
    if file == "~":
        return function
    if file.startswith(str(ROOT)) and "site-packages" not in file:
        return str(Path(file).relative_to(ROOT))
    parts = Path(file).parts
    return parts[parts.index("site-packages") + 1] if "site-packages" in parts else parts[-1]
