"""What a terminal asks for, and the eight bytes that the card signs for exactly this.

The terminal sends the card INTERNAL AUTHENTICATE `00 88 00 01 08 <challenge> 08` (internal key, kid 01, of the purse application), with

    challenge = the first 8 bytes of SHA-256 over these 25 bytes
        terminal   6  the terminal number, BCD
        batch      4  unsigned, most significant byte first
        trace      4  unsigned, most significant byte first
        amount     4  fen, unsigned, most significant byte first
        date       4  BCD YYYYMMDD, Beijing
        time       3  BCD HHMMSS, Beijing

and passes the card's 8 bytes on as the proof. A card number alone would let any terminal debit any account; an answer that was recorded
fits no other purchase, because everything that names the purchase is inside.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from citizencard.accounts.errors import PurchaseInvalid
from citizencard.cards.models import CARD_SERIAL_BYTES
from citizencard.clock import from_beijing_bcd
from citizencard.terminals.models import TERMINAL_NUMBER_BYTES

CHALLENGE_BYTES: Final = 8
PROOF_BYTES: Final = 8
DATE_BYTES: Final = 4
TIME_BYTES: Final = 3
MAX_NUMBER: Final = 2**32 - 1
"""Batch, trace and amount are four bytes each."""


@dataclass(frozen=True, slots=True)
class PurchaseName:
    """Names a purchase for ever.

    Args:
        terminal: the terminal number, 6 bytes BCD.
        batch: number given at sign-in.
        trace: the terminal's transaction number in that batch, from 1.
    """

    terminal: bytes
    batch: int
    trace: int

    @property
    def reference(self) -> str:
        """Its name in the books."""
        return f"online:{self.terminal.hex()}:{self.batch}:{self.trace}"

    def check(self) -> None:
        """Refuse what cannot be a name.

        Raises:
            PurchaseInvalid: names the field.
        """
        digits = self.terminal.hex()
        _require("terminal", len(self.terminal) == TERMINAL_NUMBER_BYTES and digits.isdigit())
        _require("batch", 1 <= self.batch <= MAX_NUMBER)
        _require("trace", 1 <= self.trace <= MAX_NUMBER)


@dataclass(frozen=True, slots=True)
class PurchaseClaim:
    """What a terminal says about a purchase. Only what the proof covers is more than a word.

    Args:
        name: which purchase.
        card_serial: application serial, 10 bytes.
        amount_fen: 1 to 2**32 - 1.
        date: 4 bytes BCD, Beijing.
        time: 3 bytes BCD, Beijing.
        proof: the card's answer to INTERNAL AUTHENTICATE over the challenge, 8 bytes.
    """

    name: PurchaseName
    card_serial: bytes
    amount_fen: int
    date: bytes
    time: bytes
    proof: bytes = field(repr=False)

    @property
    def challenge(self) -> bytes:
        """The 8 bytes that the card has to sign; see the module."""
        return purchase_challenge(self.name, self.amount_fen, self.date + self.time)

    @property
    def happened_at(self) -> datetime:
        """The terminal's date and time as an instant in UTC.

        Raises:
            ValueError: no moment of the calendar.
        """
        return from_beijing_bcd(self.date, self.time)

    def check(self) -> None:
        """Refuse what is not well formed; nothing is written down about it.

        Raises:
            PurchaseInvalid: names the field.
        """
        self.name.check()
        _require("card_serial", len(self.card_serial) == CARD_SERIAL_BYTES)
        _require("amount_fen", 1 <= self.amount_fen <= MAX_NUMBER)
        _require("proof", len(self.proof) == PROOF_BYTES)
        _require("date", len(self.date) == DATE_BYTES)
        _require("time", len(self.time) == TIME_BYTES)
        try:
            _ = self.happened_at
        except ValueError:
            raise PurchaseInvalid("date and time name no moment", field="date") from None


def purchase_challenge(name: PurchaseName, amount_fen: int, date_time: bytes) -> bytes:
    """The 8 bytes that a card signs for a purchase; `date_time` is 7 bytes BCD. Layout: see the module."""
    covered = name.terminal + name.batch.to_bytes(4) + name.trace.to_bytes(4) + amount_fen.to_bytes(4) + date_time
    return hashlib.sha256(covered).digest()[:CHALLENGE_BYTES]


def _require(field_name: str, fits: bool) -> None:  # noqa: FBT001 # the outcome of the comparison beside it
    if not fits:
        raise PurchaseInvalid(f"{field_name} is not well formed", field=field_name)
