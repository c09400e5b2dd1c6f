"""What a gate says about a car that comes or goes: named like a purchase, since its money is one."""

from dataclasses import dataclass, field
from datetime import datetime

from citizencard.accounts.proof import DATE_BYTES, MAX_NUMBER, PROOF_BYTES, TIME_BYTES, PurchaseName, purchase_challenge
from citizencard.cards.models import CARD_SERIAL_BYTES
from citizencard.clock import from_beijing_bcd
from citizencard.parking.errors import PassageInvalid


@dataclass(frozen=True, slots=True)
class EntryClaim:
    """A card is at the entry. It proves nothing yet: nobody pays at the entry, and the exit asks for the proof.

    Args:
        name: which entry.
        card_serial: application serial, 10 bytes.
        date: 4 bytes BCD, Beijing.
        time: 3 bytes BCD, Beijing.
    """

    name: PurchaseName
    card_serial: bytes
    date: bytes
    time: bytes

    @property
    def happened_at(self) -> datetime:
        """The gate's date and time in UTC."""
        return moment(self.date, self.time)

    def check(self) -> None:
        """Refuse what is not well formed; nothing is written down about it.

        Raises:
            PurchaseInvalid, PassageInvalid: names the field.
        """
        self.name.check()
        check_serial(self.card_serial)
        _ = self.happened_at


@dataclass(frozen=True, slots=True)
class ExitClaim:
    """A card is at the exit and has signed for what the gate shows: the challenge is that of an on-line purchase, also for 0 fen.

    Args:
        name: which exit; the purchase has the same name.
        card_serial: application serial, 10 bytes.
        amount_fen: what the gate showed, 0 to 2**32 - 1.
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
        """The 8 bytes that the card has to sign; see `accounts.proof`."""
        return purchase_challenge(self.name, self.amount_fen, self.date + self.time)

    @property
    def happened_at(self) -> datetime:
        """The gate's date and time in UTC."""
        return moment(self.date, self.time)

    def check(self) -> None:
        """Refuse what is not well formed; nothing is written down about it.

        Raises:
            PurchaseInvalid, PassageInvalid: names the field.
        """
        self.name.check()
        check_serial(self.card_serial)
        if not 0 <= self.amount_fen <= MAX_NUMBER:
            raise PassageInvalid("amount_fen is not well formed", field="amount_fen")
        if len(self.proof) != PROOF_BYTES:
            raise PassageInvalid("proof is not well formed", field="proof")
        _ = self.happened_at


def moment(date: bytes, time: bytes) -> datetime:
    """A gate's date and time as an instant in UTC.

    Raises:
        PassageInvalid: no moment of the calendar.
    """
    if len(date) != DATE_BYTES or len(time) != TIME_BYTES:
        raise PassageInvalid("date has 4 bytes and time 3", field="date")
    try:
        return from_beijing_bcd(date, time)
    except ValueError:
        raise PassageInvalid("date and time name no moment", field="date") from None


def check_serial(card_serial: bytes) -> None:
    """Refuse what is no card serial.

    Raises:
        PassageInvalid: another length than 10 bytes.
    """
    if len(card_serial) != CARD_SERIAL_BYTES:
        raise PassageInvalid("card_serial is not well formed", field="card_serial")
