"""Shapes of what gates of lots send and get (hardware/terminal/parking.py is the other side), and of the gates themselves."""

from dataclasses import dataclass

from marshmallow import fields

from api.schemas.fields import Hex, Id, Instant, Kind, MinorUnits, Text, WholeNumber
from api.schemas.online import NamedRequest
from api.schemas.shape import Answer, Request
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import MAX_NUMBER
from citizencard.parking.gates import NewGate
from citizencard.parking.models import MAX_LOT_CHARACTERS, Direction, EntryOutcome, EntryReason
from citizencard.parking.passages import EntryClaim, ExitClaim
from citizencard.tariffs.parking_texts import TEXTS


class ParkingEntryRequest(NamedRequest):
    """A card is at an entry."""

    into = EntryClaim

    card_serial = Hex(10, required=True)
    date = Hex(4, required=True, metadata={"description": "BCD YYYYMMDD, Beijing"})
    time = Hex(3, required=True, metadata={"description": "BCD HHMMSS, Beijing"})


class ParkingEntryAnswer(Answer):
    """Whether the card may come in; the first answer, however often it is asked for."""

    object = Kind("parking_entry")
    outcome = fields.String(
        required=True,
        metadata={
            "enum": list(EntryOutcome),
            "description": (
                "entry_repeated: the card came in before, at `entered_at`, and no second stay begins;"
                " of an entry that arrives late that stay may have ended since"
            ),
        },
    )
    reason = fields.String(required=True, allow_none=True, metadata={"enum": [*EntryReason, None]})
    stay_id = Id("prk", required=True, allow_none=True)
    entered_at = Instant(required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class QuoteWanted:
    """A card whose stay would end then: date 4 and time 3 bytes BCD, Beijing."""

    card_serial: bytes
    date: bytes
    time: bytes


class ParkingQuoteRequest(Request):
    """What does the stay cost if it ends then?"""

    into = QuoteWanted

    card_serial = Hex(10, required=True)
    date = Hex(4, required=True, metadata={"description": "BCD YYYYMMDD, Beijing"})
    time = Hex(3, required=True, metadata={"description": "BCD HHMMSS, Beijing"})


class ParkingLineAnswer(Answer):
    """A piece of the reason of a price."""

    what = fields.String(required=True, metadata={"enum": sorted(TEXTS)})
    minor = WholeNumber(-(2**53), 2**53, required=True, metadata={"description": "fen; below zero: what it takes off"})
    rule = fields.String(required=True, metadata={"description": "place of the rule in the tariff"})
    facts = fields.Dict(required=True, metadata={"description": "numbers and names that the sentence about it tells"})
    sponsor = fields.String(
        required=True, allow_none=True, metadata={"description": "who pays what it takes off; null: the lot gives it"}
    )


class ParkingPriceAnswer(Answer):
    """A price and its reason; the lines add up to it."""

    minor = MinorUnits(required=True)
    lines = fields.List(fields.Nested(ParkingLineAnswer), required=True)


class ParkingQuoteAnswer(Answer):
    """What a stay costs; the exit at the same date and time costs the same."""

    object = Kind("parking_quote")
    stay_id = Id("prk", required=True)
    entered_at = Instant(required=True)
    left_at = Instant(required=True)
    tariff_version = WholeNumber(1, MAX_NUMBER, required=True)
    amount_fen = MinorUnits(required=True, attribute="price.minor")
    explanation = fields.Nested(ParkingPriceAnswer, required=True, attribute="price")
    sentences = fields.Dict(required=True, metadata={"description": "the reason for people, by language: zh and en"})


class ParkingExitRequest(NamedRequest):
    """A card is at an exit and has signed for the amount that the gate shows, 0 too; the challenge is that of an on-line purchase."""

    into = ExitClaim

    card_serial = Hex(10, required=True)
    amount_fen = WholeNumber(0, MAX_NUMBER, required=True, metadata={"description": "fen, as quoted for date and time"})
    date = Hex(4, required=True, metadata={"description": "BCD YYYYMMDD, Beijing"})
    time = Hex(3, required=True, metadata={"description": "BCD HHMMSS, Beijing"})
    proof = Hex(8, required=True, metadata={"description": "the card's answer to INTERNAL AUTHENTICATE"})


class ParkingExitAnswer(Answer):
    """Whether the car may leave; the first answer, however often it is asked for."""

    object = Kind("parking_exit")
    reference = fields.String(required=True, metadata={"description": "the payment's name in the books"})
    stay_id = Id("prk", required=True)
    amount_fen = MinorUnits(required=True)
    verdict = fields.String(required=True, metadata={"enum": list(PurchaseVerdict)})
    reason = fields.String(required=True, allow_none=True, metadata={"enum": [*PurchaseReason, None]})
    is_reversed = fields.Boolean(required=True, metadata={"description": "approved and taken back: the stay goes on"})


class ParkingGateRequest(Request):
    """Put a terminal at a lot; where it stood before, it stands no longer."""

    into = NewGate

    terminal_id = Id("term", required=True)
    merchant_id = Id("mer", required=True)
    lot = Text(MAX_LOT_CHARACTERS, required=True, metadata={"description": "as in the tariff's part `parking`"})
    direction = fields.Enum(Direction, by_value=True, required=True)


class ParkingGateAnswer(Answer):
    """A terminal at a lot."""

    object = Kind("parking_gate")
    id = Id("gate", required=True)
    terminal_id = Id("term", required=True)
    merchant_id = Id("mer", required=True)
    lot = fields.String(required=True)
    direction = fields.String(required=True)
    assigned_at = Instant(required=True)
