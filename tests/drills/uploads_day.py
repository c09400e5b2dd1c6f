"""A great day that comes in in any way comes to the same, and of thousands of forged and replayed records none is paid."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from citizencard.db import Sessions
from citizencard.keys.hsm import Hsm
from citizencard.purse.uploads.records import PurchaseRecord, RecordKind
from hardware.card import crypto
from tests.citizencard.purse.uploads.make_records import a_card
from tests.drills.uploads_arrivals import Road, State, anyhow, plainly
from tests.drills.uploads_city import Crowd, GreatDay, Own, fares, tac_keys
from tests.journeys.world import World

NOW: Final = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
MAX_CLOSES: Final = 3
ATTACKS: Final = 20
"""Forged and replayed records for each genuine one that is attacked."""
COVERED_BITS: Final = (*range(26 * 8, 30 * 8), *range(20 * 8, 24 * 8), *range(34 * 8, 41 * 8), *range(44 * 8, 48 * 8))
"""Of amount, terminal sequence, date and time, TAC: what the card signed, and its signature."""
STRANGER: Final = 42


@dataclass(frozen=True, slots=True)
class DaySize:
    """How much is tried.

    Args:
        crowd: who rides how often.
        orders: so many ways of bringing the day in, beside the plain one.
        forged: so many records are forged or replayed, at least.
        mixed: so many forged ones are among the genuine ones of each order.
        seed: of all that is random.
    """

    crowd: Crowd
    orders: int
    forged: int
    mixed: int
    seed: int


FULL_DAY: Final = DaySize(Crowd(records=20_000, cards=2_000, lines=20), orders=4, forged=10_000, mixed=400, seed=1)
REDUCED_DAY: Final = DaySize(Crowd(records=240, cards=60, lines=5), orders=1, forged=60, mixed=12, seed=7)


@dataclass
class Found:
    """What a run found: counts by name, and each difference in words."""

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} {name}" for name, count in self.counts.items())
        return f"{counts}; {len(self.differences)} differences"

    def add(self, name: str, road: Road, differences: Sequence[str]) -> None:
        """Keep what one way of bringing it in came to."""
        self.counts[name] += 1
        self.counts.update(road.counts)
        self.differences += [f"{name}: {words}" for words in (*road.differences, *differences)]


def great_day(sessions: Sessions, hsm: Hsm, folder: Path, size: DaySize) -> Found:
    """Ride the day once, and bring it in again and again in a city that forgets.

    Args:
        sessions: an empty database, within one transaction.
        hsm: the vault with the regression masters, under which the crowd's cards sign.
        folder: for the memories of the validators.
        size: how much.
    """
    world = World.found(sessions, hsm, folder, NOW, fares(size.crowd.lines))
    chance, found = random.Random(size.seed), Found()
    day = GreatDay.ride(world, size.crowd, chance)
    found.counts["records of a day"] = len(day.owns)
    _check_sample(day, found)
    forged = [
        attack for own in _victims(day, size.mixed // ATTACKS + 1, chance) for attack in _forgeries(own, day, chance)
    ]
    honest = _plain(day.owns, world)
    with world.undone():
        reference = (road := Road(world)).bring(plainly([*day.owns, *forged]))
        found.add("days device by device", road, honest.money_differences(reference))
        kinds = Counter(kind for kind, _, _ in reference.cleared.findings)
        found.counts.update({f"findings {kind}": count for kind, count in kinds.items()})
        found.counts["taps set aside"] = len(reference.cleared.aside)
    for _ in range(size.orders):
        with world.undone():
            parcels = anyhow([*day.owns, *forged], chance)
            closes = chance.sample(range(len(parcels)), chance.randint(1, MAX_CLOSES))
            state = (road := Road(world)).bring(parcels, closes)
            found.add("other orders", road, reference.differences(state))
    with world.undone():
        _attack(day, size.forged // ATTACKS, chance, found)
    world.close()
    return found


def _plain(owns: Sequence[Own], world: World) -> State:
    with world.undone():
        return Road(world).bring(plainly(owns))


def _check_sample(day: GreatDay, found: Found) -> None:
    """The keys that the crowd signs with are those that emulated chips have: they give the chips' TACs."""
    sample = list(day.emulated())
    keys = tac_keys([own.record.card_serial for own in sample])
    tacs = crypto.bulk_tacs(keys, [own.record.tac_input(own.device.number) for own in sample])
    found.counts["TACs compared with emulated chips"] = len(sample)
    found.differences += [
        f"sequence {own.record.terminal_sequence}: the emulated chip gave another TAC"
        for own, tac in zip(sample, tacs, strict=True)
        if own.record.tac != tac
    ]


# --- forged and replayed ----------------------------------------------------------------------------------------------


def _attack(day: GreatDay, victims: int, chance: random.Random, found: Found) -> None:
    """Forged and replayed copies of genuine records, half of them before the genuine ones: only the genuine ones are paid, once each."""
    owns = _victims(day, victims, chance)
    honest = _plain(owns, day.world)
    road = Road(day.world)
    first = owns[::2]
    for attacked in (first, owns[1::2]):
        if attacked is not first:
            _deliver(road, owns)
        for copies in _attacks(attacked, day, chance):
            found.counts["forged or replayed records"] += len(copies)
            _deliver(road, copies)
    day.world.close_day()
    state = State.of(day.world)
    paid = sum(verdict != "rejected" for verdict, _, _ in state.records.values())
    if paid != len(owns):
        found.differences.append(f"{paid} records were paid, {len(owns)} are genuine")
    found.counts["forged or replayed records paid"] += max(0, paid - len(owns))
    found.add("attacked days", road, honest.money_differences(state))


def _deliver(road: Road, owns: Sequence[Own]) -> None:
    for parcel in plainly(owns):
        road.send(parcel)


def _victims(day: GreatDay, count: int, chance: random.Random) -> list[Own]:
    """Genuine purchases, no two of one tap."""
    chosen = {own.record.identity(own.device.number): own for own in day.owns if own.record.kind == RecordKind.PURCHASE}
    return chance.sample(list(chosen.values()), min(count, len(chosen)))


def _attacks(owns: Sequence[Own], day: GreatDay, chance: random.Random) -> Iterator[list[Own]]:
    """All attacks on these records in portions, each kind on each of them."""
    everything = [[*_forgeries(own, day, chance), *_altered(own, chance)] for own in owns]
    yield from (list(portion) for portion in zip(*everything, strict=True))


def _forgeries(own: Own, day: GreatDay, chance: random.Random) -> Iterator[Own]:
    """What the card did not sign: flipped bits, another card, another key."""
    record = own.record
    raw = record.encode()
    for bit in chance.sample(COVERED_BITS, ATTACKS - 8):
        flipped = bytes(byte ^ (0x80 >> bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(raw))
        yield replace(own, record=PurchaseRecord.decode(flipped))
    other = chance.choice([one.record.card_serial for one in day.owns if one.record.card_serial != record.card_serial])
    later = (own.record.tapped_at() or NOW) + timedelta(days=1)
    changes: tuple[dict[str, object], ...] = (
        {"card_serial": other},
        {"card_serial": a_card(STRANGER).serial},
        {"key_version": 2},
        {"amount_fen": record.amount_fen + 1},
        {"date": bytes.fromhex(f"{later:%Y%m%d}")},
    )
    for change in changes:
        yield replace(own, record=replace(record, **change))  # type: ignore[arg-type] # each value has its field's type


def _altered(own: Own, chance: random.Random) -> Iterator[Own]:
    """The same tap again: as it is, and with claims that the card did not sign."""
    yield own
    yield replace(own, record=replace(own.record, card_counter=chance.randrange(2**16)))
    yield replace(
        own, record=replace(own.record, balance_after_fen=chance.randrange(2**32), stop=chance.randrange(2**16))
    )
