"""kill -9 of the ledger's server and of PostgreSQL, again and again under load: nothing acknowledged is lost, nothing is doubled."""

import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from citizencard.db import make_engine, make_sessions, transaction
from citizencard.migrations import upgrade
from ledger import open_accounts, open_first_day, post
from tests.drills.ledger_checker import Checker
from tests.drills.ledger_client import MERCHANTS, WALLETS, Client, Line, Unanswered
from tests.drills.ledger_crowds import Findings
from tests.drills.ledger_postmaster import MortalCluster
from tests.drills.ledger_server import DOING, DONE, IDLE
from tests.journeys.databases import migrated
from tests.ledger.make import AT, DAY, bank, merchant, transfer, wallet

ROOT: Final = Path(__file__).parents[2]
READY_WITHIN_S: Final = 60
POLL_S: Final = 0.05
START_FEN: Final = 500
QUICK_S: Final = (0.1, 0.6)

SERVER: Final = "server"
POSTMASTER: Final = "postmaster"
BOTH: Final = "server and postmaster"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is tried.

    Args:
        targets: what is killed in turn.
        kills: so many at least.
        acknowledged: and until so many posts are acknowledged.
        clients: so many ask at once.
        between_s: a kill comes so long after the work has begun: at least, at most.
    """

    targets: tuple[str, ...]
    kills: int
    acknowledged: int
    clients: int
    between_s: tuple[float, float]


FULL: Final = {
    "PostgreSQL": Size((SERVER, POSTMASTER, SERVER, POSTMASTER, BOTH), 100, 20_000, 8, (0.3, 4.0)),
    "SQLite": Size((SERVER,), 50, 5_000, 4, (0.3, 3.0)),
}
REDUCED: Final = {
    "PostgreSQL": Size((SERVER, POSTMASTER), 2, 1, 4, (0.2, 0.4)),
    "SQLite": Size((SERVER,), 1, 1, 3, (0.2, 0.4)),
}


class Server:
    """The server in a process of its own.

    Args:
        url: its database.
        folder: of its socket.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers.

        Raises:
            Unanswered: it does not.
        """
        with (self._folder / "server.out").open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.drills.ledger_server", self._url, str(self._folder)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                Line(self._folder).close()
            except Unanswered:
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_S)
            else:
                return

    def kill(self) -> None:
        """As a power cut would."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


class Drill:
    """Work, kill, start again, check; again and again.

    Args:
        url: a migrated database without books.
        folder: an empty folder.
        cluster: the PostgreSQL that is killed, if one is.
        size: how much.
    """

    def __init__(self, url: str, folder: Path, cluster: MortalCluster | None, size: Size) -> None:
        self.findings = Findings()
        self.landed: Counter[str] = Counter()
        self.slowest_s = 0.0
        self._folder = folder
        self._cluster = cluster
        self._size = size
        self._engine = make_engine(url)
        self._sessions = make_sessions(self._engine)
        self._server = Server(url, folder)
        self._clients = [Client(f"c{number}", folder) for number in range(size.clients)]
        self._chance = random.Random(size.kills)
        self._checker = Checker(self._sessions, self.findings)

    def run(self) -> Findings:
        """Until there were kills and acknowledged posts enough, or something differs."""
        with transaction(self._sessions) as session:
            open_first_day(session, DAY, now=AT)
            wallets = [wallet(code, None) for code in WALLETS]
            open_accounts(session, [bank(), *wallets, *(merchant(code) for code in MERCHANTS)])
        with transaction(self._sessions) as session:
            post(session, [transfer(f"fund:{code}", "bank", code, START_FEN) for code in WALLETS], now=AT)
        self._server.start()
        try:
            number = 0
            while not self._is_enough(number) and not self.findings.differences:
                self._round(self._size.targets[number % len(self._size.targets)], number)
                number += 1
        finally:
            self._server.kill()
            self._engine.dispose()
            for client in self._clients:
                client.log.close()
        return self.findings

    def _is_enough(self, kills: int) -> bool:
        return kills >= self._size.kills and self.findings.counts["acknowledged posts"] >= self._size.acknowledged

    def _round(self, target: str, number: int) -> None:
        over = threading.Event()
        with ThreadPoolExecutor(len(self._clients)) as pool:
            works = [pool.submit(client.work, over) for client in self._clients]
            over.wait(self._chance.uniform(*self._between_s()))
            self._kill(target)
            over.set()
            for work in works:
                work.result()
        began = time.monotonic()
        if target != SERVER and self._cluster:
            self._cluster.start_again()
            self._engine.dispose()
        if target != POSTMASTER:
            self._server.start()
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        when = f"kill {number} ({target})"
        unknown = self._checker.check(self._clients, when)
        self._checker.prove(when)
        with closing(Line(self._folder)) as line:
            self._checker.resend(unknown, line)
        left = self._checker.check(self._clients, f"{when}, asked again") if unknown else {}
        self.findings.expect(f"{when}: still unknown", len(left), 0)

    def _between_s(self) -> tuple[float, float]:
        """When posts enough are acknowledged, the rest of the kills come quicker: each is followed by a look at everything."""
        enough = self.findings.counts["acknowledged posts"] >= self._size.acknowledged
        return QUICK_S if enough else self._size.between_s

    def _kill(self, target: str) -> None:
        if target != POSTMASTER:
            self._server.kill()
        if target != SERVER and self._cluster:
            self._cluster.kill()
        self.findings.counts[f"kills of {target}"] += 1
        for place in self._folder.glob(f"{DOING}*"):
            name = place.read_text().strip()
            self.landed[name] += name not in {"", IDLE}
            if target != POSTMASTER:
                place.unlink()

    def described(self) -> str:
        """The counts, and what the kills have met."""
        landed = ", ".join(f"{times} {name}" for name, times in sorted(self.landed.items()) if times)
        done = Counter((self._folder / DONE).read_text().split())
        finished = ", ".join(f"{times:,} {name}" for name, times in sorted(done.items()))
        return f"{self.findings}; kills landed in: {landed}; finished: {finished}; back within {self.slowest_s:.1f} s"


@contextmanager
def mortal_database() -> Iterator[tuple[MortalCluster, str]]:
    """A PostgreSQL of our own with an empty migrated database."""
    cluster = MortalCluster()
    cluster.start()
    try:
        yield cluster, migrated(cluster)
    finally:
        cluster.stop()


@contextmanager
def sqlite_database() -> Iterator[str]:
    """An SQLite file with an empty migrated database."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'drill.db'}"
        engine = make_engine(url)
        upgrade(engine)
        engine.dispose()
        yield url


def run(url: str, cluster: MortalCluster | None, size: Size) -> tuple[Findings, str]:
    """Run the drill; what was found, and in words."""
    with tempfile.TemporaryDirectory() as folder:
        drill = Drill(url, Path(folder), cluster, size)
        findings = drill.run()
        return findings, drill.described()


def run_full() -> bool:
    """The drill at full size on both databases; prints its counts."""
    clean = True
    with mortal_database() as (cluster, postgresql), sqlite_database() as sqlite:
        for name, url, mortal in (("PostgreSQL", postgresql, cluster), ("SQLite", sqlite, None)):
            began = time.monotonic()
            findings, described = run(url, mortal, FULL[name])
            print(f"{name}: {described}, {time.monotonic() - began:.0f} s", flush=True)
            for difference in findings.differences[:50]:
                print(f"  {difference}", flush=True)
            clean = clean and not findings.differences
    return clean
