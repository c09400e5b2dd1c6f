"""What a kiosk asks for, and what it says that a card has answered. Only MAC1, TAC and the card's proof are more than words."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from citizencard.accounts.errors import PurchaseInvalid
from citizencard.accounts.proof import DATE_BYTES, PROOF_BYTES, TIME_BYTES, PurchaseName, purchase_challenge
from citizencard.cards.models import CARD_SERIAL_BYTES
from citizencard.clock import from_beijing_bcd
from citizencard.purse.loads.models import LoadSource
from citizencard.terminals.models import TERMINAL_NUMBER_BYTES
from hardware.card.purse import LoadInitialization
from hardware.errors import MalformedCardData

INITIALIZED_BYTES: Final = 16
TAC_BYTES: Final = 4
MAX_LOAD_FEN: Final = 10_000_000
"""More than any chip holds: the class's own ceiling is the rule."""
MAX_LOAD_ID_CHARACTERS: Final = 32


@dataclass(frozen=True, slots=True)
class KioskLoadClaim:
    """A load that a resident asks for at a kiosk.

    Args:
        name: names the load for ever.
        card_serial: application serial, 10 bytes.
        amount_fen: how much.
        source: what waits to be written, or the card's account.
        initialized: the card's 16 bytes to INITIALIZE FOR LOAD with this amount and the terminal's number.
        date, time: the terminal's clock, 4 and 3 bytes BCD, Beijing.
        proof: of an account: the card's answer to INTERNAL AUTHENTICATE over the challenge of a purchase; empty otherwise.
    """

    name: PurchaseName
    card_serial: bytes
    amount_fen: int
    source: LoadSource
    initialized: bytes
    date: bytes
    time: bytes
    proof: bytes = field(default=b"", repr=False)

    @property
    def load_id(self) -> str:
        """The load's own name, made of the terminal's."""
        return f"{self.name.terminal.hex()}.{self.name.batch}.{self.name.trace}"

    @property
    def said(self) -> LoadInitialization:
        """What the card has announced.

        Raises:
            MalformedCardData: it has not 16 bytes.
        """
        return LoadInitialization.decode(self.initialized)

    @property
    def challenge(self) -> bytes:
        """The 8 bytes that the card signs when its account pays."""
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
        try:
            is_moment = (len(self.date), len(self.time)) == (DATE_BYTES, TIME_BYTES) and self.happened_at is not None
        except ValueError:
            is_moment = False
        wrong = {
            # A terminal would sign in once a second for three years before its load ids grew longer than this.
            "batch": len(self.load_id) > MAX_LOAD_ID_CHARACTERS,
            "card_serial": len(self.card_serial) != CARD_SERIAL_BYTES,
            "amount_fen": not 1 <= self.amount_fen <= MAX_LOAD_FEN,
            "source": self.source not in {LoadSource.DUE, LoadSource.ACCOUNT},
            "initialized": len(self.initialized) != INITIALIZED_BYTES,
            "proof": len(self.proof) != (PROOF_BYTES if self.source is LoadSource.ACCOUNT else 0),
            "date": not is_moment,
        }
        for name, is_wrong in wrong.items():
            if is_wrong:
                raise PurchaseInvalid(f"{name} is not well formed", field=name)


@dataclass(frozen=True, slots=True)
class LoadWanted:
    """A load that a terminal has the card of: begun here, at another kiosk or at a counter.

    Args:
        load_id: which; None for the one of this card that is open.
        card_serial: of the card in the field, 10 bytes.
    """

    load_id: str | None
    card_serial: bytes


@dataclass(frozen=True, slots=True)
class LoadEvidence:
    """What a card says about a load.

    Args:
        load_id: which.
        card_serial: of the card in the field.
        terminal_number: of the terminal, 6 bytes: what a plain INITIALIZE was asked with.
        tac: of CREDIT or GET TRANSACTION PROVE; empty when there is none.
        initialized: the card's 16 bytes to INITIALIZE FOR LOAD, with the probe's value or the terminal's number; empty when there is none.
        amount_fen: what that INITIALIZE was asked with; None for the load's own amount.
    """

    load_id: str
    card_serial: bytes
    terminal_number: bytes
    tac: bytes = b""
    initialized: bytes = b""
    amount_fen: int | None = None

    def check(self) -> None:
        """Refuse what is not well formed.

        Raises:
            PurchaseInvalid: names the field.
        """
        wrong = {
            "terminal_number": len(self.terminal_number) != TERMINAL_NUMBER_BYTES,
            "card_serial": len(self.card_serial) != CARD_SERIAL_BYTES,
            "tac": len(self.tac) not in {0, TAC_BYTES},
            "initialized": len(self.initialized) not in {0, INITIALIZED_BYTES}
            or bool(self.tac) == bool(self.initialized),
            "amount_fen": self.amount_fen is not None and not 1 <= self.amount_fen <= MAX_LOAD_FEN,
        }
        for name, is_wrong in wrong.items():
            if is_wrong:
                raise PurchaseInvalid(f"{name} is not well formed", field=name)

    @property
    def said(self) -> LoadInitialization | None:
        """What the card has announced; None when nothing can be read."""
        try:
            return LoadInitialization.decode(self.initialized)
        except MalformedCardData:
            return None
