"""A load torn at every command and in every phase, its recovery torn as well: the money is on the chip, or in the till, never both."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from citizencard.cards.reader_jobs import TORN, JobOrder
from citizencard.db import transaction
from citizencard.purse.loads.flow import LOAD, LOADED
from citizencard.purse.loads.loads import give_back
from citizencard.purse.loads.models import Load, LoadState
from citizencard.purse.loads.recovery import DISPROVEN, RECOVER_LOAD
from tests.citizencard.cards.make_cards import CLERK
from tests.citizencard.purse.loads.make_loads import chip_balance
from tests.journeys.world import ADULT_FEN, SOON, Rider, Tear, World

AMOUNT_FEN: Final = 5_000
COMMANDS: Final = 3
"""SELECT, INITIALIZE FOR LOAD, CREDIT FOR LOAD; the test counts them."""
RECOVERY_COMMANDS: Final = 4
"""SELECT, GET TRANSACTION PROVE, SELECT, INITIALIZE FOR LOAD."""
CREDIT: Final = COMMANDS - 1


class Ending(StrEnum):
    """What becomes of a load whose card was torn out."""

    LOADED = "is loaded in the end"
    GIVEN_BACK = "is given back if the chip was not credited"
    AFTER_A_RIDE = "is loaded in the end, after a ride in between"


@dataclass
class TornLoad:
    """One point: this rider's card is torn out of the reader like this, and once more during the recovery if asked for.

    Args:
        world: the city.
        rider: whose card; it holds enough for a ride.
        tear: where in the load.
        ending: what is done afterwards.
        again: where in the recovery, None for nowhere.
    """

    world: World
    rider: Rider
    tear: Tear
    ending: Ending
    again: Tear | None = None

    @property
    def credited(self) -> bool:
        """The chip has the money, and nobody knows."""
        return self.tear == Tear(CREDIT, "after")

    def play(self) -> list[str]:
        """Play it; what does not agree, in words."""
        world, rider = self.world, self.rider
        before_fen, till_fen = chip_balance(rider.chip), world.till.money(rider.card).till
        load = world.till.request(rider.card, AMOUNT_FEN)
        found = self._run(LOAD, load, self.tear, TORN)
        found += self._while_open(load, before_fen)
        spent_fen = 0
        if self.ending is Ending.AFTER_A_RIDE:
            world.pass_time(SOON)
            spent_fen = world.tap(world.bus1, rider).amount_fen
            world.upload(world.bus1)
            if spent_fen != ADULT_FEN:
                found.append(f"the ride in between cost {spent_fen}")
        loaded_fen = self._end(load, found)
        if chip_balance(rider.chip) != before_fen + loaded_fen - spent_fen:
            found.append(f"the chip holds {chip_balance(rider.chip)}, had {before_fen}, loaded {loaded_fen}")
        if world.till.money(rider.card).till != till_fen + loaded_fen:
            found.append(f"the till holds {world.till.money(rider.card).till}, had {till_fen}, loaded {loaded_fen}")
        return found + world.differences()

    def _while_open(self, load: Load, before_fen: int) -> list[str]:
        """Torn: money is booked exactly when MAC2 left the house, and is nowhere else than on its way."""
        released = self.tear.apdu == CREDIT
        wanted = LoadState.AUTHORISED if released else LoadState.REQUESTED
        money, state = self.world.till.money(self.rider.card), self.world.till.stored(load).state
        found = [] if state == wanted else [f"the load is {state}, not {wanted}"]
        if money.inload != (AMOUNT_FEN if released else 0):
            found.append(f"{money.inload} fen are on their way")
        chip_fen = chip_balance(self.rider.chip)
        if chip_fen != before_fen + (AMOUNT_FEN if self.credited else 0):
            found.append(f"torn, the chip holds {chip_fen}, had {before_fen}")
        return found

    def _end(self, load: Load, found: list[str]) -> int:
        """Recover, and end the load; returns the fen that must be on the chip now."""
        if self.tear.apdu == CREDIT:
            if self.again is not None:
                found += self._run(RECOVER_LOAD, load, self.again, None)
            if self.world.till.stored(load).state == LoadState.AUTHORISED:
                found += self._run(RECOVER_LOAD, load, None, LOADED if self.credited else DISPROVEN)
            if self.credited:
                return AMOUNT_FEN
            if self.ending is Ending.GIVEN_BACK:
                with transaction(self.world.sessions) as session:
                    give_back(session, load.id, self.world.deed())
                return 0
        found += self._run(LOAD, load, None, LOADED)
        return AMOUNT_FEN

    def _run(self, kind: str, load: Load, tear: Tear | None, wanted: str | None) -> list[str]:
        station = self.world.till.station(self.rider.chip)
        if tear is not None:
            self.rider.chip.tear(tear.apdu, tear.phase)
        end = station.run(JobOrder(kind, load.id, self.rider.chip.atr, CLERK), self.world.now)
        return [] if wanted in (None, end.outcome) else [f"{kind}: {end.outcome}, not {wanted}"]
