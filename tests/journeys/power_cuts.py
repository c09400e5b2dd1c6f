"""The host loses power at each commit of a reader job, and a validator at each commit of its memory: nothing is lost, nothing is doubled.

At a commit the power goes either before it, and all that it would have kept is gone, or after it, and nobody hears that it was kept.
What a database does inside a commit is the database's own promise; the drills of kills try it.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import event
from sqlalchemy.orm import Session

from citizencard.cards.flow import answer_step, start_job
from citizencard.cards.issuing.personalise import chip_serial_of
from citizencard.cards.models import CardStock, StockState
from citizencard.cards.reader_jobs import TORN, JobAnswer, JobOrder, JobStep
from citizencard.db import Sessions, reading
from citizencard.purse.loads.flow import LOAD
from citizencard.purse.loads.models import LoadState
from citizencard.purse.loads.recovery import RECOVER_LOAD
from citizencard.purse.unloads.flow import UNLOAD
from citizencard.purse.unloads.models import UnloadState
from citizencard.purse.unloads.recovery import RECOVER_UNLOAD
from hardware.emulator import EmulatedCard
from hardware.terminal.outbox import Outbox
from hardware.terminal.validator import BusValidator
from tests.citizencard.cards.make_cards import CLERK
from tests.citizencard.cards.reader import MAX_STEPS
from tests.citizencard.purse.loads.make_loads import chip_balance
from tests.citizencard.purse.unloads.make_unloads import pay, stored, wish
from tests.journeys.torn_chips import TornCard, TornModule
from tests.journeys.world import SOON, Rider, Tear, World

Side = Literal["before", "after"]
SIDES: Final[tuple[Side, ...]] = ("before", "after")
AMOUNT_FEN: Final = 4_000
MAX_RUNS: Final = 5
_MEMORIES: Final = itertools.count()


class PowerCut(Exception):
    """The machine is off: whatever was not committed is gone."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Where power goes: at which commit, counted from 0, and before or after it."""

    commit: int
    side: Side


class Resumption(StrEnum):
    """What the workstation does when the host is there again."""

    SAME_JOB = "sends its answer again"
    NEW_JOB = "begins a new job"


@dataclass
class Counter:
    """Counts commits, and cuts at one of them if asked for."""

    cut: Cut | None
    commits: int = 0
    gone: bool = False

    def before(self) -> None:
        """A commit is about to begin."""
        if self.cut == Cut(self.commits, "before") and not self.gone:
            self.gone = True
            raise PowerCut

    def after(self) -> None:
        """A commit is done."""
        number = self.commits
        self.commits += 1
        if self.cut == Cut(number, "after") and not self.gone:
            self.gone = True
            raise PowerCut


@contextmanager
def commits_of(sessions: Sessions, counter: Counter) -> Iterator[None]:
    """Count what the host commits in the block, and lose power at one commit if the counter says so."""

    def before(_session: Session) -> None:
        counter.before()

    def after(_session: Session) -> None:
        counter.after()

    listeners = (("before_commit", before), ("after_commit", after))
    for name, listener in listeners:
        event.listen(sessions, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(sessions, name, listener)


@dataclass
class CutJob:
    """A reader job whose host loses power once.

    Args:
        world: the city.
        chip: in the reader.
        cut: where; None to count only.
        resumption: how it goes on.
    """

    world: World
    chip: EmulatedCard
    cut: Cut | None
    resumption: Resumption

    def run(self, order: JobOrder) -> tuple[JobStep | None, int]:
        """Run until it ends, or until power goes and a new job has to be begun (None); and how many commits there were."""
        world = self.world
        station = world.till.station(self.chip)
        counter = Counter(self.cut)
        with commits_of(world.sessions, counter):
            step: JobStep | None = None
            answer: JobAnswer | None = None
            for _ in range(MAX_STEPS):
                try:
                    if step is None:
                        step = start_job(station.bench, order, world.now)
                    elif step.done:
                        return step, counter.commits
                    else:
                        answer = answer or station.answer(step)
                        step, answer = answer_step(station.bench, answer, world.now), None
                except PowerCut:
                    world.pass_time(SOON)
                    if self.resumption is Resumption.NEW_JOB:
                        return None, counter.commits
        raise AssertionError("the job does not end")


def run_through(job: CutJob, orders: Callable[[], JobOrder | None]) -> int:
    """Run what is to be done until nothing is; power goes in the first job only. Returns the first job's commits.

    Args:
        job: how.
        orders: the job that goes on from what the host knows; None when all is decided.
    """
    first = 0
    for number in range(MAX_RUNS):
        order = orders()
        if order is None:
            return first
        _, commits = replace(job, cut=job.cut if number == 0 else None).run(order)
        first = commits if number == 0 else first
    raise AssertionError("the order is never decided")


@dataclass
class CutLoad:
    """A load, or with a tear its recovery, whose host loses power."""

    world: World
    rider: Rider
    cut: Cut | None
    resumption: Resumption
    tear: Tear | None = None
    commits: int = 0

    def play(self) -> list[str]:
        """Play it; what does not agree, in words."""
        world, rider, till = self.world, self.rider, self.world.till
        before_fen, till_fen = chip_balance(rider.chip), till.money(rider.card).till
        load = till.request(rider.card, AMOUNT_FEN)

        def orders() -> JobOrder | None:
            state = till.stored(load).state
            kind = RECOVER_LOAD if state == LoadState.AUTHORISED else LOAD
            return None if state == LoadState.PROVEN else JobOrder(kind, load.id, rider.chip.atr, CLERK)

        _tear(world, rider, orders(), self.tear)
        self.commits = run_through(CutJob(world, rider.chip, self.cut, self.resumption), orders)
        found = []
        if chip_balance(rider.chip) != before_fen + AMOUNT_FEN:
            found.append(f"the chip holds {chip_balance(rider.chip)}, had {before_fen}")
        if till.money(rider.card).till != till_fen + AMOUNT_FEN:
            found.append(f"the till holds {till.money(rider.card).till}, had {till_fen}")
        return found + world.differences()


@dataclass
class CutUnload:
    """An unload of all there is, or with a tear its recovery, whose host loses power; in the end cash is paid."""

    world: World
    rider: Rider
    cut: Cut | None
    resumption: Resumption
    tear: Tear | None = None
    commits: int = 0

    def play(self) -> list[str]:
        """Play it; what does not agree, in words."""
        world, rider, till = self.world, self.rider, self.world.till
        before_fen, till_fen = chip_balance(rider.chip), till.money(rider.card).till
        unload = wish(till, rider.card)

        def orders() -> JobOrder | None:
            nonlocal unload
            found = stored(till, unload)
            if found.state == UnloadState.PROVEN:
                return None
            if found.state == UnloadState.DISPROVEN:
                unload = wish(till, rider.card)
            kind = RECOVER_UNLOAD if found.state == UnloadState.AUTHORISED else UNLOAD
            return JobOrder(kind, unload.id, rider.chip.atr, CLERK)

        _tear(world, rider, orders(), self.tear)
        self.commits = run_through(CutJob(world, rider.chip, self.cut, self.resumption), orders)
        pay(till, unload)
        money, found = till.money(rider.card), []
        if chip_balance(rider.chip):
            found.append(f"{chip_balance(rider.chip)} fen are left on the chip")
        if (money.due, money.till) != (0, till_fen - before_fen):
            found.append(f"{money.due} fen are due and {money.till} in the till, the chip gave {before_fen}")
        return found + world.differences()


def _tear(world: World, rider: Rider, order: JobOrder | None, tear: Tear | None) -> None:
    if order is not None and tear is not None:
        station = world.till.station(rider.chip)
        rider.chip.tear(tear.apdu, tear.phase)
        assert station.run(order, world.now).outcome == TORN


@dataclass
class _CutMaking:
    """A chip in making whose host loses power."""

    cut: Cut | None = None
    resumption: Resumption = Resumption.SAME_JOB
    commits: int = 0

    def _make(self, world: World, order: JobOrder, chip: EmulatedCard) -> tuple[list[str], int]:
        def orders() -> JobOrder | None:
            with reading(world.sessions) as session:
                found = session.get_one(CardStock, chip_serial_of(chip.atr)).state
            return None if found == StockState.PERSONALISED else order

        self.commits = run_through(CutJob(world, chip, self.cut, self.resumption), orders)
        return [], 0


@dataclass
class CutCard(_CutMaking, TornCard):
    """A card in making whose host loses power."""

    def run(self, order: JobOrder, chip: EmulatedCard) -> tuple[list[str], int]:
        """Make it through the cut."""
        return self._make(self.world, order, chip)


@dataclass
class CutModule(_CutMaking, TornModule):
    """A security module in making whose host loses power."""

    def run(self, order: JobOrder, chip: EmulatedCard) -> tuple[list[str], int]:
        """Make it through the cut."""
        return self._make(self.world, order, chip)


class CutMemory(Outbox):
    """A validator's memory whose device loses power at one of its commits."""

    def __init__(self, path: Path, counter: Counter) -> None:
        self.path, self.counter = path, counter
        self._runs = False
        super().__init__(path)
        self._runs = True

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with super()._transaction():
            yield
            if self._runs:
                self.counter.before()
        if self._runs:
            self.counter.after()


@dataclass
class CutRide:
    """A ride and its upload; validator and host lose power at one of their commits, and the card comes back or does not.

    Args:
        world: the city; nothing waits in its validators.
        rider: whose card.
        cut: at which commit of the validator's memory and the host together; None to count.
        comes_back: the card is held to the validator again if power went while it was there.
        commits: how many there were.
    """

    world: World
    rider: Rider
    cut: Cut | None
    comes_back: bool = True
    commits: int = 0

    def play(self) -> list[str]:
        """Play it; what does not agree, in words."""
        world, rider, bus = self.world, self.rider, self.world.bus1
        counter = Counter(self.cut)
        memory = CutMemory(world.folder / f"cut-{next(_MEMORIES)}.sqlite", counter)
        before_fen = chip_balance(rider.chip)
        self._boot(memory)
        try:
            world.tap(bus, rider)
        except PowerCut:
            memory = self._reboot(memory)
            world.pass_time(SOON)
            if self.comes_back:
                world.tap(bus, rider)
        with commits_of(world.sessions, counter):
            for _ in range(MAX_RUNS):
                try:
                    world.upload(bus)
                    break
                except PowerCut:
                    memory = self._reboot(memory)
        self.commits = counter.commits
        paid_fen = before_fen - chip_balance(rider.chip)
        unproven = {rider.card.id: paid_fen} if paid_fen and memory.counts().torn else {}
        found = [] if not memory.counts().waiting else ["a record was never sent"]
        return found + world.differences(unproven)

    def _boot(self, memory: CutMemory) -> None:
        bus = self.world.bus1
        bus.outbox.close()
        bus.outbox = memory
        bus.psam.reset()
        bus.validator = BusValidator(bus.psam, memory, bus.table, bus.settings, bus.validator.hotlist)

    def _reboot(self, memory: CutMemory) -> CutMemory:
        memory.close()
        again = CutMemory(memory.path, memory.counter)
        self._boot(again)
        return again
