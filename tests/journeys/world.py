"""A whole city in one process, put together from the real parts: vault, books, counters, emulated chips, validators with their memory.

    world = World.found(sessions, vault, folder, now)
    rider = world.resident()                      a card, personalised and activated by reader jobs
    world.load(rider, 10_000)
    world.tap(world.bus1, rider)
    world.upload(world.bus1)
    assert world.differences() == []              chips, shadows, certificate and books

Nothing is replaced but HTTP: what a terminal would send is given to the upload's own door.
"""

import copy
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from citizencard.cards.hotlist_downloads import download
from citizencard.cards.hotlist_publications import publish as publish_hotlist
from citizencard.cards.models import Card
from citizencard.cards.states import Deed, report_loss
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.merchants.registry import NewLine, register_line, register_merchant
from citizencard.purse.loads.models import Load
from citizencard.purse.uploads.flow import take_batch, take_records
from citizencard.purse.uploads.limits import open_limits, release_limit
from citizencard.purse.uploads.receipts import BatchReceipt, RecordVerdict
from citizencard.settlement.flow import DayClosing, SettledDay, settle_day
from citizencard.tariffs.device import compile_table
from citizencard.tariffs.versions import PUBLISH, in_force, publish, publish_payload, read_version
from citizencard.terminals.enrolment import enrol, issue_enrolment_code
from citizencard.terminals.registry import (
    BIND,
    NewBinding,
    bind_terminal,
    next_terminal_number,
    register_psam,
    register_terminal,
)
from citizencard.terminals.shifts import sign_in
from hardware.card.channel import CardChannel
from hardware.emulator import CardImage, EmulatedCard
from hardware.emulator.card import TearPhase
from hardware.terminal.batch import Batch
from hardware.terminal.fares import DeviceTable
from hardware.terminal.hotlist import Hotlist
from hardware.terminal.outbox import Outbox
from hardware.terminal.receipts import BatchReceipt as DeviceReceipt
from hardware.terminal.validator import BusValidator, TapResult, ValidatorSettings
from ledger import open_day
from tests.citizencard.cards.make_cards import CLERK, CardWish, issue_card, make_psam
from tests.citizencard.purse.loads.make_loads import City
from tests.citizencard.purse.uploads.make_records import MAKER, TARIFF, approved
from tests.journeys.agreement import differences

ADULT: Final = 0x01
SENIOR: Final = 0x03
ADULT_FEN: Final = 180
TRANSFER_FEN: Final = 80
LOADED_FEN: Final = 10_000
SOON: Final = timedelta(seconds=20)
NEXT_DAY: Final = timedelta(days=1)
MAX_BATCHES: Final = 20
_MEMORIES: Final = itertools.count()


@dataclass(frozen=True, slots=True)
class Tear:
    """A power cut to come: at which command, counted from 0, and before it, inside it or after its commit."""

    apdu: int
    phase: TearPhase


@dataclass
class Rider:
    """A resident with a card in the pocket."""

    card: Card
    chip: EmulatedCard


@dataclass
class Bus:
    """A validator at the door of a bus, with everything it needs."""

    terminal_id: str
    psam: EmulatedCard
    settings: ValidatorSettings
    table: DeviceTable
    key: Ed25519PrivateKey = field(repr=False)
    outbox: Outbox
    validator: BusValidator

    def batch(self, at: datetime) -> Batch | None:
        """What is to be sent now; stays the same until it is judged."""
        head = self.settings.batch_head(self.table.version, self.validator.hotlist.version, at)
        return self.outbox.build_batch(head, self.key.sign)


@dataclass
class World:
    """A city with one bus company, two buses that are bound, and one whose module nobody ever registered."""

    sessions: Sessions
    hsm: Hsm
    folder: Path
    now: datetime
    counter: City
    merchant_id: str
    bus1: Bus
    bus2: Bus
    stray: Bus
    riders: list[Rider] = field(default_factory=list)

    @classmethod
    def found(
        cls, sessions: Sessions, hsm: Hsm, folder: Path, now: datetime, tariff: Mapping[str, Any] = TARIFF
    ) -> "World":
        """Begin the books, open a counter, publish the fares, and put three buses on the road."""
        counter = City.open(sessions, hsm, now)
        with transaction(sessions) as session:
            merchant_id = register_merchant(session, "City Bus", "bus", now=now).id
            for number in (1, 2):
                register_line(session, NewLine(number, merchant_id, f"Line {number}", 200), now=now)
            publish(session, tariff, approved(session, PUBLISH, publish_payload(tariff), now), now=now)
        garage = _Garage(sessions, hsm, folder, now)
        bus1, bus2, stray = garage.bus(1, merchant_id), garage.bus(2, merchant_id), garage.bus(1, None)
        return cls(sessions, hsm, folder, now, counter, merchant_id, bus1, bus2, stray)

    def close(self) -> None:
        """Close what files are open."""
        for bus in self.buses:
            bus.outbox.close()

    @property
    def buses(self) -> tuple[Bus, Bus, Bus]:
        """All three."""
        return self.bus1, self.bus2, self.stray

    @property
    def till(self) -> City:
        """The counter as it is now."""
        return replace(self.counter, now=self.now)

    def deed(self) -> Deed:
        """Of the clerk, now."""
        return Deed(CLERK, self.now)

    def pass_time(self, time: timedelta) -> None:
        """Let the clocks of the city go on."""
        self.now += time

    def resident(self, card_class: int = ADULT, loaded_fen: int = 0) -> Rider:
        """Somebody new, linked to social security, with a card of this class and so much money on it."""
        rider = Rider(*issue_card(self.sessions, self.hsm, self.now, CardWish(card_class=card_class)))
        self.riders.append(rider)
        if loaded_fen:
            self.load(rider, loaded_fen)
        return rider

    def load(self, rider: Rider, amount_fen: int) -> Load:
        """Cash over the counter onto the chip."""
        return self.till.loaded(rider.card, rider.chip, amount_fen)

    def tap(
        self,
        bus: Bus,
        rider: Rider,
        tear: Tear | None = None,
        through: Callable[[CardChannel], CardChannel] | None = None,
    ) -> TapResult:
        """Hold the card to the validator; torn away if asked for."""
        rider.chip.reset()
        if tear is not None:
            rider.chip.tear(tear.apdu, tear.phase)
        return bus.validator.tap(through(rider.chip) if through else rider.chip, self.now)

    def upload(self, bus: Bus, *, as_json: bool = False) -> list[RecordVerdict]:
        """Send everything that waits, batch after batch; the validator forgets what was judged."""
        verdicts: list[RecordVerdict] = []
        for _ in range(MAX_BATCHES):
            batch = bus.batch(self.now)
            if batch is None:
                return verdicts
            receipt = self.take(bus, batch.as_json() if as_json else batch.data)
            bus.outbox.apply_receipt(DeviceReceipt.parse(json.loads(json.dumps(receipt.as_json()))))
            verdicts += receipt.verdicts
        raise AssertionError("the outbox does not get empty")

    def take(self, bus: Bus, content: bytes | Mapping[str, Any]) -> BatchReceipt:
        """The server's side of one upload that this bus has signed, as a file or as JSON."""
        if isinstance(content, bytes):
            return take_batch(self.sessions, self.hsm, bus.terminal_id, content, self.now)
        return take_records(self.sessions, self.hsm, bus.terminal_id, content, self.now)

    def release_limits(self) -> int:
        """A person looks at whatever is parked for bad TACs, and lets it be judged again; returns how many limits there were."""
        with transaction(self.sessions) as session:
            found = open_limits(session, 0, 200)
            for limit in found:
                release_limit(session, limit.id, MAKER, "looked at", self.now)
            return len(found)

    def fetch_hotlist(self, bus: Bus) -> None:
        """Let a validator have the list in force."""
        held = bus.validator.hotlist
        with transaction(self.sessions) as session:
            bus.validator.hotlist = held.updated(download(session, publish_hotlist(session, self.now), held.version))

    def lose(self, rider: Rider) -> datetime:
        """The holder reports the card lost; returns when the loss takes effect."""
        with transaction(self.sessions) as session:
            return report_loss(session, rider.card.id, self.deed(), temporary=False)

    def close_day(self) -> SettledDay:
        """Close the business day, settle it, open the next."""
        with reading(self.sessions) as session:
            day = open_day(session)
        return settle_day(self.sessions, DayClosing(day, day + timedelta(days=1)), MAKER, self.now)

    def differences(self, unproven: Mapping[str, int] | None = None) -> list[str]:
        """Where chips, shadows, certificate and books do not agree, in words; `unproven` fen by card id are on no record with a TAC."""
        chips = {rider.card.id: rider.chip for rider in self.riders}
        return differences(self.sessions, chips, unproven or {})

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Try something: afterwards database, chips, clocks and the validators' memories are as before. Modules go on counting."""
        bind = self.sessions.kw["bind"]
        assert isinstance(bind, Connection), "only a city within one transaction can be undone"
        savepoint = bind.begin_nested()
        now, kept = self.now, [(rider, copied(rider.chip)) for rider in self.riders]
        try:
            yield
        finally:
            savepoint.rollback()
            self.now = now
            self.riders = [rider for rider, _ in kept]
            for rider, chip in kept:
                rider.chip = chip
            for bus in self.buses:
                _forget(bus, self.folder)


def copied(chip: EmulatedCard) -> EmulatedCard:
    """The same chip in another piece of plastic: what a perfect clone would be."""
    return EmulatedCard(CardImage(copy.deepcopy(chip.image._content)))


@dataclass(frozen=True, slots=True)
class _Garage:
    """Where buses are fitted out."""

    sessions: Sessions
    hsm: Hsm
    folder: Path
    now: datetime

    def bus(self, line: int, merchant_id: str | None) -> Bus:
        """A bus; without a merchant its module stays unregistered and its device unbound."""
        with transaction(self.sessions) as session:
            number = next_terminal_number(session)
        order, psam = make_psam(self.sessions, self.hsm, self.now, number)
        key = Ed25519PrivateKey.generate()
        with transaction(self.sessions) as session:
            terminal_id = register_terminal(session, f"Bus of line {line}", "bus_validator", now=self.now).id
            code = issue_enrolment_code(session, terminal_id, now=self.now)
            enrol(session, code, key.public_key().public_bytes_raw(), now=self.now)
            if merchant_id is not None:
                register_psam(session, order.serial, number, now=self.now)
                self._bind(session, NewBinding(terminal_id, order.serial, merchant_id, line, self.now))
            signed = sign_in(session, terminal_id, "journey", now=self.now)
            table = DeviceTable.parse(compile_table(read_version(in_force(session, self.now))))
        settings = ValidatorSettings(terminal_number=number, psam_serial=order.serial, line=line)
        outbox = new_memory(self.folder)
        outbox.raise_next_batch(signed.batch)
        validator = BusValidator(psam, outbox, table, settings, Hotlist())
        return Bus(terminal_id, psam, settings, table, key, outbox, validator)

    def _bind(self, session: Session, binding: NewBinding) -> None:
        bind_terminal(session, binding, approved(session, BIND, binding.payload(), self.now), now=self.now)


def clone_of(bus: Bus, folder: Path) -> Bus:
    """A validator with a perfect copy of another one's module: both will use the same terminal sequences."""
    outbox = new_memory(folder)
    psam = copied(bus.psam)
    validator = BusValidator(psam, outbox, bus.table, bus.settings, Hotlist())
    return replace(bus, psam=psam, outbox=outbox, validator=validator)


def new_memory(folder: Path) -> Outbox:
    """The memory of a validator out of the box; no two have the same file."""
    return Outbox(folder / f"outbox-{next(_MEMORIES)}.sqlite")


def _forget(bus: Bus, folder: Path) -> None:
    """Give a validator an empty memory."""
    bus.outbox.close()
    bus.outbox = new_memory(folder)
    bus.psam.reset()
    hotlist = bus.validator.hotlist
    bus.validator = BusValidator(bus.psam, bus.outbox, bus.table, bus.settings, hotlist)
