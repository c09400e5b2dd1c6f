"""Residents for tests: a card that answers challenges, and logins made with it."""

from dataclasses import dataclass
from datetime import datetime

from citizencard.cards.models import Card
from citizencard.db import Sessions
from citizencard.keys.hsm import Hsm
from citizencard.residents.flow import NewLogin, SignedInResident, begin_proof, register
from citizencard.residents.proofs import ChallengeGiven, ProvedCard
from hardware.card.channel import exchange
from hardware.emulator import EmulatedCard
from tests.citizencard.staff.make_staff import CHEAP

PASSWORD = "a fine long password"


@dataclass
class CardInHand:
    """A card of ours and the chip that carries it."""

    card: Card
    chip: EmulatedCard

    def answer(self, asked: ChallengeGiven) -> ProvedCard:
        """Hold the card to the reader."""
        self.chip.reset()
        return ProvedCard(asked.id, tuple(exchange(self.chip, command) for command in asked.commands))

    def prove(self, sessions: Sessions, now: datetime) -> ProvedCard:
        """Ask for a challenge and answer it."""
        return self.answer(begin_proof(sessions, None, "register", now))


def registered(
    sessions: Sessions, hsm: Hsm, in_hand: CardInHand, now: datetime, login: str = "wang.xm"
) -> SignedInResident:
    """A resident's login, made with the card."""
    return register(sessions, hsm, CHEAP, in_hand.prove(sessions, now), NewLogin(login, PASSWORD), now)
