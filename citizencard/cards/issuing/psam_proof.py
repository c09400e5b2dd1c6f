"""Proof by use of a PSAM: it must make the MAC1 that only the purchase root key and this terminal number make.

The purchase is one of 0 fen on a card number that no card has, with fresh values, so neither a recorded answer nor the answer itself is of
any use to anybody.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from citizencard.cards.numbering import CITY_FACTOR, PHANTOM_SERIAL
from citizencard.cards.reader_jobs import Move
from citizencard.keys.hsm import ALGORITHM_3DES, Hsm, ProofPurchase
from hardware.card.crypto import TTI_COMPOUND_PURCHASE
from hardware.card.files import bcd_date, bcd_time, card_factor
from hardware.card.profile import KEY_VERSION, PSAM_AID
from hardware.card.psam import InitSamForPurchase
from hardware.card.purse import select_application
from hardware.errors import MalformedCardData

SELECTING: Final = "selecting"
PROVING: Final = "proving"
MAX_COUNTER: Final = 0xFFFF


def begin_proof() -> Move:
    """Select the purchase application; the question follows in the next step, with the time of that step."""
    return Move({"phase": SELECTING}, (select_application(PSAM_AID),))


def ask(now: datetime, key_version: int = KEY_VERSION) -> Move:
    """Ask for the MAC1 of a purchase that nobody makes, under the root of this version."""
    asked: dict[str, Any] = {
        "key_version": key_version,
        "phase": PROVING,
        "random": secrets.token_hex(4),
        "card_seq": secrets.randbelow(MAX_COUNTER),
        "date": bcd_date(now).hex(),
        "time": bcd_time(now).hex(),
    }
    command = InitSamForPurchase(
        random=bytes.fromhex(asked["random"]),
        card_seq=asked["card_seq"],
        amount_fen=0,
        tti=TTI_COMPOUND_PURCHASE,
        date=bytes.fromhex(asked["date"]),
        time=bytes.fromhex(asked["time"]),
        key_version=key_version,
        algorithm=ALGORITHM_3DES,
        factors=(card_factor(PHANTOM_SERIAL), CITY_FACTOR),
    ).command()
    return Move(asked, (command,))


def is_proved(hsm: Hsm, terminal_number: bytes, asked: Mapping[str, Any], answer: bytes) -> bool:
    """Whether the answer to 8070 comes from a PSAM with our root key and this terminal number."""
    try:
        terminal_seq, mac1 = InitSamForPurchase.parse(answer)
    except MalformedCardData:
        return False
    expected = hsm.proof_purchase_mac1(
        ProofPurchase(
            card_serial=PHANTOM_SERIAL,
            key_version=int(asked["key_version"]),
            algorithm=ALGORITHM_3DES,
            random=bytes.fromhex(asked["random"]),
            offline_seq=int(asked["card_seq"]),
            terminal=terminal_number,
            terminal_seq=terminal_seq,
            date=bytes.fromhex(asked["date"]),
            time=bytes.fromhex(asked["time"]),
        )
    )
    return secrets.compare_digest(expected, mac1)
