"""A dishonest workstation that recorded a card's answers before a load, and plays them back to have the cash returned."""

import random
from dataclasses import dataclass
from typing import Final

from citizencard.cards.numbering import ISSUING_TERMINAL
from citizencard.cards.reader_jobs import JobStep
from citizencard.db import transaction
from citizencard.purse.loads.errors import LoadStateForbids
from citizencard.purse.loads.flow import LOADED, NOT_GENUINE, REPLAYED, UNDECIDED
from citizencard.purse.loads.loads import give_back
from citizencard.purse.loads.models import Load, LoadState
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import exchange, send
from hardware.card.profile import KEY_INDEX, PURSE_AID
from hardware.card.purse import InitializeForLoad, select_application
from hardware.card.status import StatusWord
from tests.citizencard.cards.reader import Carry, Workstation
from tests.citizencard.purse.loads.make_loads import chip_balance
from tests.journeys.torn_loads import CREDIT
from tests.journeys.world import Rider, World

INITIALIZE: Final = 0x50
GET_TRANSACTION_PROVE: Final = 0x5A
RECORDINGS: Final = 4
MAX_FEN: Final = 20_000


@dataclass
class Playback:
    """Tries to be paid twice with one card.

    Args:
        world: the city.
        rider: whose card, an accomplice's.
        chance: which amounts and terminal fields are recorded.
    """

    world: World
    rider: Rider
    chance: random.Random

    def play(self) -> list[str]:
        """Record, load, deny, play back; what does not agree, in words."""
        world, rider = self.world, self.rider
        amount_fen, before_fen = self.chance.randint(1, MAX_FEN), chip_balance(rider.chip)
        recorded = self._record(amount_fen)
        load = world.till.request(rider.card, amount_fen)
        station = world.till.station(rider.chip)
        rider.chip.tear(CREDIT, "after")
        station.run(world.till.load_order(load, rider.chip), world.now)
        recorded += [response for command, response in station.trace if command.ins == INITIALIZE]
        found = []
        for answer in recorded:
            end = self._lie(load, answer)
            if end.outcome not in (NOT_GENUINE, UNDECIDED):
                found.append(f"a recorded answer to the probe: {end.outcome}")
            found += self._not_given_back(load)
        if chip_balance(rider.chip) != before_fen + amount_fen:
            found.append("the card was not credited: nothing was tried")
        with world.undone():
            if self._at(self._deny()).run(world.till.recover_order(load, rider.chip), world.now).outcome != LOADED:
                found.append("the card's own counter does not prove the load")
        if world.till.recover(load, rider.chip).outcome != LOADED:
            found.append("an honest workstation does not find the load")
        found += [words for answer in recorded for words in self._load_again(amount_fen, answer)]
        return found + world.differences()

    def _record(self, amount_fen: int) -> list[ResponseApdu]:
        """Answers of the genuine card, with the same amount and several terminal fields, before the load."""
        chip = self.rider.chip
        terminals = [ISSUING_TERMINAL, bytes(6), *(self.chance.randbytes(6) for _ in range(RECORDINGS))]
        answers = []
        for terminal in terminals:
            chip.reset()
            send(chip, select_application(PURSE_AID))
            answers.append(exchange(chip, InitializeForLoad(KEY_INDEX, amount_fen, terminal).command()))
        return answers

    def _lie(self, load: Load, answer: ResponseApdu) -> JobStep:
        """Recovery at the dishonest workstation: the card has no proof, it says, and answers the probe as it did before the load."""
        return self._at(self._carry(answer)).run(self.world.till.recover_order(load, self.rider.chip), self.world.now)

    def _load_again(self, amount_fen: int, answer: ResponseApdu) -> list[str]:
        """A new load with a recorded answer: no money is taken for a card that may be elsewhere."""
        with self.world.undone():
            load = self.world.till.request(self.rider.card, amount_fen)
            station = self._at(self._carry(answer))
            end = station.run(self.world.till.load_order(load, self.rider.chip), self.world.now)
            state = self.world.till.stored(load).state
        if end.outcome in (NOT_GENUINE, REPLAYED) and state == LoadState.REQUESTED:
            return []
        return [f"a new load by a recorded answer: {end.outcome}, {state}"]

    def _not_given_back(self, load: Load) -> list[str]:
        state = self.world.till.stored(load).state
        if state != LoadState.AUTHORISED:
            return [f"the load is {state}"]
        try:
            with transaction(self.world.sessions) as session:
                give_back(session, load.id, self.world.deed())
        except LoadStateForbids:
            return []
        return ["the cash was given back"]

    def _carry(self, answer: ResponseApdu) -> Carry:
        """Denies the proof, and answers every INITIALIZE with the recorded answer."""
        deny = self._deny()
        return lambda command: answer if command.ins == INITIALIZE else deny(command)

    def _deny(self) -> Carry:
        """Carries everything but the proof."""

        def carry(command: CommandApdu) -> ResponseApdu:
            if command.ins == GET_TRANSACTION_PROVE:
                return ResponseApdu(b"", StatusWord.PROOF_NOT_AVAILABLE)
            return exchange(self.rider.chip, command)

        return carry

    def _at(self, carry: Carry) -> Workstation:
        station = self.world.till.station(self.rider.chip)
        station.carry = carry
        return station
