"""A day of a whole city: thousands of cards and twenty lines, each record signed with the key that is in its card.

Rides that emulated chips and modules really made are among them (tests/journeys/day_records.py), and what derives the keys of the others
is held against those chips.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from citizencard import chart
from citizencard.cards.models import Card, CardState, CardStateChange, ChipKind, HotlistEntry
from citizencard.cards.stock import Delivery, receive_chips
from citizencard.clock import BEIJING
from citizencard.db import new_id, transaction
from citizencard.keys.hsm import KeyRole
from citizencard.merchants.registry import NewLine, register_line
from citizencard.people.models import Person
from citizencard.purse.uploads.records import PurchaseRecord, RecordKind
from hardware.card import crypto
from ledger import Transfer, post
from tests.citizencard.keys.make_vault import REGRESSION_MASTERS
from tests.citizencard.purse.uploads.make_records import (
    CITY_FACTOR,
    ISSUER,
    MAKER,
    NO_ANCHOR,
    TARIFF,
    Device,
    TestCard,
    a_card,
    make_device,
)
from tests.journeys.day_records import Day, as_device
from tests.journeys.world import ADULT, ADULT_FEN, LOADED_FEN, SENIOR, TRANSFER_FEN, World

FIRST_LINE: Final = 1_001
FIRST_CARD: Final = 700_001
WINDOW: Final = timedelta(minutes=60)
RUSH: Final = timedelta(hours=14)
TARIFF_VERSION: Final = 3
POOR_FEN: Final = 500
SENIORS_EVERY, LOST_EVERY, POOR_EVERY = 7, 41, 97
AHEAD, BEHIND = timedelta(hours=3), timedelta(days=60)
WILD_DATES: Final = ("19700101", "20991231")


def fares(lines: int) -> dict[str, Any]:
    """The small city's fares, for the crowd's lines as well."""
    numbers = ("1", "2", *(str(number) for number in range(FIRST_LINE, FIRST_LINE + lines)))
    of_lines = {number: {"mode": "bus", "fare": {"flat": "2.00"}} for number in numbers}
    return {**TARIFF, "transit": {**TARIFF["transit"], "lines": of_lines}}


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many there are.

    Args:
        records: of the day, at least; what emulated chips made comes in addition.
        cards: so many take part.
        lines: so many buses, each on a line of its own; four of them have clocks that are wrong.
    """

    records: int
    cards: int
    lines: int


@dataclass(frozen=True, slots=True)
class Own:
    """A genuine record and the device that has it."""

    device: Device
    record: PurchaseRecord


@dataclass
class Pocket:
    """A card of the crowd, and what is on it."""

    card: TestCard
    counter: int = 1
    balance_fen: int = LOADED_FEN
    anchor: tuple[int, datetime] | None = None


@dataclass
class GreatDay:
    """All genuine records of the day, by no order that matters.

    Args:
        world: the city.
        owns: the records.
    """

    world: World
    owns: list[Own] = field(default_factory=list)

    @classmethod
    def ride(cls, world: World, crowd: Crowd, chance: random.Random) -> "GreatDay":
        """Let the crowd ride until the evening, after the chips of the emulator."""
        day = Day.ride(world)
        buses = {id(bus): as_device(bus) for bus in world.buses}
        owns = [Own(buses[id(bus)], PurchaseRecord.decode(raw)) for bus, raw in day.records]
        devices = fit_out(world, crowd.lines)
        pockets = [Pocket(card) for card in issue(world, crowd.cards, chance)]
        start, world.now = world.now, world.now + RUSH
        unsigned = list(_Rush(devices, pockets, chance).rides(crowd.records, start))
        return cls(world, owns + sign(unsigned))

    def devices(self) -> list[Device]:
        """Who has records, in a fixed order."""
        return sorted({own.device.number: own.device for own in self.owns}.values(), key=lambda one: one.number)

    def emulated(self) -> Iterator[Own]:
        """The records with a TAC that an emulated chip computed."""
        chips = {rider.card.serial for rider in self.world.riders}
        yield from (
            own for own in self.owns if own.record.card_serial in chips and own.record.kind == RecordKind.PURCHASE
        )


def fit_out(world: World, lines: int) -> list[Device]:
    """Lines of the world's company with a validator on each."""
    with transaction(world.sessions) as session:
        numbers = range(FIRST_LINE, FIRST_LINE + lines)
        for number in numbers:
            register_line(session, NewLine(number, world.merchant_id, f"Line {number}", 200), now=world.now)
        return [make_device(session, number, world.merchant_id, world.now) for number in numbers]


def issue(world: World, cards: int, chance: random.Random) -> list[TestCard]:
    """Active cards of a crowd with money on them; some are lost in the course of the day, some have next to nothing."""
    made, since = [], world.now - timedelta(days=1)
    rows: list[object] = []
    numbers = range(FIRST_CARD, FIRST_CARD + cards)
    chips = [number.to_bytes(8) for number in numbers]
    for number, chip in zip(numbers, chips, strict=True):
        kind = SENIOR if number % SENIORS_EVERY == 0 else ADULT
        card = TestCard(new_id("card"), a_card(number).serial, kind)
        rows += _rows_of(card, chip, since)
        if number % LOST_EVERY == 0:
            lost = world.now + chance.random() * RUSH
            entry = HotlistEntry(
                card_id=card.card_id, serial=card.serial, reason="lost", recorded_at=since, effective_from=lost
            )
            rows.append(entry)
        made.append(card)
    with transaction(world.sessions) as session:
        receive_chips(session, Delivery(ChipKind.CARD, "B-2", tuple(chips)), actor=MAKER, now=since)
        for table in (Person, Card, CardStateChange, HotlistEntry):
            session.add_all([row for row in rows if isinstance(row, table)])
            session.flush()
        chart.open_missing(session, [chart.till(world.counter.till.id), *(chart.purse(card.card_id) for card in made)])
        post(session, [_loaded(world, card, number) for number, card in enumerate(made)], now=world.now)
    return made


def _rows_of(card: TestCard, chip: bytes, since: datetime) -> list[object]:
    person_id = new_id("per")
    person = Person(
        id=person_id, document_type="cn_id", document_number=b"\0", document_index=person_id.encode(), name=b"\0", registered_at=since
    )  # fmt: skip
    row = Card(
        id=card.card_id,
        person_id=person_id,
        card_class=card.card_class,
        state=CardState.ACTIVE,
        serial=card.serial,
        chip_serial=chip,
        key_version=1,
        valid_from=date(2026, 1, 1),
        valid_until=date(2036, 1, 1),
        applied_at=since,
        changed_at=since,
    )
    change = CardStateChange(
        card_id=card.card_id, serial=card.serial, act="activate", state=CardState.ACTIVE, reason="", effective_at=since
    )
    return [person, row, change]


def _loaded(world: World, card: TestCard, number: int) -> Transfer:
    return Transfer(
        reference=f"load:crowd:{card.serial.hex()}",
        debit=chart.till(world.counter.till.id),
        credit=chart.purse(card.card_id),
        amount_fen=POOR_FEN if number % POOR_EVERY == 0 else LOADED_FEN,
        kind="load",
        occurred_at=world.now,
    )


@dataclass
class _Rush:
    """Who rides where and when.

    Args:
        devices: the last four have clocks that are wrong.
        pockets: the cards.
        chance: of everything.
    """

    devices: Sequence[Device]
    pockets: Sequence[Pocket]
    chance: random.Random
    sequences: dict[bytes, int] = field(default_factory=dict)

    def rides(self, records: int, start: datetime) -> Iterator[tuple[Device, TestCard, PurchaseRecord]]:
        """So many records without their TACs, until RUSH is over."""
        step = RUSH / records
        for number in range(records):
            device, pocket = self.chance.choice(self.devices), self.chance.choice(self.pockets)
            at = self._clock(device, start + number * step + self.chance.random() * step)
            record = self._ride(device, pocket, at)
            yield device, pocket.card, record
            if self._seldom(200):
                yield device, pocket.card, replace(record, kind=int(RecordKind.UNCONFIRMED))
            if self._seldom(200):
                self._count(device)
                kind = int(self.chance.choice((RecordKind.ENTRY, RecordKind.EXIT)))
                sequence = self.sequences[device.number]
                yield device, pocket.card, replace(record, kind=kind, terminal_sequence=sequence, amount_fen=0)

    def _clock(self, device: Device, at: datetime) -> datetime:
        wrong = self.devices.index(device) - len(self.devices)
        if wrong == -1:
            return at + AHEAD
        return at - BEHIND if wrong == -2 else at

    def _ride(self, device: Device, pocket: Pocket, at: datetime) -> PurchaseRecord:
        self._count(device)
        digits = f"{at.astimezone(BEIJING):%Y%m%d%H%M%S}"
        if device is self.devices[-3] and self._seldom(20):
            digits = self.chance.choice(WILD_DATES) + digits[8:]
        before, amount_fen = pocket.anchor, self._price(device, pocket, at)
        record = PurchaseRecord(
            kind=int(RecordKind.PURCHASE),
            type=crypto.TTI_COMPOUND_PURCHASE,
            issuer=ISSUER,
            card_serial=pocket.card.serial,
            terminal_sequence=self.sequences[device.number],
            card_counter=pocket.counter,
            amount_fen=amount_fen,
            balance_after_fen=max(0, pocket.balance_fen - amount_fen),
            date=bytes.fromhex(digits[:8]),
            time=bytes.fromhex(digits[8:]),
            key_index=1,
            key_version=1,
            algorithm=0,
            tac=bytes(4),
            tariff_version=99 if self._seldom(400) else TARIFF_VERSION,
            line=device.line,
            stop=0,
            card_class=pocket.card.card_class,
            base_fare_fen=200,
            anchor_line=before[0] if before else 0,
            anchor_time=bytes.fromhex(f"{before[1].astimezone(BEIJING):%Y%m%d%H%M%S}") if before else NO_ANCHOR,
        )
        if not self._seldom(100):  # else a clone of the card goes on from here as well: a fork
            pocket.counter += 1
            pocket.balance_fen = record.balance_after_fen
        if self._seldom(300):
            pocket.counter = max(1, pocket.counter - 3)
        return record

    def _price(self, device: Device, pocket: Pocket, at: datetime) -> int:
        """As the device table says; seldom too much, seldom more than any ride may cost."""
        anchor, pocket.anchor = pocket.anchor, (device.line, at.replace(microsecond=0))
        transfers = anchor is not None and anchor[0] != device.line and timedelta(0) <= at - anchor[1] <= WINDOW
        if transfers:
            pocket.anchor = None
        if self._seldom(500):
            return self.chance.randint(5_001, 9_000)
        if self._seldom(80):
            return 200
        if pocket.card.card_class == SENIOR:
            return 0
        return TRANSFER_FEN if transfers else ADULT_FEN

    def _count(self, device: Device) -> None:
        """The module's next sequence; seldom one is left out, seldom a clone of the module has used it already."""
        step = 0 if self._seldom(150) else 2 if self._seldom(150) else 1
        self.sequences[device.number] = max(1, self.sequences.get(device.number, 0) + step)

    def _seldom(self, one_in: int) -> bool:
        return self.chance.randrange(one_in) == 0


def sign(rides: Sequence[tuple[Device, TestCard, PurchaseRecord]]) -> list[Own]:
    """The records with the TACs that their cards give for them; kinds that carry none stay without."""
    keys = tac_keys([card.serial for _, card, _ in rides])
    tacs = crypto.bulk_tacs(keys, [record.tac_input(device.number) for device, _, record in rides])
    return [
        Own(device, replace(record, tac=tac) if record.kind == RecordKind.PURCHASE else record)
        for (device, _, record), tac in zip(rides, tacs, strict=True)
    ]


def tac_keys(serials: Sequence[bytes]) -> list[bytes]:
    """The TAC keys that are in these cards: master, city, card."""
    of_city = crypto.diversify(REGRESSION_MASTERS[KeyRole.TAC], CITY_FACTOR)
    return crypto.diversify_many(of_city, [serial[-8:] for serial in serials])
