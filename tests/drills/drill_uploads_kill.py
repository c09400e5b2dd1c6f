"""kill -9 of server, workers, PostgreSQL and its backends during uploads: no acknowledged tap is lost, none is paid twice."""

import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select, text

from citizencard import chart
from citizencard.clock import beijing_date
from citizencard.db import Sessions, make_engine, make_sessions, reading, transaction
from citizencard.merchants.registry import NewLine, register_line
from citizencard.purse.uploads.models import TapRecord
from ledger import balances, existing, prove
from ledger.models import PostedTransfer
from tests.citizencard.purse.uploads.make_records import ADULT, TARIFF, City, make_card, make_city, make_device
from tests.drills.drill_ledger_kill import mortal_database, sqlite_database
from tests.drills.ledger_postmaster import MortalCluster
from tests.drills.uploads_client import UploadingClient
from tests.drills.uploads_server import MortalServer, settings

PRICE_FEN: Final = 180
FIRST_LINE: Final = 11
CARDS_EACH: Final = 5
SERVER: Final = "server"
WORKER: Final = "worker"
POSTMASTER: Final = "postmaster"
BACKEND: Final = "backend"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is tried.

    Args:
        targets: what is killed in turn.
        kills: so many.
        clients: so many devices upload at once.
        records: in a batch.
        between_s: a kill comes so long after the server is ready: at least, at most.
        workers: so many processes answer.
    """

    targets: tuple[str, ...]
    kills: int
    clients: int
    records: int
    between_s: tuple[float, float]
    workers: int = 2


FULL: Final = {
    "PostgreSQL": Size((SERVER, POSTMASTER, WORKER, BACKEND), 60, 4, 120, (0.1, 1.5)),
    "SQLite": Size((SERVER, WORKER), 50, 3, 120, (0.1, 1.5)),
}
REDUCED: Final = {
    "PostgreSQL": Size((BACKEND, POSTMASTER), 2, 2, 40, (0.2, 0.4), workers=1),
    "SQLite": Size((SERVER,), 1, 2, 40, (0.2, 0.4), workers=1),
}


@dataclass
class Found:
    """What a run found: counts by name, and each difference in words."""

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} {name}" for name, count in sorted(self.counts.items()))
        return f"{counts}; {len(self.differences)} differences"

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Keep it when it is another."""
        if found != wanted:
            self.differences.append(f"{what}: {found}, not {wanted}")


class Drill:
    """Upload, kill, start again; in the end look at everything.

    Args:
        url: a migrated database without a city.
        folder: an empty folder.
        cluster: the PostgreSQL that is killed, if one is.
        size: how much.
    """

    def __init__(self, url: str, folder: Path, cluster: MortalCluster | None, size: Size) -> None:
        self.found = Found()
        self._size = size
        self._cluster = cluster
        self._chance = random.Random(size.kills)
        self._engine = make_engine(url)
        self._sessions = make_sessions(self._engine)
        self._city = make_city(self._sessions, datetime.now(UTC), tariff=_tariff())
        self._server = MortalServer(settings(url, folder), folder / "server.log", workers=size.workers)
        self._clients = _clients(self._sessions, self._city, self._server.address, size)
        self._engine.dispose()

    def run(self) -> Found:
        """All kills, and the look at everything."""
        self._server.start()
        over = threading.Event()
        threads = [threading.Thread(target=client.work, args=(over,)) for client in self._clients]
        for thread in threads:
            thread.start()
        try:
            for number in range(self._size.kills):
                time.sleep(self._chance.uniform(*self._size.between_s))
                self._kill(self._size.targets[number % len(self._size.targets)])
        finally:
            over.set()
            for thread in threads:
                thread.join()
        try:
            for client in self._clients:
                client.settle()
            self._look()
        finally:
            self._server.kill()
            self._engine.dispose()
        return self.found

    def _kill(self, target: str) -> None:
        """Kill it while uploads are under way, and start again what is dead."""
        if target == SERVER:
            self._server.kill()
        elif target == WORKER:
            self._server.kill_worker()
        elif target == BACKEND:
            self._kill_backend()
        elif self._cluster is not None:
            self._cluster.kill()
            self._cluster.start_again()
        self.found.counts[f"kills of a {target}"] += 1
        self._server.wait_until_ready()

    def _kill_backend(self) -> None:
        """The process that serves one connection of the server, a busy one if there is one; PostgreSQL restarts all others then."""
        busy = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        with self._engine.connect() as connection:
            pids = connection.scalars(text(f"{busy} ORDER BY state = 'active' DESC, random()")).all()
        self._engine.dispose()
        if pids:
            os.kill(int(pids[0]), signal.SIGKILL)

    def _look(self) -> None:
        """Each acknowledged tap is there once and paid once, nothing else is, and the books prove."""
        acknowledged: dict[str, int] = {}
        for client in self._clients:
            self.found.counts.update(client.counts)
            self.found.differences += client.differences
            acknowledged |= {name: record.amount_fen for name, record in client.acknowledged.items()}
        self.found.counts["acknowledged taps"] = len(acknowledged)
        with reading(self._sessions) as session:
            kept = Counter(session.scalars(select(TapRecord.identity)).all())
            taps = PostedTransfer.reference.startswith("tap:", autoescape=True)
            booked = session.execute(
                select(PostedTransfer.reference, PostedTransfer.amount_fen).where(
                    taps, PostedTransfer.kind == "purchase"
                )
            ).all()
            proof = prove(session)
            codes = [chart.clearing(self._city.merchant_id)]
            codes += [chart.purse(card.card_id) for client in self._clients for card in client.cards]
            held = balances(session, sorted(existing(session, codes)))
        paid = Counter(reference.removeprefix("tap:") for reference, _ in booked)
        self.found.counts["taps lost"] = len(acknowledged.keys() - paid.keys())
        self.found.counts["taps paid twice"] = sum(times - 1 for times in paid.values())
        self.found.expect(
            "records kept more than once or without a word", kept, Counter(dict.fromkeys(acknowledged, 1))
        )
        self.found.expect("payments", paid, Counter(dict.fromkeys(acknowledged, 1)))
        self.found.expect("merchant", held[codes[0]].balance_fen, sum(acknowledged.values()))
        self.found.expect(
            "purses", sum(held[code].balance_fen for code in codes[1:] if code in held), -sum(acknowledged.values())
        )
        self.found.expect("differences of the books", [str(one) for one in proof.differences], [])


def _tariff() -> dict[str, Any]:
    """In force since yesterday, whenever this runs."""
    yesterday = beijing_date(datetime.now(UTC)) - timedelta(days=1)
    lines = {
        str(number): {"mode": "bus", "fare": {"flat": "2.00"}} for number in (1, 2, *range(FIRST_LINE, FIRST_LINE + 9))
    }
    effective_from = f"{yesterday:%Y-%m-%d}T00:00:00+08:00"
    return {**TARIFF, "effective_from": effective_from, "transit": {**TARIFF["transit"], "lines": lines}}


def _clients(sessions: Sessions, city: City, address: str, size: Size) -> list[UploadingClient]:
    """A device on a line of its own for each, with passengers of its own."""
    clients, then = [], datetime.now(UTC) - timedelta(hours=24)
    with transaction(sessions) as session:
        for number in range(size.clients):
            line = FIRST_LINE + number
            register_line(session, NewLine(line, city.merchant_id, f"Line {line}", 200), now=then)
            device = make_device(session, line, city.merchant_id, then)
            cards = [make_card(session, 100 * line + card, ADULT, then) for card in range(CARDS_EACH)]
            clients.append(UploadingClient(device, cards, address, size.records, PRICE_FEN))
    return clients


def run(url: str, cluster: MortalCluster | None, size: Size) -> Found:
    """Run the drill on an empty migrated database."""
    with tempfile.TemporaryDirectory() as folder:
        return Drill(url, Path(folder), cluster, size).run()


def run_full() -> bool:
    """The drill at full size on both databases; prints its counts."""
    clean = True
    with mortal_database() as (cluster, postgresql), sqlite_database() as sqlite:
        for name, url, mortal in (("PostgreSQL", postgresql, cluster), ("SQLite", sqlite, None)):
            began = time.monotonic()
            found = run(url, mortal, FULL[name])
            print(f"{name}: {found}, {time.monotonic() - began:.0f} s", flush=True)
            for difference in found.differences[:50]:
                print(f"  {difference[:500]}", flush=True)
            clean = clean and not found.differences
    return clean
