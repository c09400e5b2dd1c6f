"""A walk through the city by chance: loads, rides, tears, restarts, uploads, losses and closed days in any order, and it must add up."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from citizencard.cards.models import CardState
from citizencard.purse.loads.flow import LOADED
from citizencard.purse.loads.models import Load, LoadState
from citizencard.purse.loads.recovery import DISPROVEN
from hardware.terminal.outbox import Outbox
from hardware.terminal.validator import BusValidator, Outcome
from tests.citizencard.cards.make_cards import stored_card
from tests.citizencard.purse.loads.make_loads import chip_balance
from tests.journeys.day_records import DEBIT
from tests.journeys.torn_rides import PHASES
from tests.journeys.world import ADULT, LOADED_FEN, SENIOR, Bus, Rider, Tear, World

TORN_AT: Final = (*range(4, 13), DEBIT, DEBIT, DEBIT)
"""Commands at which a ride is torn, DEBIT more often; a ride that first recovers another one has up to 13."""
MOST_LOADED_FEN: Final = 3_000
RESTLESS: Final = 2 / 5
"""So often a card is torn."""


@dataclass
class Walk:
    """A walk.

    Args:
        world: where; it is left with all loads decided and all batches judged.
        chance: what happens next.
        riders: a resident with money, a senior, and one who will lose the card.
        unproven: fen by card id that a chip has paid and no validator could prove so far.
        loads: the load of each card that is not decided, by card id.
        torn: where a card was torn last, and whose.
        found: what did not agree, in words.
    """

    world: World
    chance: random.Random
    riders: list[Rider] = field(default_factory=list)
    unproven: dict[str, int] = field(default_factory=dict)
    loads: dict[str, Load] = field(default_factory=dict)
    torn: tuple[Bus, Rider] | None = None
    found: list[str] = field(default_factory=list)

    def go(self, steps: int) -> list[str]:
        """Walk so many steps, and go home: what did not agree, in words."""
        self.riders = [self.world.resident(kind, LOADED_FEN) for kind in (ADULT, SENIOR, ADULT)]
        actions: tuple[tuple[Callable[[], None], int], ...] = (
            (self._ride, 12),
            (self._load, 4),
            (self._recover, 2),
            (self._upload, 3),
            (self._restart, 2),
            (self._close_day, 1),
            (self._lose, 1),
        )
        chosen = self.chance.choices([one for one, _ in actions], [weight for _, weight in actions], k=steps)
        for action in chosen:
            self.world.pass_time(timedelta(seconds=self.chance.choice((1, 20, 700, 4_000))))
            action()
        return self._go_home()

    def _go_home(self) -> list[str]:
        for card_id in list(self.loads):
            self._decide(next(rider for rider in self.riders if rider.card.id == card_id))
        for bus in self.world.buses:
            self.world.upload(bus)
        if self.world.close_day().certificate.surplus_fen:
            self.found.append("the certificate of the last day is not level")
        return self.found + self.world.differences(self.unproven)

    def _tear(self) -> Tear | None:
        if self.chance.random() > RESTLESS:
            return None
        return Tear(self.chance.choice(TORN_AT), self.chance.choice(PHASES))

    def _ride(self) -> None:
        """What the chip pays is on a record, or it is unproven until a validator says that it has recovered it."""
        bus, rider = self.chance.choice(self.world.buses), self.chance.choice(self.riders)
        if self.torn is not None and self.chance.random() < RESTLESS:
            bus, rider = self.torn
        before_fen = chip_balance(rider.chip)
        result = self.world.tap(bus, rider, self._tear())
        paid_fen = before_fen - chip_balance(rider.chip)
        self.torn = (bus, rider) if result.outcome is Outcome.PRESENT_AGAIN else self.torn
        card_id = rider.card.id
        recovered_fen = sum(record.amount_fen for record in result.recovered)
        on_record_fen = result.amount_fen if result.outcome is Outcome.ACCEPTED else 0
        if result.is_green and paid_fen != on_record_fen:
            self.found.append(f"the light is green for {on_record_fen}, the chip paid {paid_fen}: {result.text}")
        self.unproven[card_id] = self.unproven.get(card_id, 0) + paid_fen - on_record_fen - recovered_fen

    def _load(self) -> None:
        rider = self.chance.choice(self.riders)
        if rider.card.id in self.loads or self._is_lost(rider):
            return
        load = self.world.till.request(rider.card, self.chance.randint(1, MOST_LOADED_FEN))
        station = self.world.till.station(rider.chip)
        if self.chance.random() < RESTLESS:
            rider.chip.tear(self.chance.randrange(3), self.chance.choice(PHASES))
        end = station.run(self.world.till.load_order(load, rider.chip), self.world.now)
        if end.outcome != LOADED and self.world.till.stored(load).state != LoadState.REQUESTED:
            self.loads[rider.card.id] = load

    def _recover(self) -> None:
        rider = self.chance.choice(self.riders)
        if rider.card.id in self.loads:
            self._decide(rider)

    def _decide(self, rider: Rider) -> None:
        """Ask the card what became of its load; what it was not credited with goes back over the counter."""
        load = self.loads.pop(rider.card.id)
        outcome = self.world.till.recover(load, rider.chip).outcome
        if outcome == DISPROVEN:
            self.world.till.give_back(load)
        elif outcome != LOADED:
            self.found.append(f"the recovery of a load ends as {outcome}")

    def _upload(self) -> None:
        verdicts = self.world.upload(self.chance.choice(self.world.buses), as_json=self.chance.random() < 1 / 2)
        self.found += [
            f"{one.record.kind}: {one.verdict} {one.reason}" for one in verdicts if one.verdict == "rejected"
        ]
        self.found += [f"the device took another fare: {one}" for one in verdicts if "price_difference" in one.findings]

    def _restart(self) -> None:
        """Power off, power on: a validator is what its file and its module say."""
        bus: Bus = self.chance.choice(self.world.buses)
        path = bus.outbox._path
        bus.outbox.close()
        bus.outbox = Outbox(path)
        bus.psam.reset()
        bus.validator = BusValidator(bus.psam, bus.outbox, bus.table, bus.settings, replace(bus.validator.hotlist))

    def _close_day(self) -> None:
        if self.world.close_day().certificate.surplus_fen:
            self.found.append("a certificate is not level")

    def _lose(self) -> None:
        """The third card is reported lost, and somebody goes on riding with it."""
        if not self._is_lost(self.riders[2]):
            self.world.lose(self.riders[2])

    def _is_lost(self, rider: Rider) -> bool:
        return stored_card(self.world.sessions, rider.card.id).state == CardState.LOST
