"""Personalisation torn at every command and in every phase, started over, and then lived with: the card must be as good as any."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from citizencard.cards.issuing.personalise import PERSONALISE, PERSONALISED
from citizencard.cards.issuing.psam import PERSONALISE_PSAM
from citizencard.cards.models import ChipKind
from citizencard.cards.reader_jobs import TORN, JobOrder
from citizencard.cards.states import activate_card, issue_card
from citizencard.db import transaction
from citizencard.terminals.registry import next_terminal_number
from hardware.emulator import EmulatedCard
from hardware.terminal.hotlist import Hotlist
from hardware.terminal.validator import BusValidator, Outcome
from tests.citizencard.cards.make_cards import CLERK, application, blank, psam_order, stored_card
from tests.journeys.world import ADULT_FEN, LOADED_FEN, SOON, Bus, Rider, Tear, World, new_memory


def personalise_commands(world: World) -> tuple[int, int]:
    """How many commands the making of a card and of a security module has, on a fresh chip."""
    with world.undone():
        card = TornCard(world, ()).make()[1]
        module = TornModule(world, ()).make()[1]
    return card, module


def _run(world: World, order: JobOrder, chip: EmulatedCard, tears: Sequence[Tear]) -> tuple[list[str], int]:
    """Run the job as often as it is torn, and once more; says what went wrong, and how many commands the last run had."""
    found: list[str] = []
    for tear in tears:
        station = world.till.station(chip)
        chip.tear(tear.apdu, tear.phase)
        end = station.run(order, world.now)
        world.pass_time(SOON)
        if end.outcome == PERSONALISED:  # later runs may have fewer commands than a first one
            return found, len(station.trace)
        if end.outcome != TORN:
            found.append(f"torn at {tear}: {end.outcome} {end.ticks}")
    station = world.till.station(chip)
    end = station.run(order, world.now)
    if end.outcome != PERSONALISED:
        found.append(f"after {tears}: {end.outcome} {end.ticks}")
    return found, len(station.trace)


@dataclass
class TornCard:
    """A card in making that is torn out of the reader at each of these points, one after the other."""

    world: World
    tears: Sequence[Tear]

    def run(self, order: JobOrder, chip: EmulatedCard) -> tuple[list[str], int]:
        """Run the job until the chip is made; what went wrong, and how many commands the last run had."""
        return _run(self.world, order, chip, self.tears)

    def make(self) -> tuple[list[str], int, Rider]:
        """Make it; what went wrong, the number of commands, and the card."""
        world = self.world
        card = application(world.sessions, world.hsm, world.now)
        chip = blank(world.sessions, world.hsm, world.now)
        found, commands = self.run(JobOrder(PERSONALISE, card.id, chip.atr, CLERK), chip)
        return found, commands, Rider(card, chip)

    def play(self) -> list[str]:
        """Make it, load it, ride with it; what does not agree, in words."""
        world = self.world
        found, _, rider = self.make()
        if found:
            return found
        with transaction(world.sessions) as session:
            issue_card(session, rider.card.id, world.deed())
            activate_card(session, rider.card.id, world.deed())
        rider.card = stored_card(world.sessions, rider.card.id)
        world.riders.append(rider)
        world.load(rider, LOADED_FEN)
        world.pass_time(SOON)
        ride = world.tap(world.bus1, rider)
        if (ride.outcome, ride.amount_fen) != (Outcome.ACCEPTED, ADULT_FEN):
            found.append(f"the first ride: {ride.text}")
        found += [f"{one.verdict} {one.reason}" for one in world.upload(world.bus1) if one.verdict != "accepted"]
        return found + world.differences()


@dataclass
class TornModule:
    """A security module in making that is torn out of the reader at each of these points, one after the other."""

    world: World
    tears: Sequence[Tear]

    def run(self, order: JobOrder, chip: EmulatedCard) -> tuple[list[str], int]:
        """Run the job until the chip is made; what went wrong, and how many commands the last run had."""
        return _run(self.world, order, chip, self.tears)

    def make(self) -> tuple[list[str], int, Bus]:
        """Make it; what went wrong, the number of commands, and a validator with it."""
        world = self.world
        with transaction(world.sessions) as session:
            number = next_terminal_number(session)
        order = psam_order(world.sessions, world.now, number)
        psam = blank(world.sessions, world.hsm, world.now, ChipKind.PSAM)
        found, commands = self.run(JobOrder(PERSONALISE_PSAM, order.id, psam.atr, CLERK), psam)
        if found:
            return found, commands, world.stray
        psam.reset()
        settings = replace(world.stray.settings, terminal_number=number, psam_serial=order.serial)
        outbox = new_memory(world.folder)
        validator = BusValidator(psam, outbox, world.stray.table, settings, Hotlist())
        made = replace(world.stray, psam=psam, settings=settings, outbox=outbox, validator=validator)
        return found, commands, made

    def play(self, rider: Rider) -> list[str]:
        """Make it and ride with it. Nobody has registered it, so the fare waits in suspense; the purse is debited all the same."""
        world = self.world
        found, _, bus = self.make()
        if found:
            return found
        world.pass_time(SOON)
        ride = world.tap(bus, rider)
        if (ride.outcome, ride.amount_fen) != (Outcome.ACCEPTED, ADULT_FEN):
            found.append(f"the first ride: {ride.text}")
        told = [(one.verdict, one.reason) for one in world.upload(bus)]
        bus.outbox.close()
        if told != [("suspicious", "unregistered_psam")]:
            found.append(f"the first record: {told}")
        return found + world.differences()
