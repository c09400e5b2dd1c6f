"""A tap: what a bus validator says to card and PSAM between the card's coming and the green light, without its own book-keeping."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

from hardware.card import profile
from hardware.card.channel import CardChannel, send
from hardware.card.crypto import TTI_COMPOUND_PURCHASE
from hardware.card.files import card_factor
from hardware.card.psam import CreditSamForPurchase, InitSamForPurchase
from hardware.card.purse import (
    DebitForPurchase,
    InitializeForPurchase,
    UpdateCompoundCache,
    select_application,
)
from hardware.emulator import EmulatedCard
from tests.hardware.emulator.make_cards import CITY_FACTOR, DAY, SERIAL, TERMINAL, TIME
from tests.hardware.emulator.transactions import TRIP, balance, card_in_field, psam_in_terminal

LOADED_FEN = 90_000
FARE_FEN = 1
COMMANDS = "SELECT, INIT CAPP, 8070, cache, DEBIT, 8072"


def loaded_card() -> EmulatedCard:
    """A personalised card in memory with money for as many taps as a bench makes."""
    return card_in_field(balance_fen=LOADED_FEN)


@dataclass(slots=True)
class Gate:
    """A terminal's security module, and what it does with a card."""

    psam: EmulatedCard
    taps: int = 0

    @classmethod
    def open(cls) -> "Gate":
        """With a personalised PSAM in memory."""
        return cls(psam_in_terminal())

    def tap(self, card: CardChannel) -> None:
        """One compound purchase of one fen; each command and its answer is encoded and decoded as in a terminal."""
        send(card, select_application(profile.PURSE_AID))
        purchase = InitializeForPurchase(profile.KEY_INDEX, FARE_FEN, TERMINAL, compound=True)
        began = purchase.parse(send(card, purchase.command()))
        order = InitSamForPurchase(
            random=began.random,
            card_seq=began.offline_seq,
            amount_fen=FARE_FEN,
            tti=TTI_COMPOUND_PURCHASE,
            date=DAY,
            time=TIME,
            key_version=began.key_version,
            algorithm=began.algorithm,
            factors=(card_factor(SERIAL), CITY_FACTOR),
        )
        authorization = order.parse(send(self.psam, order.command()))
        send(card, UpdateCompoundCache(profile.TRIP_SFI, 0, TRIP).command())
        debit = DebitForPurchase(authorization.terminal_seq, DAY, TIME, authorization.mac1)
        proof = debit.parse(send(card, debit.command()))
        send(self.psam, CreditSamForPurchase(proof.mac2).command())
        self.taps += 1

    def check(self, card: EmulatedCard) -> None:
        """Each tap took its fen; the chip is asked anew, wherever it was read before.

        Raises:
            AssertionError: it did not.
        """
        again = EmulatedCard(card.image)
        send(again, select_application(profile.PURSE_AID))
        if balance(again) != LOADED_FEN - FARE_FEN * self.taps:
            raise AssertionError("the card was not debited once for each tap")


def in_process(count: int) -> list[float]:
    """Seconds of so many taps of an emulated card in this very process."""
    card, gate = loaded_card(), Gate.open()
    gate.tap(card)
    spent = list(_spent(card, gate, count))
    gate.check(card)
    return spent


def _spent(card: EmulatedCard, gate: Gate, count: int) -> Iterator[float]:
    for _ in range(count):
        began = time.perf_counter()
        gate.tap(card)
        yield time.perf_counter() - began


def percentiles_us(spent_s: list[float]) -> tuple[float, float]:
    """Median and 99th percentile in microseconds."""
    hundredths = statistics.quantiles(spent_s, n=100)
    return hundredths[49] * 1e6, hundredths[98] * 1e6
