"""A stay and its price: the quote at an instant is what the exit at that instant costs, because both ask here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.cards.as_of import known_cards
from citizencard.parking.errors import NoOpenStay
from citizencard.parking.gates import gate_of
from citizencard.parking.models import ParkingGate, ParkingStay, StayState
from citizencard.parking.passages import check_serial
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.parking import Stay, lot_of, quote
from citizencard.tariffs.quotes import Quote
from citizencard.tariffs.sentences import sentence
from citizencard.tariffs.versions import read_version, tariff_version


@dataclass(frozen=True, slots=True)
class StayQuote:
    """What a stay costs if it ends then.

    Args:
        price: with the reason as data.
        sentences: the reason for people, by language (`zh`, `en`).
    """

    stay_id: str
    entered_at: datetime
    left_at: datetime
    tariff_version: int
    price: Quote
    sentences: Mapping[str, str]


def quote_stay(session: Session, terminal_id: str, card_serial: bytes, at: datetime) -> StayQuote:
    """What the card's open stay at the gate's lot costs at an instant; nothing is written.

    Raises:
        PassageInvalid: not a card serial.
        NotAGate: the terminal stands at no lot.
        NoOpenStay: the card is not inside.
        EventInvalid: more than ten years.
    """
    check_serial(card_serial)
    gate = gate_of(session, terminal_id)
    card = known_cards(session, [card_serial]).get(card_serial)
    stay = None if card is None else find_open_stay(session, gate, card.card_id)
    if stay is None:
        raise NoOpenStay("the card is not inside", lot=gate.lot)
    price, money = price_of(session, stay, at), tariff_of(session, stay).money
    sentences = {"zh": sentence(price, money, "zh"), "en": sentence(price, money, "en")}
    return StayQuote(stay.id, stay.entered_at, at, stay.tariff_version, price, sentences)


def find_open_stay(session: Session, gate: ParkingGate, card_id: str, *, lock: bool = False) -> ParkingStay | None:
    """A card's open stay at a gate's lot; with `lock`, held until the transaction ends."""
    wanted = select(ParkingStay).where(
        ParkingStay.card_id == card_id,
        ParkingStay.merchant_id == gate.merchant_id,
        ParkingStay.lot == gate.lot,
        ParkingStay.state == StayState.OPEN,
    )
    found = session.scalars(wanted.with_for_update() if lock else wanted, execution_options={"populate_existing": True})
    return found.one_or_none()


def find_later_end(session: Session, gate: ParkingGate, card_id: str, after: datetime) -> ParkingStay | None:
    """The first stay of a card at a gate's lot that ended after an instant: whoever came in by then is not inside any more."""
    wanted = select(ParkingStay).where(
        ParkingStay.card_id == card_id,
        ParkingStay.merchant_id == gate.merchant_id,
        ParkingStay.lot == gate.lot,
        ParkingStay.left_at > after,
    )
    return session.scalars(wanted.order_by(ParkingStay.left_at, ParkingStay.id).limit(1)).one_or_none()


def price_of(session: Session, stay: ParkingStay, left_at: datetime) -> Quote:
    """What a stay costs if it ends then, by the tariff in force when it began.

    The clocks of two gates differ by seconds: a car that leaves "before" it came has stayed no time.

    Raises:
        EventInvalid: more than ten years.
    """
    tariff = tariff_of(session, stay)
    return quote(lot_of(tariff, stay.lot), Stay(stay.entered_at, max(left_at, stay.entered_at)), tariff.offset)


def tariff_of(session: Session, stay: ParkingStay) -> Tariff:
    """The tariff that a stay is priced by; it knows the lot, or the stay had not begun."""
    return read_version(tariff_version(session, stay.tariff_version))
