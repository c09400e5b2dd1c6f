"""A card is torn at every command and phase of personalisation, load, unload and ride: chip, terminal, shadow and books agree.

Host and validator lose power before and after each of their commits as well: what was not committed is gone, and nobody hears of the rest.
Each point is played in a city with real chips, vault, books and validators, and undone afterwards, so that every point meets the same
city. The points of personalisation end with a load and a ride: a card that was torn must be as good as any.
"""

import functools
import itertools
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from citizencard.db import Sessions
from citizencard.keys.hsm import Hsm
from tests.citizencard.keys.make_vault import random_vault
from tests.journeys import torn_loads, torn_rides, torn_unloads
from tests.journeys.databases import both_databases, undoable
from tests.journeys.power_cuts import SIDES, Cut, CutCard, CutLoad, CutModule, CutRide, CutUnload, Resumption
from tests.journeys.torn_chips import TornCard, TornModule, personalise_commands
from tests.journeys.torn_loads import TornLoad
from tests.journeys.torn_rides import PHASES, TornRide, ride_commands, tears
from tests.journeys.torn_unloads import TornUnload
from tests.journeys.walk import Walk
from tests.journeys.world import ADULT, LOADED_FEN, SENIOR, Rider, Tear, World

NOW: Final = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
NERVOUS_TEARS: Final = 3
"""How often a nervous clerk tears one and the same chip."""

Play = Callable[[], list[str]]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is played.

    Args:
        stride: every so many-th point.
        nervous: so many chips are torn several times each, at random points.
        walks: so many walks through the city by chance.
        seed: of the random points, and of where the first stride begins.
    """

    stride: int
    nervous: int
    walks: int
    seed: int


FULL: Final = Size(stride=1, nervous=60, walks=60, seed=1)
REDUCED: Final = Size(stride=61, nervous=1, walks=1, seed=7)
WALK_STEPS: Final = 150


@dataclass
class Result:
    """What a run found.

    Args:
        played: points by what was torn.
        differences: what did not agree, in words, with the point.
    """

    played: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self.played.items())
        return f"{counts}; {len(self.differences)} differences"


@dataclass(frozen=True, slots=True)
class _Riders:
    adult: Rider
    senior: Rider


def run(sessions: Sessions, hsm: Hsm, folder: Path, size: Size) -> Result:
    """Play the points in a new city.

    Args:
        sessions: an empty database, within one transaction.
        hsm: a vault of the test realm.
        folder: for the memories of the validators.
        size: how many points.
    """
    world = World.found(sessions, hsm, folder, NOW)
    riders = _Riders(world.resident(ADULT, LOADED_FEN), world.resident(SENIOR))
    result = Result()
    chance = random.Random(size.seed)
    for name, points in _all_points(world, riders, chance, size.nervous).items():
        first = chance.randrange(size.stride) if len(points) > size.stride else 0
        chosen = points[first :: size.stride]
        result.played[name] = len(chosen)
        for label, play in chosen:
            with world.undone():
                result.differences += [f"{name}, {label}: {words}" for words in play()]
    for seed in range(size.seed, size.seed + size.walks):
        with world.undone():
            walked = Walk(world, random.Random(seed)).go(WALK_STEPS)
        result.differences += [f"walk {seed}: {words}" for words in walked]
    result.played[f"walks of {WALK_STEPS} steps"] = size.walks
    world.close()
    return result


def _all_points(
    world: World, riders: _Riders, chance: random.Random, nervous: int
) -> dict[str, Sequence[tuple[str, Play]]]:
    card_commands, module_commands = personalise_commands(world)
    return {
        "tears of rides": list(_rides(world, riders)),
        "tears of loads": list(_loads(world, riders.adult)),
        "tears of recoveries": list(_recoveries(world, riders.adult)),
        "tears of unloads": list(_unloads(world, riders.adult)),
        "tears of unload recoveries": list(_unload_recoveries(world, riders.adult)),
        "power cuts of loads": list(_cut_loads(world, riders.adult)),
        "power cuts of unloads": list(_cut_unloads(world, riders.adult)),
        "power cuts of rides": list(_cut_rides(world, riders)),
        "power cuts of cards in making": list(_cut_cards(world)),
        "power cuts of modules in making": list(_cut_modules(world, riders.adult)),
        "tears of cards in making": [(str(tear), TornCard(world, (tear,)).play) for tear in tears(card_commands)],
        "tears of modules in making": [
            (str(tear), _with_module(world, riders.adult, (tear,))) for tear in tears(module_commands)
        ],
        f"chips torn {NERVOUS_TEARS} times": [
            *((str(many), TornCard(world, many).play) for many in _many(chance, card_commands, (nervous + 1) // 2)),
            *(
                (str(many), _with_module(world, riders.adult, many))
                for many in _many(chance, module_commands, nervous // 2)
            ),
        ],
    }


def _rides(world: World, riders: _Riders) -> Iterator[tuple[str, Play]]:
    for rider in (riders.adult, riders.senior):
        commands = ride_commands(world, rider)
        for ending, tear in itertools.product(torn_rides.Ending, tears(commands)):
            yield (
                f"class {rider.card.card_class}, {tear}, {ending}",
                TornRide(world, rider, tear, ending, commands - 1).play,
            )


def _loads(world: World, rider: Rider) -> Iterator[tuple[str, Play]]:
    for ending, tear in itertools.product(torn_loads.Ending, tears(torn_loads.COMMANDS)):
        yield f"{tear}, {ending}", TornLoad(world, rider, tear, ending).play


def _recoveries(world: World, rider: Rider) -> Iterator[tuple[str, Play]]:
    firsts = [Tear(torn_loads.CREDIT, phase) for phase in PHASES]
    for ending, first, again in itertools.product(torn_loads.Ending, firsts, tears(torn_loads.RECOVERY_COMMANDS)):
        yield f"{first}, then {again}, {ending}", TornLoad(world, rider, first, ending, again).play


def _unloads(world: World, rider: Rider) -> Iterator[tuple[str, Play]]:
    for ending in torn_unloads.Ending:
        for tear in tears(torn_unloads.commands_of(ending)):
            yield f"{tear}, {ending}", TornUnload(world, rider, tear, ending).play


def _unload_recoveries(world: World, rider: Rider) -> Iterator[tuple[str, Play]]:
    for ending, phase, again in itertools.product(torn_unloads.Ending, PHASES, tears(torn_unloads.RECOVERY_COMMANDS)):
        first = Tear(torn_unloads.commands_of(ending) - 1, phase)
        yield f"{first}, then {again}, {ending}", TornUnload(world, rider, first, ending, again).play


def _cuts(commits: int) -> Iterator[tuple[Cut, Resumption]]:
    for number, side, resumption in itertools.product(range(commits), SIDES, Resumption):
        yield Cut(number, side), resumption


def _cut_loads(world: World, rider: Rider) -> Iterator[tuple[str, Play]]:
    for tear in (None, *(Tear(torn_loads.CREDIT, phase) for phase in PHASES)):
        counted = CutLoad(world, rider, None, Resumption.SAME_JOB, tear)
        _play_once(world, counted.play)
        for cut, resumption in _cuts(counted.commits):
            yield f"{cut} after {tear}, {resumption}", CutLoad(world, rider, cut, resumption, tear).play


def _cut_unloads(world: World, rider: Rider) -> Iterator[tuple[str, Play]]:
    debit = torn_unloads.commands_of(torn_unloads.Ending.PAID_OUT) - 1
    for tear in (None, *(Tear(debit, phase) for phase in PHASES)):
        counted = CutUnload(world, rider, None, Resumption.SAME_JOB, tear)
        _play_once(world, counted.play)
        for cut, resumption in _cuts(counted.commits):
            yield f"{cut} after {tear}, {resumption}", CutUnload(world, rider, cut, resumption, tear).play


def _cut_rides(world: World, riders: _Riders) -> Iterator[tuple[str, Play]]:
    for rider in (riders.adult, riders.senior):
        counted = CutRide(world, rider, None)
        _play_once(world, counted.play)
        for number, side, back in itertools.product(range(counted.commits), SIDES, (True, False)):
            label = f"class {rider.card.card_class}, {Cut(number, side)}, {'comes back' if back else 'stays away'}"
            yield label, CutRide(world, rider, Cut(number, side), back).play


def _cut_cards(world: World) -> Iterator[tuple[str, Play]]:
    counted = CutCard(world=world, tears=())
    _play_once(world, counted.play)
    for cut, resumption in _cuts(counted.commits):
        yield f"{cut}, {resumption}", CutCard(world=world, tears=(), cut=cut, resumption=resumption).play


def _cut_modules(world: World, rider: Rider) -> Iterator[tuple[str, Play]]:
    counted = CutModule(world=world, tears=())
    _play_once(world, lambda: counted.play(rider))
    for cut, resumption in _cuts(counted.commits):
        module = CutModule(world=world, tears=(), cut=cut, resumption=resumption)
        yield f"{cut}, {resumption}", functools.partial(module.play, rider)


def _play_once(world: World, play: Play) -> None:
    """Play it without a cut, to count its commits."""
    with world.undone():
        found = play()
    if found:
        raise AssertionError(f"it goes wrong without a cut: {found}")


def _with_module(world: World, rider: Rider, many: Sequence[Tear]) -> Play:
    return lambda: TornModule(world, many).play(rider)


def _many(chance: random.Random, commands: int, chips: int) -> list[tuple[Tear, ...]]:
    return [
        tuple(Tear(chance.randrange(commands), chance.choice(PHASES)) for _ in range(NERVOUS_TEARS))
        for _ in range(chips)
    ]


def run_full() -> bool:
    """Every point on both databases; prints its counts."""
    clean = True
    with both_databases() as urls, tempfile.TemporaryDirectory() as folder:
        hsm = random_vault(Path(folder))
        for name, url in urls.items():
            memories = Path(folder) / name
            memories.mkdir()
            began = time.monotonic()
            with undoable(url) as sessions:
                result = run(sessions, hsm, memories, FULL)
            print(f"{name}: {result}, {time.monotonic() - began:.0f} s")
            for difference in result.differences:
                print(f"  {difference}")
            clean = clean and not result.differences
    return clean
