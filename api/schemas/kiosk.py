"""Shapes of what a kiosk asks for a card: its balance, and loads (hardware/terminal/kiosk.py is the other side)."""

from marshmallow import fields
from marshmallow.validate import OneOf

from api.schemas.fields import Hex, Instant, Kind, MinorUnits, Text, WholeNumber
from api.schemas.online import NamedRequest
from api.schemas.shape import Answer, Request
from citizencard.accounts.balances import EnquiryClaim, EnquiryVerdict
from citizencard.accounts.models import PurchaseReason
from citizencard.purse.loads.kiosks.claims import (
    INITIALIZED_BYTES,
    MAX_LOAD_FEN,
    MAX_LOAD_ID_CHARACTERS,
    TAC_BYTES,
    KioskLoadClaim,
    LoadEvidence,
    LoadWanted,
)
from citizencard.purse.loads.models import LoadSource, LoadState

SOURCES = (LoadSource.DUE, LoadSource.ACCOUNT)


class CardBalanceRequest(NamedRequest):
    """Ask what a card's account can spend. The proof covers the name, amount 0, the date and the time."""

    into = EnquiryClaim

    card_serial = Hex(10, required=True)
    date = Hex(4, required=True, metadata={"description": "BCD YYYYMMDD, Beijing"})
    time = Hex(3, required=True, metadata={"description": "BCD HHMMSS, Beijing"})
    proof = Hex(8, required=True, metadata={"description": "the card's answer to INTERNAL AUTHENTICATE"})


class CardBalanceAnswer(Answer):
    """What a card's holder may read; the first answer, however often it is asked for."""

    object = Kind("balance")
    verdict = fields.String(required=True, metadata={"enum": list(EnquiryVerdict)})
    reason = fields.String(required=True, allow_none=True, metadata={"enum": [*PurchaseReason, None]})
    balance_fen = MinorUnits(
        required=True, allow_none=True, metadata={"description": "what the account can spend; null: the card has none"}
    )
    due_fen = MinorUnits(required=True, allow_none=True)
    answered_at = Instant(required=True)


class KioskLoadRequest(NamedRequest):
    """Put money on a chip: what waits to be written (补登), or from the card's account with its proof."""

    into = KioskLoadClaim

    card_serial = Hex(10, required=True)
    amount_fen = WholeNumber(1, MAX_LOAD_FEN, required=True, metadata={"description": "fen"})
    source = fields.Enum(
        LoadSource, by_value=True, required=True, validate=OneOf(SOURCES), metadata={"enum": list(SOURCES)}
    )
    initialized = Hex(
        INITIALIZED_BYTES, required=True, metadata={"description": "the card's answer to INITIALIZE FOR LOAD"}
    )
    date = Hex(4, required=True, metadata={"description": "BCD YYYYMMDD, Beijing"})
    time = Hex(3, required=True, metadata={"description": "BCD HHMMSS, Beijing"})
    proof = Hex(0, 8, load_default=b"", metadata={"description": "of an account: as for a purchase of this amount"})


class KioskLoadAnswer(Answer):
    """The order to the card, or that the load has ended; the same, however often it is asked for."""

    object = Kind("kiosk_load")
    load_id = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": list(LoadState)})
    date = Hex(4, required=True, allow_none=True, metadata={"description": "for CREDIT FOR LOAD"})
    time = Hex(3, required=True, allow_none=True, metadata={"description": "for CREDIT FOR LOAD"})
    mac2 = Hex(4, required=True, allow_none=True, metadata={"description": "null: there is nothing to credit"})


class LoadProbeRequest(Request):
    """Ask what a card has to be asked, to find out what became of a load."""

    into = LoadWanted

    load_id = Text(
        MAX_LOAD_ID_CHARACTERS, load_default=None, metadata={"description": "the card's open load when left out"}
    )
    card_serial = Hex(10, required=True)


class LoadProbeAnswer(Answer):
    """What to ask the card; nothing when the load has ended."""

    object = Kind("load_probe")
    load_id = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": list(LoadState)})
    amount_fen = MinorUnits(1, required=True)
    online_seq = WholeNumber(
        0, 65_535, required=True, allow_none=True, metadata={"description": "GET TRANSACTION PROVE is for one more"}
    )
    probe = Hex(6, required=True, allow_none=True, metadata={"description": "terminal field of INITIALIZE FOR LOAD"})


class LoadProofRequest(Request):
    """What a card has said about a load: its TAC, or an answer to INITIALIZE FOR LOAD."""

    into = LoadEvidence

    load_id = Text(MAX_LOAD_ID_CHARACTERS, required=True)
    card_serial = Hex(10, required=True)
    terminal_number = Hex(6, required=True)
    tac = Hex(TAC_BYTES, load_default=b"")
    initialized = Hex(INITIALIZED_BYTES, load_default=b"")
    amount_fen = WholeNumber(
        1, MAX_LOAD_FEN, load_default=None, metadata={"description": "of that INITIALIZE; the load's own by default"}
    )


class LoadStandingAnswer(Answer):
    """Where a load stands."""

    object = Kind("load_standing")
    load_id = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": list(LoadState)})
    amount_fen = MinorUnits(1, required=True)


class LoadGiveBackRequest(LoadProbeRequest):
    """Give the money of a disproven load back to where it came from."""

    load_id = Text(MAX_LOAD_ID_CHARACTERS, required=True)
