"""How fast the vault checks the TACs of an upload: one question for all of them, against one chain of ciphers a record."""

import random
import tempfile
from pathlib import Path

from bench.figure import Figure, interleaved
from citizencard.keys.derivation import city_factor
from citizencard.keys.hsm import KeyRole, TacQuestion
from hardware.card.crypto import diversify_chain, fold_tac_key, purchase_tac_input, tac
from tests.citizencard.keys.make_vault import REGRESSION_MASTERS, regression_vault

CARDS = 5_000
RECORDS = 10_000
BAR = 1.5


def measure() -> list[Figure]:
    """Check the same genuine records both ways."""
    chance = random.Random(1)
    serials = [bytes.fromhex(f"03103302{number:012d}") for number in range(CARDS)]
    factor = city_factor("3302")
    master = REGRESSION_MASTERS[KeyRole.TAC]
    questions = []
    for number in range(RECORDS):
        serial = chance.choice(serials)
        signed = purchase_tac_input(
            chance.randrange(500),
            9,
            bytes.fromhex("330200000001"),
            number,
            bytes.fromhex("20261121"),
            bytes.fromhex("083000"),
        )
        key = fold_tac_key(diversify_chain(master, [factor, serial[2:]]))
        questions.append(TacQuestion(serial, 1, 0, signed, tac(key, signed)))

    def one_by_one() -> int:
        good = sum(
            tac(fold_tac_key(diversify_chain(master, [factor, one.card_serial[2:]])), one.tac_input) == one.tac
            for one in questions
        )
        if good != RECORDS:
            raise AssertionError(f"only {good} of {RECORDS} genuine TACs were found good one by one")
        return good

    with tempfile.TemporaryDirectory() as folder:
        vault = regression_vault(Path(folder))

        def at_once() -> int:
            good = sum(vault.tacs_are_valid(questions))
            if good != RECORDS:
                raise AssertionError(f"only {good} of {RECORDS} genuine TACs were found good at once")
            return good

        rates = interleaved({"vault": at_once, "chain": one_by_one})
    return [Figure("TACs checked in one question", rates["vault"], "one cipher chain a record", rates["chain"], BAR)]
