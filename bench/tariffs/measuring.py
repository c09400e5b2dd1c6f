"""The whole bench of the tariffs: rides one by one and with history, stays and bills, on one core."""

import cProfile
import json
import os
import pstats
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from bench.figure import Figure, interleaved, one_core, tell
from bench.tariffs import by_hand
from citizencard.tariffs import parking, utilities
from citizencard.tariffs.device import compile_table
from citizencard.tariffs.document import Tariff, read
from citizencard.tariffs.parking import Stay
from citizencard.tariffs.transit.history import CardRide, rate
from citizencard.tariffs.transit.pricing import price
from citizencard.tariffs.transit.rides import Anchor, Ride
from citizencard.tariffs.utilities import Reading
from hardware.terminal import fares

TAPS_BAR: Final = 40_000
"""Flat-and-transfer taps a second and core, printed: it judges the machine as well."""
BY_HAND_BAR: Final = 0.3
"""The engine knows every other city's rules too: it may take three times as long as this one written down by hand with its reasons."""
MORNING: Final = datetime.fromisoformat("2026-03-02T06:00:00+08:00")
ADULT: Final = 1
LINES_A_PROFILE: Final = 12


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is priced in a job."""

    rides: int = 100_000
    cards: int = 20_000
    stays: int = 2_000
    bills: int = 20_000


FULL: Final = Sizes()
QUICK: Final = Sizes(rides=10_000, cards=2_000, stays=200, bills=2_000)


@dataclass(slots=True)
class _Run:
    size: Sizes
    show: Callable[[Figure], None]
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        self.figures.append(figure)
        self.show(figure)


def measure(show: Callable[[Figure], None], *, quick: bool, profiled: bool) -> tuple[list[Figure], list[str]]:
    """All figures, and what is to be said about them.

    Args:
        show: told each figure as soon as it is known.
        quick: smaller and shorter.
        profiled: say where the time of a ride goes.
    """
    before = os.getloadavg()[0]
    run = _Run(QUICK if quick else FULL, show)
    with one_core() as core:
        _rides(run, profiled=profiled)
        _stays(run)
        _bills(run)
    run.notes.insert(
        0,
        f"Load {before:.1f} before and {os.getloadavg()[0]:.1f} after, {os.cpu_count()} processors; on processor {core} alone.",
    )
    return run.figures, run.notes


def shipped(name: str) -> Tariff:
    """A tariff that is shipped with the product."""
    document: dict[str, Any] = json.loads(
        files("citizencard.tariffs").joinpath("shipped", f"{name}.json").read_text(encoding="utf-8")
    )
    return read(document)


def rides_of_a_day(count: int, chance: random.Random) -> list[Ride]:
    """Bus rides as validators see them: half of the cards carry the ride before, some of those too old, some of the same line."""
    rides = []
    for _ in range(count):
        at = MORNING + timedelta(seconds=chance.randrange(16 * 3600))
        line = chance.randrange(650, 750)
        anchor = None
        if chance.random() < 0.5:  # noqa: PLR2004 # half
            anchor = Anchor(chance.randrange(650, 750), at - timedelta(minutes=chance.randrange(150)))
        rides.append(Ride(line, ADULT, at, anchor))
    return rides


def stays_of_a_month(count: int, chance: random.Random) -> list[Stay]:
    """Stays of some minutes to three days."""
    entries = [MORNING + timedelta(minutes=chance.randrange(30 * 24 * 60)) for _ in range(count)]
    return [Stay(entry, entry + timedelta(minutes=chance.randrange(1, 3 * 24 * 60))) for entry in entries]


def _rides(run: _Run, *, profiled: bool) -> None:
    tell("rides of a day")
    tariff = shipped("suzhou")
    rides = rides_of_a_day(run.size.rides, random.Random(1))
    held = rides_of_a_day(run.size.rides, random.Random(2))
    held.sort(key=lambda ride: ride.at)
    chance = random.Random(3)
    card_rides = [
        CardRide(f"c{chance.randrange(run.size.cards)}", ride, f"r{index}") for index, ride in enumerate(held)
    ]
    table = fares.DeviceTable.parse(compile_table(tariff))
    device_rides = [_device_ride(ride) for ride in rides]

    def alone() -> int:
        return _counted(len(rides), sum(price(tariff, ride).quote.minor >= 0 for ride in rides))

    jobs: dict[str, Callable[[], int]] = {
        "alone": alone,
        "explained": lambda: _counted(len(rides), sum(1 for ride in rides if by_hand.suzhou_bus_explained(ride))),
        "by hand": lambda: _counted(len(rides), sum(by_hand.suzhou_bus(ride) >= 0 for ride in rides)),
        "history": lambda: _counted(len(rides), sum(1 for _ in rate(tariff, card_rides, {}))),
        "device": lambda: _counted(len(rides), sum(fares.price(table, ride).price_fen >= 0 for ride in device_rides)),
    }
    _same([price(tariff, ride).quote.minor for ride in rides], [by_hand.suzhou_bus(ride) for ride in rides])
    rates = interleaved(jobs)
    what = "flat-and-transfer taps, priced and explained"
    run.add(Figure(what, rates["alone"], "printed aim", TAPS_BAR, 1.0, judged=False))
    explained, bare = "the rule by hand, with its reasons", "the rule by hand, a bare number"
    run.add(Figure("the same", rates["alone"], explained, rates["explained"], BY_HAND_BAR))
    run.add(Figure("the same", rates["alone"], bare, rates["by hand"], None))
    run.add(Figure("taps rated with the history of their cards", rates["history"], explained, rates["explained"], None))
    run.add(Figure("the device's interpreter", rates["device"], explained, rates["explained"], None))
    if profiled or rates["alone"] < TAPS_BAR:
        run.notes += _profile(alone)


def _device_ride(ride: Ride) -> fares.Ride:
    anchor = None if ride.anchor is None else fares.Anchor(ride.anchor.line, ride.anchor.at)
    return fares.Ride(ride.line, ride.card_class, ride.at, anchor)


def _stays(run: _Run) -> None:
    tell("stays of a month")
    tariff = shipped("taicang_parking")
    rule, stays = tariff.parking["street"], stays_of_a_month(run.size.stays, random.Random(4))
    _same(
        [parking.quote(rule, stay, tariff.offset).minor for stay in stays],
        [by_hand.taicang_street(stay) for stay in stays],
    )
    rates = interleaved(
        {
            "ours": lambda: _counted(
                len(stays), sum(parking.quote(rule, stay, tariff.offset).minor >= 0 for stay in stays)
            ),
            "by hand": lambda: _counted(len(stays), sum(by_hand.taicang_street(stay) >= 0 for stay in stays)),
        }
    )
    run.add(Figure("stays of up to three days", rates["ours"], "minute by minute by hand", rates["by hand"], None))


def _bills(run: _Run) -> None:
    tell("bills of a year")
    rule = shipped("jiangsu_electricity").utilities["home"]
    chance = random.Random(5)
    units = [chance.randrange(6_000) for _ in range(run.size.bills)]
    readings = [Reading(date(2026, 1, 1), date(2026, 12, 31), Fraction(one)) for one in units]
    _same([utilities.bill(rule, one).minor for one in readings], [by_hand.jiangsu_home(one) for one in units])
    rates = interleaved(
        {
            "ours": lambda: _counted(len(units), sum(utilities.bill(rule, one).minor >= 0 for one in readings)),
            "by hand": lambda: _counted(len(units), sum(by_hand.jiangsu_home(one) >= 0 for one in units)),
        }
    )
    run.add(Figure("bills by tiers", rates["ours"], "the tiers by hand in Decimal", rates["by hand"], None))


def _counted(wanted: int, done: int) -> int:
    """What was done, which must be everything: who prices half is not fast.

    Raises:
        AssertionError: something was left out.
    """
    if done != wanted:
        raise AssertionError(f"only {done} of {wanted}")
    return done


def _same(ours: Sequence[int], by_hand_: Sequence[int]) -> None:
    """Both ways must come to the same prices.

    Raises:
        AssertionError: they differ.
    """
    differing = [index for index, (one, other) in enumerate(zip(ours, by_hand_, strict=True)) if one != other]
    if differing:
        first = differing[0]
        raise AssertionError(f"{len(differing)} prices differ, the first is {ours[first]} and {by_hand_[first]}")


def _profile(job: Callable[[], int]) -> list[str]:
    """Where the time of a job goes, by function."""
    profiler = cProfile.Profile()
    profiler.runcall(partial(job))
    stats = pstats.Stats(profiler)
    rows = sorted(stats.stats.items(), key=lambda item: -item[1][2])[:LINES_A_PROFILE]  # type: ignore[attr-defined] # typeshed leaves `stats` out
    total = sum(row[2] for row in stats.stats.values())  # type: ignore[attr-defined] # as above
    notes = ["Where the time of a tap goes, under the profiler:"]
    for (path, number, name), row in rows:
        notes.append(f"  {row[2] / total:>6.1%}  {Path(path).name}:{number} {name}, {row[0]:,} calls")
    return notes
