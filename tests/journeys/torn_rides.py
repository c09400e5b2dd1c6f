"""A ride torn at every command and in every phase, and whatever becomes of the card: chip, validator, shadow and books must agree."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import CardChannel
from hardware.emulator.card import TearPhase
from hardware.terminal.validator import Outcome
from tests.citizencard.purse.loads.make_loads import chip_balance
from tests.journeys.world import ADULT, ADULT_FEN, NEXT_DAY, SOON, TRANSFER_FEN, Bus, Rider, Tear, World

PHASES: Final[tuple[TearPhase, ...]] = ("before", "inside", "after")


class Ending(StrEnum):
    """What becomes of the torn card."""

    COMES_BACK = "comes back at once"
    COMES_BACK_AFTER_UPLOAD = "comes back at once, after an upload"
    NEXT_DAY = "comes back the next day"
    NEXT_DAY_AFTER_UPLOAD = "comes back the next day, after an upload"
    NEVER = "never comes back"
    ELSEWHERE = "rides on another bus and never comes back"
    ELSEWHERE_AND_BACK = "rides on another bus and comes back the next day"


SAME_RIDE: Final = frozenset({Ending.COMES_BACK, Ending.COMES_BACK_AFTER_UPLOAD})
UPLOAD_BETWEEN: Final = frozenset({Ending.COMES_BACK_AFTER_UPLOAD, Ending.NEXT_DAY_AFTER_UPLOAD})
ELSEWHERE: Final = frozenset({Ending.ELSEWHERE, Ending.ELSEWHERE_AND_BACK})


@dataclass
class Counted:
    """A channel that counts what it carries."""

    card: CardChannel
    commands: int = 0

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        self.commands += 1
        return self.card.transmit(command)


def tears(commands: int) -> list[Tear]:
    """Every command of a sequence, in every phase."""
    return [Tear(apdu, phase) for apdu, phase in product(range(commands), PHASES)]


def ride_commands(world: World, rider: Rider) -> int:
    """How many commands a ride has; the last one is DEBIT, the only one after which money may have moved."""
    counted: list[Counted] = []

    def through(card: CardChannel) -> CardChannel:
        counted.append(Counted(card))
        return counted[0]

    with world.undone():
        assert world.tap(world.bus1, rider, through=through).is_green
    return counted[0].commands


@dataclass
class TornRide:
    """One point: this rider's card is torn from bus 1 like this, and ends like this.

    Args:
        world: the city; nothing waits in its validators.
        rider: whose card.
        tear: where.
        ending: what becomes of it.
        last: number of DEBIT among the ride's commands.
    """

    world: World
    rider: Rider
    tear: Tear
    ending: Ending
    last: int

    @property
    def fare_fen(self) -> int:
        """What a ride costs this rider."""
        return ADULT_FEN if self.rider.card.card_class == ADULT else 0

    @property
    def sent(self) -> bool:
        """The validator has sent DEBIT and got no answer."""
        return self.tear.apdu == self.last

    @property
    def paid(self) -> bool:
        """The chip has carried it out."""
        return self.tear == Tear(self.last, "after")

    def play(self) -> list[str]:
        """Play it; what does not agree, in words."""
        world, rider = self.world, self.rider
        before_fen = chip_balance(rider.chip)
        found = self._expect(world.bus1, Outcome.PRESENT_AGAIN, self.tear)
        unproven = {rider.card.id: self.fare_fen} if self.paid else {}
        spent_fen = self.fare_fen if self.paid else 0
        if self.ending in UPLOAD_BETWEEN:
            found += self._report() + world.differences(unproven)
        if self.ending in ELSEWHERE:
            spent_fen += self._ride_elsewhere(found)
        if self.ending in (Ending.NEVER, Ending.ELSEWHERE):
            found += self._report()
        else:
            spent_fen += self._come_back(found)
            # A newer purchase has overwritten the proof: only then a debit stays an open item although the card came back.
            unproven = unproven if self.ending in ELSEWHERE else {}
            world.upload(world.bus1)
        chip_paid_fen = before_fen - chip_balance(rider.chip)
        if chip_paid_fen != spent_fen:
            found.append(f"the chip paid {chip_paid_fen}, not {spent_fen}")
        return found + self._forgotten(unproven) + world.differences(unproven)

    def _expect(self, bus: Bus, wanted: Outcome, tear: Tear | None = None) -> list[str]:
        result = self.world.tap(bus, self.rider, tear)
        return [] if result.outcome is wanted else [f"{result.outcome}, not {wanted}: {result.text}"]

    def _report(self) -> list[str]:
        """The bus uploads: one open item of this card if DEBIT was sent, nothing otherwise."""
        verdicts = self.world.upload(self.world.bus1)
        told = [(one.record.kind, one.record.card_serial, one.record.amount_fen, one.findings) for one in verdicts]
        open_item = (2, self.rider.card.serial, self.fare_fen, ("unconfirmed_purchase",))
        return [] if told == [open_item] * self.sent else [f"the bus reported {told}"]

    def _ride_elsewhere(self, found: list[str]) -> int:
        """A ride on the other bus; cheaper if the card carries the torn ride as its anchor, which it does if it has paid."""
        self.world.pass_time(SOON)
        found += self._expect(self.world.bus2, Outcome.ACCEPTED)
        self.world.upload(self.world.bus2)
        return min(self.fare_fen, TRANSFER_FEN) if self.paid else self.fare_fen

    def _come_back(self, found: list[str]) -> int:
        """Presented again to the same validator: the same ride, or on the next day a new one. Returns what the chip pays now."""
        same_ride = self.ending in SAME_RIDE
        self.world.pass_time(SOON if same_ride else NEXT_DAY)
        recovered = self.paid and same_ride
        found += self._expect(self.world.bus1, Outcome.RECOVERED if recovered else Outcome.ACCEPTED)
        return 0 if recovered else self.fare_fen

    def _forgotten(self, unproven: dict[str, int]) -> list[str]:
        """The validator keeps nothing but debits whose card has not come back."""
        counts = self.world.bus1.outbox.counts()
        gone = self.ending in (Ending.NEVER, Ending.ELSEWHERE)
        kept = int(self.sent if gone else bool(unproven) or (self.paid and self.ending in ELSEWHERE))
        found = (counts.waiting, counts.torn, counts.open_batch)
        return [] if found == (0, kept, 0) else [f"the validator still holds {counts}"]
