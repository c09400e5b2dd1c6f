"""Uploads under attack: flipped bits, any order of a day, twenty at once, recorded answers played back. Nobody gets a fen more.

All records are what emulated chips and security modules really signed; the city's database, vault and books are real.
"""

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from citizencard.db import Sessions, reading
from citizencard.keys.hsm import Hsm
from citizencard.purse.uploads.receipts import BatchReceipt
from hardware.terminal.batch import Batch
from tests.citizencard.keys.make_vault import random_vault, regression_vault
from tests.drills.uploads_day import FULL_DAY, great_day
from tests.journeys.agreement import balances_of
from tests.journeys.databases import both_databases, committing, undoable
from tests.journeys.day_records import Day, Sent, content_of, judged
from tests.journeys.playback import Playback
from tests.journeys.world import ADULT, LOADED_FEN, SOON, Bus, Rider, World

NOW: Final = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
RECORD_BITS: Final = 768
UPLOADS_AT_ONCE: Final = 20
RACE_RECORDS: Final = 24
"""In a race; enough for two bookings in different orders to meet."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is tried.

    Args:
        bit_stride: every so many-th bit is flipped.
        orders: so many ways of bringing a day in.
        races: so many batches are uploaded by twenty at once.
        playbacks: so many recorded answers are played back.
        seed: of all that is random.
    """

    bit_stride: int
    orders: int
    races: int
    playbacks: int
    seed: int


FULL: Final = Size(bit_stride=1, orders=300, races=20, playbacks=100, seed=1)
REDUCED: Final = Size(bit_stride=47, orders=4, races=1, playbacks=3, seed=7)


@dataclass
class Result:
    """What a run found: what was tried how often, and each difference in words."""

    tried: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self.tried.items())
        return f"{counts}; {len(self.differences)} differences"

    def count(self, name: str, found: list[str]) -> None:
        """Count one try and keep what was wrong."""
        self.tried[name] = self.tried.get(name, 0) + 1
        self.differences += [f"{name}: {words}" for words in found]


def run(sessions: Sessions, hsm: Hsm, folder: Path, size: Size) -> Result:
    """Everything that can be undone, in a new city.

    Args:
        sessions: an empty database, within one transaction.
        hsm: a vault of the test realm.
        folder: for the memories of the validators.
        size: how much.
    """
    world = World.found(sessions, hsm, folder, NOW)
    result, chance = Result(), random.Random(size.seed)
    parts: tuple[Callable[[World, Size, random.Random, Result], None], ...] = (_flips, _orders, _playbacks)
    for part in parts:
        with world.undone():
            part(world, size, chance, result)
    world.close()
    return result


# --- flipped bits -----------------------------------------------------------------------------------------------------


def _flips(world: World, size: Size, chance: random.Random, result: Result) -> None:
    """The second ride of a transfer, so that a change of any field could matter: flipped after it was paid, and before."""
    rider = world.resident(ADULT, LOADED_FEN)
    for bus in (world.bus2, world.bus1):
        world.pass_time(SOON)
        assert world.tap(bus, rider).is_green
    world.upload(world.bus2)
    batch = world.bus1.batch(world.now)
    assert batch is not None
    raw = batch.records[0].encode()
    before = _balances(world)
    with world.undone():
        world.take(world.bus1, batch.data)
        after = _balances(world)
        for bit in range(chance.randrange(size.bit_stride), RECORD_BITS, size.bit_stride):
            result.count("bits flipped after the tap was paid", _flipped_after(world, raw, bit, after))
    for bit in range(chance.randrange(size.bit_stride), RECORD_BITS, size.bit_stride):
        with world.undone():
            found = _flipped_before(world, raw, bit, before, after)
        result.count("bits flipped before the tap was paid", found)


def flipped(raw: bytes, bit: int) -> bytes:
    """The record with one bit changed."""
    return bytes(byte ^ (0x80 >> bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(raw))


def _flipped_after(world: World, raw: bytes, bit: int, paid: dict[str, int]) -> list[str]:
    copy = Sent(world.bus1, (flipped(raw, bit),), bit + 2, as_json=False)
    (verdict,) = judged(world, copy)
    found = [] if verdict.verdict in ("rejected", "duplicate") else [f"bit {bit}: {verdict.verdict}"]
    return found + _moved(f"bit {bit}", paid, _balances(world))


def _flipped_before(world: World, raw: bytes, bit: int, before: dict[str, int], paid: dict[str, int]) -> list[str]:
    """The changed copy is rejected, and the genuine record paid; or it is the tap itself, and the genuine record a duplicate."""
    verdicts = [
        str(judged(world, Sent(world.bus1, (one,), bit + 2, as_json=False))[0].verdict)
        for one in (flipped(raw, bit), raw)
    ]
    found = []
    if verdicts not in (["rejected", "accepted"], ["accepted", "duplicate"]):
        found.append(f"bit {bit}: {verdicts}")
    now = _balances(world)
    # An anchor is no part of the TAC: changed, it can only lower what a sponsor pays.
    lowered = {code for code in paid if code.startswith("owed:sponsor:") or code.endswith(":subsidy")}
    found += [
        f"bit {bit}: {code} holds {now[code]}, not {paid[code]} at most"
        for code in lowered
        if not before.get(code, 0) <= now.get(code, 0) <= paid[code]
    ]
    strict = {code: fen for code, fen in paid.items() if code not in lowered}
    return found + _moved(f"bit {bit}", strict, {code: fen for code, fen in now.items() if code not in lowered})


# --- any order --------------------------------------------------------------------------------------------------------


def _orders(world: World, size: Size, chance: random.Random, result: Result) -> None:
    """A day with everything in it, brought in as it came, and then in other ways with forgeries and copies: the same end."""
    day = Day.ride(world)
    with world.undone():
        honest = day.bring_in(day.as_it_came())
        result.count("days as they came", world.differences())
    forged = [*day.forged(chance), *day.altered(chance)]
    with world.undone():
        reference = day.bring_in([*day.as_it_came(), *(Sent(bus, (raw,), 2, as_json=False) for bus, raw in forged)])
        result.count("days with forgeries", _moved("forgeries last", honest.balances, reference.balances))
    for number in range(size.orders):
        with world.undone():
            outcomes = day.bring_in(day.shuffled(forged, chance))
            found = _moved(f"order {number}", reference.balances, outcomes.balances) + world.differences()
            for name in ("verdicts", "findings"):
                if getattr(outcomes, name) != getattr(reference, name):
                    found.append(f"order {number}: {name} {getattr(outcomes, name)}, not {getattr(reference, name)}")
        result.count("other orders", found)


# --- recorded answers -------------------------------------------------------------------------------------------------


def _playbacks(world: World, size: Size, chance: random.Random, result: Result) -> None:
    """Answers of the card to INITIALIZE FOR LOAD, recorded before a load and played back after it."""
    rider = world.resident(ADULT, LOADED_FEN)
    playback = Playback(world, rider, chance)
    for _ in range(size.playbacks):
        with world.undone():
            result.count("recorded answers played back", playback.play())


# --- twenty at once ---------------------------------------------------------------------------------------------------


def run_races(sessions: Sessions, hsm: Hsm, folder: Path, size: Size) -> Result:
    """Twenty uploads of the same records at the same time, on a database with real commits: each record is booked by one of them."""
    world = World.found(sessions, hsm, folder, NOW)
    result, chance = Result(), random.Random(size.seed)
    for _ in range(size.races):
        rider = world.resident(ADULT, LOADED_FEN)
        result.count(f"races of {UPLOADS_AT_ONCE} identical uploads", _race(world, rider, None))
        result.count(f"races of {UPLOADS_AT_ONCE} overlapping uploads", _race(world, rider, chance))
    world.close()
    return result


def _race(world: World, rider: Rider, chance: random.Random | None) -> list[str]:
    """Race with identical files, or with a chance in files that hold the records in different orders, some of them left out."""
    for _ in range(RACE_RECORDS):
        world.pass_time(SOON)
        assert world.tap(world.bus1, rider).is_green
    batch = world.bus1.batch(world.now)
    assert batch is not None
    contents = [batch.data if chance is None else _mixed(world.bus1, batch, chance) for _ in range(UPLOADS_AT_ONCE)]
    receipts = _at_once(world, contents)
    found = [] if len(receipts) == len(contents) else [f"only {len(receipts)} uploads were answered"]
    told = Counter((one.record.terminal_sequence, str(one.verdict)) for receipt in receipts for one in receipt.verdicts)
    for record in batch.records:
        times = told[record.terminal_sequence, "accepted"]
        if times != 1 and any(record.encode() in content for content in contents):
            found.append(f"sequence {record.terminal_sequence} was accepted {times} times: {told}")
    if {verdict for _, verdict in told} - {"accepted", "duplicate"}:
        found.append(f"verdicts {told}")
    world.upload(world.bus1)
    return found + world.differences()


def _mixed(bus: Bus, batch: Batch, chance: random.Random) -> bytes:
    raws = [record.encode() for record in batch.records]
    chosen = tuple(chance.sample(raws, chance.randint(1, len(raws))))
    content = content_of(Sent(bus, chosen, chance.randrange(2**32), as_json=False))
    assert isinstance(content, bytes)
    return content


def _at_once(world: World, contents: Sequence[bytes]) -> list[BatchReceipt]:
    receipts: list[BatchReceipt] = []
    start = threading.Barrier(len(contents))

    def upload(content: bytes) -> None:
        start.wait()
        receipts.append(world.take(world.bus1, content))

    threads = [threading.Thread(target=upload, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return receipts


def _balances(world: World) -> dict[str, int]:
    with reading(world.sessions) as session:
        return balances_of(session)


def _moved(what: str, wanted: dict[str, int], found: dict[str, int]) -> list[str]:
    """Which accounts hold something else; one that never moved holds nothing."""
    return [
        f"{what}: {code} holds {found.get(code, 0)}, not {wanted.get(code, 0)}"
        for code in sorted(wanted.keys() | found.keys())
        if found.get(code, 0) != wanted.get(code, 0)
    ]


def run_full() -> bool:
    """The drill at full size on both databases; prints its counts."""
    clean = True
    with both_databases() as urls, tempfile.TemporaryDirectory() as folder:
        hsm, known = random_vault(Path(folder)), regression_vault(Path(folder))
        for name, url in urls.items():
            clean = _great(name, url, known, Path(folder)) and clean
            memories = Path(folder) / name
            memories.mkdir()
            began = time.monotonic()
            with undoable(url) as sessions:
                results = [run(sessions, hsm, memories, FULL)]
            with committing(url) as sessions:
                results.append(run_races(sessions, hsm, memories, FULL))
            for result in results:
                print(f"{name}: {result}, {time.monotonic() - began:.0f} s")
                for difference in result.differences:
                    print(f"  {difference}")
                clean = clean and not result.differences
    return clean


def _great(name: str, url: str, hsm: Hsm, folder: Path) -> bool:
    """The great day on one database; prints its counts."""
    began = time.monotonic()
    memories = folder / f"great-{name}"
    memories.mkdir()
    with undoable(url) as sessions:
        found = great_day(sessions, hsm, memories, FULL_DAY)
    print(f"{name}: {found}, {time.monotonic() - began:.0f} s", flush=True)
    for difference in found.differences[:50]:
        print(f"  {difference}")
    return not found.differences
