"""The hotlist at 300,000 cards: what a terminal one day behind costs the server's processor, and how long the full list is."""

import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from flask import Flask
from sqlalchemy import insert, text, update

from api.application import create_app
from bench.figure import Figure, interleaved_rates, tell
from bench.ledger.servers import Server
from bench.terminals.city import City, Device, make_city
from citizencard.cards import hotlist_downloads, hotlist_publications
from citizencard.cards.hotlist_memory import Memory
from citizencard.cards.hotlist_publications import latest, publish
from citizencard.cards.models import HotlistEntry
from citizencard.config import Settings
from citizencard.db import Sessions, make_engine, make_sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from hardware.card.files import application_serial
from hardware.terminal.hotlist import Hotlist
from tests.api.signing import SigningDevice, Wish
from tests.citizencard.keys.make_vault import PASSPHRASE

CARDS: Final = 300_000
"""What catalogues of bus validators print."""
NUMBERS: Final = 10**11
CHANGES_A_DAY: Final = 1_000
PUBLICATIONS_A_DAY: Final = 24
FULL_BYTES: Final = 1_000_000
BAR: Final = 20.0
"""Deltas for the processor time of one list of all serials."""
ROUNDS: Final = 7
QUICK_ROUNDS: Final = 3
DATABASE: Final = "hotlist"
SEED: Final = 7
COVERED: Final = ("@method", "@path", "@query", "content-digest")
SELECT: Final = text("SELECT serial FROM hotlist_entry WHERE unlisted_in IS NULL ORDER BY serial")


@dataclass(frozen=True, slots=True)
class Desk:
    """The application in this process, and a terminal that asks it.

    Args:
        app: as the server has it.
        sessions: of its database.
        device: signs requests.
    """

    app: Flask
    sessions: Sessions
    device: SigningDevice

    def fetch(self, since: int) -> bytes:
        """One signed request for the hotlist; the bytes of the answer.

        Raises:
            RuntimeError: the answer is not the list.
        """
        self.device.now = datetime.now(UTC)
        wish = Wish(covered=COVERED, query=f"?since={since}", nonce=secrets.token_urlsafe(16))
        answer = self.device.get("/terminals/hotlist", wish)
        if answer.status_code != 200:  # noqa: PLR2004 # HTTP
            raise RuntimeError(f"the hotlist was answered with {answer.status_code}")
        found: bytes = answer.data
        return found


def figures(server: Server, folder: Path, show: Callable[[Figure], None], *, quick: bool) -> list[str]:
    """Show what a delta and a full list cost the processor, against the plain list of all serials; returns what is to be said about it.

    Args:
        server: PostgreSQL, started; gets a database of its own.
        folder: for the vault.
        show: told each figure as soon as it is known.
        quick: fewer rounds.

    Raises:
        RuntimeError: a device does not read what the server sends, or comes to another list by the delta.
    """
    tell(f"putting {CARDS:,} cards on the hotlist")
    now = datetime.now(UTC)
    city = make_city(server.copy(DATABASE), folder, now, validators=1, cards=1)
    with _desk(city, folder) as desk:
        yesterday = _fill(desk.sessions, now)
        server.settle(DATABASE)
        sizes = _check(desk, yesterday)
        jobs: dict[str, Callable[[], float]] = {
            "SELECT": partial(_a_cpu_second, lambda: _select(desk.sessions)),
            "delta": partial(_a_cpu_second, lambda: desk.fetch(yesterday), _forget),
            "delta again": partial(_a_cpu_second, lambda: desk.fetch(yesterday)),
            "full": partial(_a_cpu_second, lambda: desk.fetch(0), _forget),
            "full again": partial(_a_cpu_second, lambda: desk.fetch(0)),
        }
        rates = interleaved_rates(jobs, QUICK_ROUNDS if quick else ROUNDS)
    reference = f"SELECT of {CARDS:,} serials by the driver"
    unit = "a CPU second"
    for what, name, bar in (
        (f"hotlist delta of a day ({CHANGES_A_DAY:,} changes), whole request, nothing remembered", "delta", BAR),
        ("hotlist delta of a day, whole request, asked before", "delta again", None),
        ("hotlist in full, whole request, nothing remembered", "full", None),
        ("hotlist in full, whole request, asked before", "full again", None),
    ):
        show(Figure(what, rates[name], reference, rates["SELECT"], bar, unit=unit))
    show(Figure("hotlist in full", sizes["full"], "absolute bar", FULL_BYTES, 1.0, at_most=True, unit="bytes"))
    spent = ", ".join(f"{name} {1_000 / rate:,.1f} ms" for name, rate in rates.items())
    return [
        f"hotlist: {sizes['cards']:,} cards; full list {sizes['full']:,} bytes, delta of a day {sizes['delta']:,} bytes",
        f"hotlist: processor time of one request in the server's process: {spent}",
    ]


def _a_cpu_second(job: Callable[[], Any], before: Callable[[], None] | None = None) -> float:
    """How often a second of the processor would do: one run, as the process's own clock counts it."""
    if before is not None:
        before()
    began = time.process_time()
    job()
    return 1 / (time.process_time() - began)


def _forget() -> None:
    """As a worker that has just begun."""
    hotlist_publications._contents = Memory(2)  # type: ignore[misc] # noqa: SLF001 # a constant of the process, which is another one now
    hotlist_downloads._deltas = Memory(hotlist_downloads.MAX_DELTAS)  # type: ignore[misc] # noqa: SLF001 # the same
    hotlist_downloads._full = Memory(hotlist_downloads.MAX_FULL_LISTS)  # type: ignore[misc] # noqa: SLF001 # the same


def _select(sessions: Sessions) -> int:
    with reading(sessions) as session:
        return len(session.execute(SELECT).all())


@contextmanager
def _desk(city: City, folder: Path) -> Iterator[Desk]:
    engine = make_engine(city.address)
    sessions = make_sessions(engine)
    vault = SoftwareVault.open(folder / "regression.vault", PASSPHRASE)
    try:
        app = create_app(Settings.from_env(dict(city.environ)), vault, sessions)
        yield Desk(app, sessions, _signing(app, city.validators[0]))
    finally:
        engine.dispose()


def _signing(app: Flask, device: Device) -> SigningDevice:
    return SigningDevice(app.test_client(), device.number.hex().upper(), datetime.now(UTC), device.key)


def _fill(sessions: Sessions, now: datetime) -> int:
    """A list of CARDS cards that was published a day ago, and a day's changes in hourly versions; returns yesterday's version."""
    lots = random.Random(SEED)  # figures that can be repeated
    half = CHANGES_A_DAY // 2
    serials = [application_serial("3302", f"{number:011}") for number in lots.sample(range(1, NUMBERS), CARDS + half)]
    yesterday = now - timedelta(days=1)
    with transaction(sessions) as session:
        card_id = session.execute(text("SELECT id FROM card LIMIT 1")).scalar_one()
        row = {"card_id": card_id, "reason": "lost", "recorded_at": yesterday, "effective_from": yesterday}
        session.execute(insert(HotlistEntry), [{**row, "serial": serial} for serial in serials[:CARDS]])
        before = publish(session, yesterday).version
    each = half // PUBLICATIONS_A_DAY + 1
    for hour in range(PUBLICATIONS_A_DAY):
        at = yesterday + timedelta(hours=hour, minutes=30)
        part = slice(hour * each, min(half, (hour + 1) * each))
        come, gone = serials[CARDS:][part], serials[:half][part]
        with transaction(sessions) as session:
            row = {"card_id": card_id, "reason": "lost", "recorded_at": at, "effective_from": at}
            session.execute(insert(HotlistEntry), [{**row, "serial": serial} for serial in come])
            session.execute(update(HotlistEntry).where(HotlistEntry.serial.in_(gone)).values(removed_from=at))
            publish(session, at)
    return before


def _check(desk: Desk, yesterday: int) -> dict[str, int]:
    """Let the reference terminal read both ways to today's list; returns their sizes."""
    with reading(desk.sessions) as session:
        before = hotlist_publications.published(session, yesterday)
        current = latest(session)
        if before is None:
            raise RuntimeError("yesterday's list was not published")
        held = Hotlist.parse(hotlist_downloads.download(session, before, 0))
    full, delta = desk.fetch(0), desk.fetch(yesterday)
    if held.version != yesterday or held.updated(delta).cards != Hotlist.parse(full).cards:
        raise RuntimeError("the delta does not lead to today's list")
    return {"full": len(full), "delta": len(delta), "cards": current.cards}
