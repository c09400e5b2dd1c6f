"""The server is killed (`kill -9`) again and again while the demo's day goes on: the same final balances as on a quiet day."""

import io
import random
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from demo.city import City, running
from demo.day import Day, Outcomes
from demo.folder import Folder
from demo.founding import Founding
from demo.processes import Server
from demo.telling import Story
from tests.postgres import Cluster, free_port


@dataclass(frozen=True, slots=True)
class Size:
    """How much fire.

    Args:
        days: how many days under fire.
        seed: of the moments of the kills.
        pause_s: at most so long the server lives.
        most: so many kills a day and no more.
    """

    days: int
    seed: int
    pause_s: float
    most: int


FULL = Size(days=12, seed=1, pause_s=0.7, most=1_000)
REDUCED = Size(days=1, seed=7, pause_s=1.5, most=6)
"""Kills as far apart as lets half a dozen fall all over the day."""


class Killer(threading.Thread):
    """Kills the server at random moments and starts it again, until it is told to stop.

    Args:
        server: the server to be killed.
        seed: of the moments.
        pause_s: at most so long the server lives.
        most: so many kills and no more, so that a slow machine comes to the end of the day too.
    """

    def __init__(self, server: Server, seed: int, pause_s: float, most: int) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._pause_s = pause_s
        self._most = most
        self._chance = random.Random(seed)
        self._over = threading.Event()
        self.kills = 0

    def run(self) -> None:
        """Kill, start, wait, again."""
        while self.kills < self._most and not self._over.wait(self._chance.uniform(0, self._pause_s)):
            self._server.kill()
            self.kills += 1
            self._server.start()

    def stop(self) -> None:
        """Leave the server running."""
        self._over.set()
        self.join()


@dataclass(frozen=True, slots=True)
class Result:
    """What a run of the drill found."""

    days: int
    kills: int
    differences: list[str]


def run(database_url: str | None, folder: Path, size: Size) -> Result:
    """Play a quiet day, then days under fire, and compare what each moved.

    Args:
        database_url: a PostgreSQL database; None for SQLite.
        folder: an empty folder for the demo city.
        size: how many days under how much fire.
    """
    port = free_port()
    home = Folder.for_database(database_url, folder)
    differences: list[str] = []
    kills = 0
    with running(home, port) as city:
        Founding(city, Story(io.StringIO())).found()
        quiet = _play(city)
        differences += _faults("quiet day", quiet)
        for number in range(1, size.days + 1):
            killer = Killer(city.server, size.seed + number, size.pause_s, size.most)
            killer.start()
            try:
                outcomes = _play(city)
            finally:
                killer.stop()
            kills += killer.kills
            name = f"day {number} (seed {size.seed + number}, {killer.kills} kills)"
            differences += _faults(name, outcomes)
            if outcomes.moved_fen != quiet.moved_fen:
                differences.append(f"{name}: moved {outcomes.moved_fen}, not {quiet.moved_fen}")
    return Result(size.days, kills, differences)


def _play(city: City) -> Outcomes:
    return Day(city, Story(io.StringIO())).play()


def _faults(name: str, outcomes: Outcomes) -> list[str]:
    faults = []
    if not outcomes.proved:
        faults.append(f"{name}: the books are not proved")
    if not outcomes.agreed:
        faults.append(f"{name}: a chip differs from its shadow")
    return faults


def run_full() -> bool:
    """The drill at full size on both databases; prints its counts."""
    clean = True
    cluster = Cluster()
    cluster.start()
    try:
        cluster.create_database("drill")
        for kind, url in (("SQLite", None), ("PostgreSQL", cluster.url("drill"))):
            with tempfile.TemporaryDirectory() as folder:
                began = time.monotonic()
                result = run(url, Path(folder), FULL)
                print(
                    f"{kind}: {result.days} days, {result.kills} kills, {len(result.differences)} differences,"
                    f" {time.monotonic() - began:.0f} s"
                )
                for difference in result.differences:
                    print(f"  {difference}")
                clean = clean and not result.differences
    finally:
        cluster.stop()
    return clean
