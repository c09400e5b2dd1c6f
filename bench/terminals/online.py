"""Purchases from on-line accounts over HTTP: pre-signed requests from wrk, the server, and PostgreSQL on the same processors."""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from bench.figure import Figure, tell
from bench.ledger.servers import Server
from bench.terminals.online_city import open_market
from bench.terminals.online_requests import Book
from citizencard.db import make_engine, make_sessions
from tests.citizencard.keys.make_vault import PASSPHRASE, regression_vault
from tests.postgres import free_port

CONNECTIONS: Final = 16
"""Terminals that buy at the same time. Each connection speaks for four terminals in turn, so that a fast machine does not run into the
limit of what one terminal may ask."""
TERMINALS: Final = 64
CARDS: Final = 1_000
BAR: Final = 0.08
TRIED: Final = 0.12
PEAK_RATE: Final = 1_600
"""Requests are prepared for so many a second: whoever is faster ends earlier, and is no slower for it."""
READY_S: Final = 30
STOP_S: Final = 20
ROOT: Final = Path(__file__).parent.parent.parent
SCRIPT: Final = Path(__file__).with_name("online.lua")
DATABASE: Final = "online"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of wrk.

    Args:
        rate: purchases a second that were approved.
        p50_ms, p99_ms: time from a request to its answer.
    """

    rate: float
    p50_ms: float
    p99_ms: float


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
    rounds, seconds = (1, 5) if quick else (3, 10)
    references: list[float] = []
    runs: dict[int, list[Run]] = {1: [], 2: []}
    for number in range(rounds):
        references.append(hard())
        for workers in (1, 2) if number % 2 else (2, 1):
            tell(f"on-line purchases: {workers} workers, round {number + 1} of {rounds}")
            with serving(address, folder, workers) as port:
                warm_up(book, folder, port)
                runs[workers].append(buy(book, folder, port, seconds))
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
        p50_ms, p99_ms = (statistics.median(getattr(run, name) for run in found) for name in ("p50_ms", "p99_ms"))
        notes.append(f"on-line purchases, {workers} workers: p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms")
    return made, notes


@contextmanager
def serving(address: str, folder: Path, workers: int) -> Iterator[int]:
    """The real server on a free port, as a city runs it."""
    passphrase = folder / "passphrase"
    if not passphrase.exists():
        regression_vault(folder)
        passphrase.write_text(PASSPHRASE)
        passphrase.chmod(0o600)
    environ = {
        **os.environ,
        "CITIZENCARD_DATABASE_URL": address,
        "CITIZENCARD_VAULT_FILE": str(folder / "regression.vault"),
        "CITIZENCARD_VAULT_PASSPHRASE_FILE": str(passphrase),
        "CITIZENCARD_REALM": "test",
    }
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface=rsgi", "--host=127.0.0.1", f"--port={port}"]
    command += [f"--workers={workers}", "--no-ws", "api.wsgi:served"]
    log = folder / f"server-{workers}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=output, start_new_session=True)  # noqa: S603 # our own server
        try:
            _wait(port, process, log)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


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


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {log.read_text()[-2_000:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):  # our own server
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server was not ready within {READY_S} s: {log.read_text()[-2_000:]}")


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
