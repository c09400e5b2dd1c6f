"""Purchases from on-line accounts over HTTP: pre-signed requests from wrk, the server, and PostgreSQL on the same processors."""

import json
import shutil
import statistics
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from bench.figure import Figure, tell
from bench.ledger.servers import Server
from bench.terminals.online_city import open_market
from bench.terminals.online_requests import Book
from bench.terminals.serving import serving
from citizencard.db import make_engine, make_sessions
from tests.citizencard.keys.make_vault import PASSPHRASE, regression_vault

CONNECTIONS: Final = 16
"""Terminals that buy at the same time. Each connection speaks for four terminals in turn, so that a fast machine does not run into the
limit of what one terminal may ask."""
TERMINALS: Final = 64
CARDS: Final = 1_000
BAR: Final = 0.08
TRIED: Final = 0.12
PEAK_RATE: Final = 1_600
"""Requests are prepared for so many a second: whoever is faster ends earlier, and is no slower for it."""
SCRIPT: Final = Path(__file__).with_name("online.lua")
DATABASE: Final = "online"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of wrk.

    Args:
        rate: purchases a second that were approved.
        p50_ms, p99_ms: time from a request to its answer.
        cpu_ms: of the server's workers, for each purchase.
    """

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float = 0.0


def figures(server: Server, folder: Path, hard: Callable[[], float], *, quick: bool) -> tuple[list[Figure], list[str]]:
    """Purchases a second by one and by two workers, against the hard reference, in turn.

    Args:
        server: PostgreSQL, started; gets a database of its own.
        folder: for files.
        hard: measures S once.
        quick: shorter.

    Raises:
        RuntimeError: wrk is missing, the server does not start, or a purchase got another answer than approved.
    """
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is missing: apt-get install wrk")
    tell("setting up the on-line city")
    address = server.copy(DATABASE)
    engine = make_engine(address)
    book = Book.of(open_market(make_sessions(engine), TERMINALS, CARDS))
    engine.dispose()
    server.settle(DATABASE)
    environ = environment(address, folder)
    rounds, seconds = (1, 5) if quick else (3, 10)
    references: list[float] = []
    runs: dict[int, list[Run]] = {1: [], 2: []}
    for number in range(rounds):
        references.append(hard())
        for workers in (1, 2) if number % 2 else (2, 1):
            tell(f"on-line purchases: {workers} workers, round {number + 1} of {rounds}")
            with serving(environ, folder, workers) as served:
                warm_up(book, folder, served.port)
                before_s = served.cpu_s()
                run = buy(book, folder, served.port, seconds)
                runs[workers].append(replace(run, cpu_ms=(served.cpu_s() - before_s) * 1_000 / (run.rate * seconds)))
    tell("")
    _check_books(server)
    return _told(runs, statistics.median(references))


def _told(runs: dict[int, list[Run]], reference: float) -> tuple[list[Figure], list[str]]:
    rates = {workers: statistics.median(run.rate for run in found) for workers, found in runs.items()}
    best = max(rates, key=lambda workers: rates[workers])
    made = [
        Figure(
            f"on-line purchases over HTTP, 16 terminals, {workers} worker{'s'[: workers - 1]}",
            rates[workers],
            "S",
            reference,
            BAR if workers == best else None,
        )
        for workers in (1, 2)
    ]
    notes = [f"on-line purchases: the bar is {BAR} S, tried for is {TRIED} S"]
    for workers, found in runs.items():
        p50_ms, p99_ms, cpu_ms = (
            statistics.median(getattr(run, name) for run in found) for name in ("p50_ms", "p99_ms", "cpu_ms")
        )
        notes.append(
            f"on-line purchases, {workers} worker{'s'[: workers - 1]}: p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms;"
            f" {cpu_ms:.2f} ms of the workers' time on a processor for each"
        )
    return made, notes


def environment(address: str, folder: Path) -> dict[str, str]:
    """Settings of a server of this city, whose vault has the keys that the cards were made with."""
    passphrase = folder / "passphrase"
    if not passphrase.exists():
        regression_vault(folder)
        passphrase.write_text(PASSPHRASE)
        passphrase.chmod(0o600)
    return {
        "CITIZENCARD_DATABASE_URL": address,
        "CITIZENCARD_VAULT_FILE": str(folder / "regression.vault"),
        "CITIZENCARD_VAULT_PASSPHRASE_FILE": str(passphrase),
        "CITIZENCARD_REALM": "test",
    }


def warm_up(book: Book, folder: Path, port: int) -> None:
    """Every worker opens its connections and prepares its statements; it does not count."""
    buy(book, folder, port, 2)


def buy(book: Book, folder: Path, port: int, seconds: int) -> Run:
    """Let 16 terminals buy for so long.

    Raises:
        RuntimeError: an answer was another one than approved.
    """
    book.write(folder, CONNECTIONS, PEAK_RATE * seconds // CONNECTIONS)
    command = ["wrk", f"-t{CONNECTIONS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout=10s", "--latency"]
    command += ["-s", str(SCRIPT), f"http://127.0.0.1:{port}", "--", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 # wrk of the system
    last = done.stdout.strip().rpartition("\n")[2]
    if done.returncode or not last.startswith("{"):
        raise RuntimeError(f"wrk failed: {done.stdout[-1_000:]} {done.stderr[-1_000:]}")
    found: dict[str, Any] = json.loads(last)
    if found["others"] or found["failed"]:
        raise RuntimeError(f"{found['others']} other answers, {found['failed']} failed; the first: {found['first']}")
    return Run(found["approved"] / found["seconds"], found["p50_us"] / 1_000, found["p99_us"] / 1_000)


def _check_books(server: Server) -> None:
    """Every approved purchase has moved its money once.

    Raises:
        RuntimeError: it has not.
    """
    engine = make_engine(server.url(DATABASE))
    with engine.connect() as connection:
        lost = connection.scalar(
            text(
                "SELECT count(*) FROM online_purchase p FULL JOIN"
                " (SELECT * FROM ledger_transfer WHERE kind = 'online_purchase') t"
                " ON t.reference = 'online:' || lower(p.terminal_number) || ':' || p.batch || ':' || p.trace"
                " WHERE p.verdict IS DISTINCT FROM 'approved' OR t.amount_fen IS DISTINCT FROM p.amount_fen"
            )
        )
    engine.dispose()
    if lost:
        raise RuntimeError(f"{lost} purchases and transfers do not belong together")
