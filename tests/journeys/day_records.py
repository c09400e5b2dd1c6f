"""A day's records as real chips and modules made them, and any number of ways to bring them in: doubled, split, forged, in any order."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from citizencard.db import reading
from citizencard.purse.uploads.receipts import RecordVerdict
from citizencard.purse.uploads.records import PurchaseRecord, RecordKind
from hardware.terminal.validator import Outcome
from tests.citizencard.purse.uploads.make_records import Device, json_of, seal, unsealed
from tests.journeys.agreement import balances_of
from tests.journeys.world import ADULT, LOADED_FEN, SENIOR, SOON, Bus, Rider, Tear, World, clone_of

DEBIT: Final = 6
MAX_COPIES: Final = 3
MAX_BATCH: Final = 7
FORGERIES: Final = 4
"""Forged copies of each record: enough for the alarms on bad TACs to ring."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One upload to be made: which records under whose name, as a file or as JSON."""

    bus: Bus
    records: tuple[bytes, ...]
    batch: int
    as_json: bool


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What a way of bringing the day in came to.

    Args:
        balances: of every account.
        verdicts: how often each first verdict was given, with its reason.
        findings: how often each kind was found.
    """

    balances: dict[str, int]
    verdicts: Counter[tuple[str, str | None]]
    findings: Counter[str]


@dataclass(frozen=True, slots=True)
class Day:
    """All records of a day by bus, genuine ones only."""

    world: World
    records: tuple[tuple[Bus, bytes], ...]

    @classmethod
    def ride(cls, world: World) -> "Day":
        """Rides with everything that happens: transfer, free ride, cloned module, torn debit, lost card, module nobody registered."""
        adult, senior, lost = (world.resident(kind, LOADED_FEN) for kind in (ADULT, SENIOR, ADULT))
        clone = clone_of(world.bus1, world.folder)
        for bus, rider in (
            (world.bus1, adult),
            (world.bus2, adult),
            (clone, adult),
            (clone, senior),
            (world.bus1, senior),
            (world.bus2, lost),
            (world.stray, adult),
            (world.stray, lost),
        ):
            _ride(world, bus, rider)
        world.pass_time(SOON)
        assert world.tap(world.bus2, adult, Tear(DEBIT, "after")).outcome is Outcome.PRESENT_AGAIN
        unconfirmed = world.bus2.outbox.waiting()
        world.pass_time(SOON)
        assert world.tap(world.bus2, adult).outcome is Outcome.RECOVERED
        world.now = world.lose(lost)
        _ride(world, world.bus1, lost)
        records = [
            (bus, record.encode())
            for bus, waiting in (
                (world.bus1, world.bus1.outbox.waiting()),
                (world.bus1, clone.outbox.waiting()),
                (world.bus2, [*unconfirmed, *world.bus2.outbox.waiting()]),
                (world.stray, world.stray.outbox.waiting()),
            )
            for record in waiting
        ]
        clone.outbox.close()
        return cls(world, tuple(_different(records)))

    def as_it_came(self) -> list[Sent]:
        """Bus after bus, each record once, and nobody forges anything."""
        return [
            Sent(bus, tuple(raw for owner, raw in self.records if owner is bus), 1, as_json=False)
            for bus in self.world.buses
        ]

    def forged(self, chance: random.Random) -> list[tuple[Bus, bytes]]:
        """Copies with another amount, time, sequence or TAC: what somebody without the card's key can make."""
        return [(bus, one) for bus, raw in self.records for one in _forgeries(PurchaseRecord.decode(raw), chance)]

    def altered(self, chance: random.Random) -> list[tuple[Bus, bytes]]:
        """The same taps with a counter, balance and stop that the card did not sign."""
        return [
            (bus, _altered(record, chance).encode())
            for bus, raw in self.records
            for record in (PurchaseRecord.decode(raw),)
            if record.kind == RecordKind.PURCHASE
        ]

    def shuffled(self, forged: Sequence[tuple[Bus, bytes]], chance: random.Random) -> list[Sent]:
        """Genuine and forged records, each up to three times, cut into batches anyhow, in any order."""
        everything = [pair for pair in (*self.records, *forged) for _ in range(chance.randint(1, MAX_COPIES))]
        chance.shuffle(everything)
        if chance.random() < 1 / 2:  # the forger is first
            genuine = {raw for _, raw in self.records}
            everything.sort(key=lambda pair: pair[1] in genuine)
        sent: list[Sent] = []
        for bus in self.world.buses:
            waiting = [raw for owner, raw in everything if owner is bus]
            while waiting:
                size = chance.randint(1, MAX_BATCH)
                chunk, waiting = waiting[:size], waiting[size:]
                sent.append(Sent(bus, tuple(chunk), chance.randrange(2**32), as_json=chance.random() < 1 / 2))
        if chance.random() < 1 / 2:
            chance.shuffle(sent)
        return sent

    def bring_in(self, sent: Sequence[Sent]) -> Outcomes:
        """Upload all of it."""
        verdicts: Counter[tuple[str, str | None]] = Counter()
        findings: Counter[str] = Counter()
        for one in sent:
            for verdict in judged(self.world, one):
                if verdict.verdict != "duplicate":
                    verdicts[verdict.verdict, verdict.reason] += 1
                    findings.update(verdict.findings)
        with reading(self.world.sessions) as session:
            return Outcomes(balances_of(session), verdicts, findings)


def judged(world: World, sent: Sent) -> list[RecordVerdict]:
    """Upload it; what too many bad TACs park is sent again once the limits are released, until each record has its verdict."""
    verdicts: list[RecordVerdict] = []
    waiting = sent.records
    while waiting:
        receipt = world.take(sent.bus, content_of(replace(sent, records=waiting)))
        verdicts += receipt.verdicts
        waiting = tuple(kept.record.encode() for kept in receipt.kept)
        if waiting:
            world.release_limits()
    return verdicts


def as_device(bus: Bus) -> Device:
    """The bus as the makers of files know it."""
    settings = bus.settings
    return Device(bus.terminal_id, settings.terminal_number, settings.psam_serial, settings.line, bus.key)


def content_of(sent: Sent) -> bytes | dict[str, object]:
    """The file by hardware/terminal/PROTOCOL.md, signed by the bus, or its JSON form; count, total and digest are right in any case."""
    device = as_device(sent.bus)
    if not sent.as_json or any(any(PurchaseRecord.decode(raw).reserve) for raw in sent.records):
        return seal(unsealed(device, sent.records, sent.batch), device.key)
    return json_of(device, [PurchaseRecord.decode(raw) for raw in sent.records], sent.batch)


def _different(records: Sequence[tuple[Bus, bytes]]) -> Iterator[tuple[Bus, bytes]]:
    seen: set[tuple[int, bytes]] = set()
    for bus, raw in records:
        if (id(bus), raw) not in seen:
            seen.add((id(bus), raw))
            yield bus, raw


def _ride(world: World, bus: Bus, rider: Rider) -> None:
    world.pass_time(SOON)
    assert world.tap(bus, rider).is_green


def _forgeries(record: PurchaseRecord, chance: random.Random) -> Iterator[bytes]:
    """Without the card's key a TAC fits nothing but what it was made for; records without one cannot be forged into money."""
    if record.kind != RecordKind.PURCHASE:
        yield replace(record, kind=RecordKind.PURCHASE, tac=chance.randbytes(4)).encode()
        return
    changes: list[dict[str, object]] = [
        {"tac": (int.from_bytes(record.tac) ^ 1 << chance.randrange(32)).to_bytes(4)},
        {"amount_fen": record.amount_fen + chance.randint(1, 5_000)},
        {"terminal_sequence": record.terminal_sequence + chance.randint(100, 10_000)},
        {"time": bytes((record.time[0], record.time[1], (record.time[2] + 1) % 10))},
    ]
    for change in changes[:FORGERIES]:
        yield replace(record, **change).encode()  # type: ignore[arg-type] # each value has its field's type


def _altered(record: PurchaseRecord, chance: random.Random) -> PurchaseRecord:
    counter, balance_fen, stop = chance.randrange(2**16), chance.randrange(2**32), chance.randrange(2**16)
    return replace(record, card_counter=counter, balance_after_fen=balance_fen, stop=stop)
