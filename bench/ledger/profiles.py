"""What the time of a posting is spent on: statements by what they do, and Python by whose code it is."""

import cProfile
import pstats
import re
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, event

from bench.ledger.crews import Work

ROUNDS = 20
LISTED = 12
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|AS stop_id.* FROM) (ledger_(?!stop)\w+)")
_PLACES = ("psycopg", "sqlalchemy", "json", "hashlib", "datetime")


def profile(name: str, door: Work) -> list[str]:
    """Lines that say where the time of one call of a door goes, in this process, alone on the database."""
    with door.begin(0) as once:
        return _profiled(name, once)


def _profiled(name: str, once: Callable[[], int]) -> list[str]:
    statements = _Statements()
    event.listen(Engine, "before_cursor_execute", statements.before)
    event.listen(Engine, "after_cursor_execute", statements.after)
    try:
        once()
        statements.spent.clear()
        began_cpu_s = time.process_time()
        done, took_s = _timed(once)
        cpu_s = time.process_time() - began_cpu_s
    finally:
        event.remove(Engine, "before_cursor_execute", statements.before)
        event.remove(Engine, "after_cursor_execute", statements.after)
    in_driver_s = sum(statements.spent.values())
    lines = [
        f"{name}: {took_s / ROUNDS * 1_000:,.2f} ms a call of {done // ROUNDS:,}, {done / took_s:,.0f} transfers a second, alone",
        _line("this process's own work on a processor, whatever it does", cpu_s, took_s),
        _line("in statements that SQLAlchemy sends: sending, the server's work, fetching", in_driver_s, took_s),
        *(_line(f"  {what}", spent_s, took_s) for what, spent_s in _largest(statements.spent)),
        _line("in Python, in pipelines (psycopg, with the server's work), BEGIN, COMMIT", took_s - in_driver_s, took_s),
    ]
    profiler = cProfile.Profile()
    profiler.runcall(_timed, once)
    places: defaultdict[str, float] = defaultdict(float)
    for (file, _, function), (_, _, own_s, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined] # typeshed leaves it out
        places[_place(file, function)] += own_s
    lines.append("  by whose code it is, under a profiler that makes Python slower and statements not:")
    total_s = sum(places.values())
    lines += [_line(f"    {place}", own_s, total_s) for place, own_s in _largest(places)]
    return lines


def _timed(once: Callable[[], int]) -> tuple[int, float]:
    began, done = time.perf_counter(), 0
    for _ in range(ROUNDS):
        done += once()
    return done, time.perf_counter() - began


def _largest(spent: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(spent.items(), key=lambda item: -item[1])[:LISTED]


def _line(what: str, spent_s: float, of_s: float) -> str:
    return f"  {what:<70}{spent_s / ROUNDS * 1_000:>9.3f} ms{spent_s / of_s:>6.0%}"


def _place(file: str, function: str) -> str:
    if file == "~":
        return function
    parts = Path(file).parts
    for package in _PLACES:
        if package in parts or f"{package}.py" in parts:
            return package
    root = Path(__file__).parents[2]
    return (
        str(Path(file).relative_to(root)) if file.startswith(str(root)) and "site-packages" not in file else parts[-1]
    )


class _Statements:
    """Adds the time between a statement's sending and its answer to what the statement does."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._began = 0.0

    def before(self, *_: object) -> None:
        """A statement is about to be sent."""
        self._began = time.perf_counter()

    def after(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        """Its answer is here."""
        table = _TABLE.search(statement)
        verb = statement.split(maxsplit=1)[0] + (" FOR NO KEY UPDATE" if "FOR NO KEY UPDATE" in statement else "")
        self.spent[f"{verb} {table[1]}" if table else statement[:50]] += time.perf_counter() - self._began
