"""Gates of lots: cars come in, ask what they owe, and leave once it is paid."""

from api.auth import signer
from api.city import city, now
from api.face import Face, Shapes
from api.schemas.parking import (
    ParkingEntryAnswer,
    ParkingEntryRequest,
    ParkingExitAnswer,
    ParkingExitRequest,
    ParkingQuoteAnswer,
    ParkingQuoteRequest,
    QuoteWanted,
)
from citizencard.db import reading, transaction
from citizencard.parking.entries import EntryAnswer, enter_lot
from citizencard.parking.exits import ExitAnswer
from citizencard.parking.flow import leave
from citizencard.parking.passages import EntryClaim, ExitClaim, moment
from citizencard.parking.stays import StayQuote, quote_stay

face = Face("Parking", "/terminals", "Entries and exits of parking lots, paid from on-line accounts.")


@face.post("/parking/entries", Shapes(gives=ParkingEntryAnswer, takes=ParkingEntryRequest))
def enter_a_lot(claim: EntryClaim) -> EntryAnswer:
    """Let a card in. A card that is inside already, or has left since by what is known, is told so, and no second stay begins."""
    with transaction(city().sessions) as session:
        return enter_lot(session, signer().terminal_id, claim, now())


@face.post("/parking/quotes", Shapes(gives=ParkingQuoteAnswer, takes=ParkingQuoteRequest))
def quote_a_stay(wanted: QuoteWanted) -> StayQuote:
    """What the stay costs if it ends at a date and time. The exit at the same date and time costs exactly this."""
    with reading(city().sessions) as session:
        return quote_stay(session, signer().terminal_id, wanted.card_serial, moment(wanted.date, wanted.time))


@face.post("/parking/exits", Shapes(gives=ParkingExitAnswer, takes=ParkingExitRequest))
def leave_a_lot(claim: ExitClaim) -> ExitAnswer:
    """End a stay and pay it from the card's account, both or neither.

    Refused is an answer too: it says why, the stay goes on, and the name is used up. Another amount than the right one is a problem
    `amount_differs`, which tells the right one and uses nothing up.
    """
    return leave(city().sessions, city().hsm, signer().terminal_id, claim, now())
