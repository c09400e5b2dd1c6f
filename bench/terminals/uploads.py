"""Off-line batches over HTTP: every record verified and booked with its subsidy, by the real server, against the hard reference."""

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import text

from bench.figure import Figure, interleaved_rates, tell
from bench.ledger.servers import Server
from bench.terminals.city import Device, make_city
from bench.terminals.sending import send
from bench.terminals.serving import Serving, serving
from bench.terminals.sizes import BATCH, CARDS, PEAK_MB, SENDERS, VALIDATORS, WORKERS, Sizes
from bench.terminals.taps import Taps
from citizencard.db import make_engine

BAR: Final = 0.6
TRIED: Final = 0.9
DATABASE: Final = "uploads"
SHOWN_S: Final = 10.0
"""The day's progress is told so often, also where there is no terminal."""


def figures(
    server: Server, folder: Path, hard: Callable[[], float], size: Sizes, show: Callable[[Figure], None]
) -> list[str]:
    """Show records a second by two workers, their memory, and a day in one run; returns what is to be said about it.

    Args:
        server: PostgreSQL, started; gets a database of its own.
        folder: for files.
        hard: measures S once.
        size: of the run.
        show: told each figure as soon as it is known.

    Raises:
        RuntimeError: the server does not start, a genuine record was not accepted, or the books are not what the answers said.
    """
    tell("setting up the city that uploads")
    address = server.copy(DATABASE)
    now = datetime.now(UTC)
    city = make_city(address, folder, now)
    server.settle(DATABASE)
    taps = Taps(city, now)
    with serving(city.environ, folder, WORKERS) as served:
        sent = _Sent()
        uploads = _Uploads(taps, served, size.round_records, sent)
        rates = interleaved_rates({"S": hard, "uploads": uploads}, size.rounds)
        what = f"off-line records over HTTP, {WORKERS} workers, batches of {BATCH:,}"
        show(Figure(what, rates["uploads"], "S", rates["S"], BAR))
        notes = [
            (
                f"uploads: the bar is {BAR} S, tried for is {TRIED} S; {CARDS:,} cards, {VALIDATORS} terminals, {SENDERS} connections,"
                f" two transfers a record; a worker's own time is {uploads.worker_us():,.0f} µs a record"
            )
        ]
        notes += _day(taps, served, size.day, sent)
        peak = f"off-line records over HTTP, {sent.records:,} in all: memory of a worker"
        show(Figure(peak, served.peak_mb(), "absolute bar", PEAK_MB, 1.0, at_most=True, unit="MB"))
    _check_books(server, sent.records)
    return notes


class _Sent:
    """Counts everything that was sent."""

    def __init__(self) -> None:
        self.records = 0


class _Uploads:
    """A round of uploads; its files are made before it is timed."""

    def __init__(self, taps: Taps, served: Serving, records: int, sent: _Sent) -> None:
        self._taps = taps
        self._served = served
        self._records = records
        self._sent = sent
        self._spent_us: list[float] = []

    def __call__(self) -> float:
        files = list(self._taps.files(self._records, BATCH))
        before_s = self._served.cpu_s()
        done = send(self._served.port, files, SENDERS)
        self._spent_us.append((self._served.cpu_s() - before_s) / done.records * 1e6)
        self._sent.records += done.records
        return done.records / done.took_s

    def worker_us(self) -> float:
        """Time of the workers on a processor for one record, without PostgreSQL; median of the rounds."""
        return statistics.median(self._spent_us)


def _day(taps: Taps, served: Serving, records: int, sent: _Sent) -> list[str]:
    """A day of the city in one run: TACs are made beforehand, then everything is sent."""
    began = time.perf_counter()
    tell(f"{records:,} taps are being signed")
    files = list(taps.files(records, BATCH))
    prepared_s = time.perf_counter() - began
    done = send(served.port, _shown(files, records), SENDERS)
    tell("")
    sent.records += done.records
    slowest = sorted(done.answered_s)
    return [
        (
            f"a day of {done.records:,} taps: {done.took_s:,.1f} s, {done.records / done.took_s:,.0f} records a second"
            f" ({prepared_s:,.0f} s before that to sign them); a file was answered in {statistics.median(slowest):.2f} s,"
            f" the slowest in {slowest[-1]:.2f} s"
        )
    ]


def _shown(files: Iterable[tuple[Device, bytes]], records: int) -> Iterator[tuple[Device, bytes]]:
    """The files as they are; says now and then how far it is."""
    began = told = time.perf_counter()
    for number, following in enumerate(files):
        at = time.perf_counter()
        if at - told > SHOWN_S or number == 0:
            told = at
            progress = f"a day: {number * BATCH:,} of {records:,} taps sent, {at - began:,.0f} s"
            if sys.stderr.isatty():
                tell(progress)
            else:
                print(progress, file=sys.stderr, flush=True)
        yield following


def _check_books(server: Server, records: int) -> None:
    """Every record that was accepted moved its money once, and its sponsor's.

    Raises:
        RuntimeError: it did not.
    """
    engine = make_engine(server.url(DATABASE))
    with engine.connect() as connection:
        kept, booked, subsidised = connection.execute(
            text(
                "SELECT count(*), count(t.id), count(s.id) FROM tap_record r"
                " LEFT JOIN ledger_transfer t ON t.reference = 'tap:' || r.identity AND t.amount_fen = r.amount_fen"
                " LEFT JOIN ledger_transfer s ON s.reference = 'subsidy:tap:' || r.identity AND s.amount_fen = r.subsidy_fen"
                " WHERE r.verdict = 'accepted'"
            )
        ).one()
    engine.dispose()
    if not kept == booked == subsidised == records:
        raise RuntimeError(f"{records} records were accepted, {kept} kept, {booked} booked, {subsidised} subsidised")
