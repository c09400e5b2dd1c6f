"""The records of an upload, and the plain ways to check their TACs that the vault's one question is measured against."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from citizencard.keys.derivation import DEFAULT_CITY, card_factor, city_factor
from citizencard.keys.hsm import ALGORITHM_3DES, KeyRole, TacQuestion
from hardware.card import crypto
from tests.citizencard.keys.make_vault import REGRESSION_MASTERS

CITY_KEY: Final = crypto.diversify(REGRESSION_MASTERS[KeyRole.TAC], city_factor(DEFAULT_CITY))
TERMINAL: Final = bytes.fromhex("330200000001")
DATE: Final = bytes.fromhex("20261121")
TIME: Final = bytes.fromhex("083000")


@dataclass(frozen=True, slots=True)
class Upload:
    """Genuine records of a city of cards; every card has at least one if there are enough of them."""

    questions: list[TacQuestion] = field(repr=False)
    cards: int

    @classmethod
    def of(cls, records: int, cards: int) -> "Upload":
        """Purchases of cards in an order drawn by lot, always the same."""
        chance = random.Random(1)
        drawn = [number % cards for number in range(records)]
        chance.shuffle(drawn)
        questions = []
        for number, card in enumerate(drawn):
            serial = bytes.fromhex(f"0310{DEFAULT_CITY}{card:012d}")
            signed = crypto.purchase_tac_input(
                chance.randrange(500), crypto.TTI_COMPOUND_PURCHASE, TERMINAL, number, DATE, TIME
            )
            questions.append(TacQuestion(serial, 1, ALGORITHM_3DES, signed, plain_tac(serial, signed)))
        return cls(questions, cards)


def plain_tac(card_serial: bytes, signed: bytes) -> bytes:
    """A TAC by one call each: diversify, fold, MAC."""
    return crypto.tac(crypto.fold_tac_key(crypto.diversify(CITY_KEY, card_factor(card_serial))), signed)


def check_plainly(questions: Sequence[TacQuestion]) -> int:
    """The loop that anybody would write first. Returns how many are good."""
    return sum(plain_tac(one.card_serial, one.tac_input) == one.tac for one in questions)


def checked(good: int, records: int) -> int:
    """Genuine records that are not all found good make a figure worthless.

    Raises:
        AssertionError: some were refused.
    """
    if good != records:
        raise AssertionError(f"only {good} of {records} genuine TACs were found good")
    return good
