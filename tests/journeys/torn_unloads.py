"""An unload torn at every command and in every phase, its recovery torn as well: the money is on the chip, or the holder's, never both."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from citizencard.cards.reader_jobs import TORN, JobOrder
from citizencard.purse.unloads.flow import UNLOAD, UNLOADED
from citizencard.purse.unloads.models import Unload, UnloadState
from citizencard.purse.unloads.recovery import DISPROVEN, RECOVER_UNLOAD
from tests.citizencard.cards.make_cards import CLERK
from tests.citizencard.purse.loads.make_loads import chip_balance
from tests.citizencard.purse.unloads.make_unloads import pay, stored, wish
from tests.journeys.world import ADULT_FEN, SOON, Rider, Tear, World

AMOUNT_FEN: Final = 4_000
COMMANDS: Final = 3
"""SELECT, INITIALIZE FOR UNLOAD, DEBIT FOR UNLOAD; the test counts them. All there is needs GET BALANCE after SELECT."""
RECOVERY_COMMANDS: Final = 4
"""SELECT, GET TRANSACTION PROVE, SELECT, INITIALIZE FOR LOAD."""


class Ending(StrEnum):
    """What becomes of an unload whose card was torn out."""

    UNLOADED = "is unloaded in the end"
    PAID_OUT = "is unloaded in the end, of all there is, and paid out in cash"
    LEFT = "is left alone, and the card loaded again"
    AFTER_A_RIDE = "is unloaded in the end, after a ride in between"


@dataclass
class TornUnload:
    """One point: this rider's card is torn out of the reader like this, and once more during the recovery if asked for.

    Args:
        world: the city.
        rider: whose card; it holds enough for a ride and the unload.
        tear: where in the unload.
        ending: what is done afterwards.
        again: where in the recovery, None for nowhere.
    """

    world: World
    rider: Rider
    tear: Tear
    ending: Ending
    again: Tear | None = None

    @property
    def wanted_fen(self) -> int | None:
        """What is asked for: all there is if the card is given up."""
        return None if self.ending is Ending.PAID_OUT else AMOUNT_FEN

    @property
    def debit(self) -> int:
        """Number of DEBIT among the unload's commands."""
        return commands_of(self.ending) - 1

    @property
    def debited(self) -> bool:
        """The chip has given the money, and nobody knows."""
        return self.tear == Tear(self.debit, "after")

    def play(self) -> list[str]:
        """Play it; what does not agree, in words."""
        world, rider = self.world, self.rider
        before_fen, till_fen = chip_balance(rider.chip), world.till.money(rider.card).till
        unload = wish(world.till, rider.card, self.wanted_fen)
        found = self._run(UNLOAD, unload, self.tear, TORN)
        found += self._while_open(unload, before_fen)
        spent_fen = 0
        if self.ending is Ending.AFTER_A_RIDE:
            world.pass_time(SOON)
            spent_fen = world.tap(world.bus1, rider).amount_fen
            world.upload(world.bus1)
            if spent_fen != ADULT_FEN:
                found.append(f"the ride in between cost {spent_fen}")
        taken_fen, loaded_fen, paid_fen = self._end(unload, found)
        money = world.till.money(rider.card)
        if chip_balance(rider.chip) != before_fen - taken_fen + loaded_fen - spent_fen:
            found.append(f"the chip holds {chip_balance(rider.chip)}, had {before_fen}, gave {taken_fen}")
        if (money.due, money.till) != (taken_fen - paid_fen, till_fen + loaded_fen - paid_fen):
            found.append(f"{money.due} fen are due and {money.till} in the till, the chip gave {taken_fen}")
        return found + world.differences()

    def _while_open(self, unload: Unload, before_fen: int) -> list[str]:
        """Torn: nothing is owed, and only an unload whose MAC2 left the house is open."""
        world, rider = self.world, self.rider
        wanted = UnloadState.AUTHORISED if self.tear.apdu == self.debit else UnloadState.REQUESTED
        state, due_fen = stored(world.till, unload).state, world.till.money(rider.card).due
        found = [] if state == wanted else [f"the unload is {state}, not {wanted}"]
        if due_fen:
            found.append(f"{due_fen} fen are due before the proof")
        gone_fen = before_fen - chip_balance(rider.chip)
        if bool(gone_fen) != self.debited:
            found.append(f"torn, the chip gave {gone_fen}")
        return found

    def _end(self, unload: Unload, found: list[str]) -> tuple[int, int, int]:
        """Recover, and end the unload; returns the fen that the chip must have given, taken, and the till paid."""
        till = self.world.till
        if self.tear.apdu == self.debit:
            if self.again is not None:
                found += self._run(RECOVER_UNLOAD, unload, self.again, None)
            if stored(till, unload).state == UnloadState.AUTHORISED:
                found += self._run(RECOVER_UNLOAD, unload, None, UNLOADED if self.debited else DISPROVEN)
            if not self.debited and self.ending is not Ending.LEFT:
                unload = wish(till, self.rider.card, self.wanted_fen)
        loaded_fen = 0
        if self.ending is Ending.LEFT:
            if self.tear.apdu != self.debit:
                found += self._run(UNLOAD, unload, None, UNLOADED)
            self.world.load(self.rider, loaded_fen := 1_000)
        elif not self.debited:
            found += self._run(UNLOAD, unload, None, UNLOADED)
        ended = stored(till, unload)
        if ended.state != UnloadState.PROVEN:
            return 0, loaded_fen, 0
        taken_fen = ended.amount_fen or 0
        if self.ending is Ending.PAID_OUT:
            pay(till, unload)
            return taken_fen, loaded_fen, taken_fen
        return taken_fen, loaded_fen, 0

    def _run(self, kind: str, unload: Unload, tear: Tear | None, wanted: str | None) -> list[str]:
        station = self.world.till.station(self.rider.chip)
        if tear is not None:
            self.rider.chip.tear(tear.apdu, tear.phase)
        end = station.run(JobOrder(kind, unload.id, self.rider.chip.atr, CLERK), self.world.now)
        return [] if wanted in (None, end.outcome) else [f"{kind}: {end.outcome}, not {wanted}"]


def commands_of(ending: Ending) -> int:
    """How many commands an unload with this ending has."""
    return COMMANDS + (ending is Ending.PAID_OUT)
