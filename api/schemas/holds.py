"""Shapes of holds on on-line accounts (hardware/terminal/holds.py is the other side)."""

from marshmallow import fields

from api.schemas.fields import Flag, Hex, Instant, Kind, MinorUnits, WholeNumber
from api.schemas.online import NamedRequest, OnlinePurchaseRequest, OnlineReversalRequest
from api.schemas.shape import Answer, list_of
from citizencard.accounts.holds.models import ReleaseOutcome
from citizencard.accounts.holds.settling import SettlementClaim
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import MAX_NUMBER
from ledger.holds import MAX_SETTLEMENTS


class HoldRequest(OnlinePurchaseRequest):
    """Reserve money of the account of a card. The proof covers the name, the amount, the date and the time, as of a purchase."""


class HoldAnswer(Answer):
    """The verdict on a hold; the first one, however often it is asked for."""

    object = Kind("online_hold")
    reference = fields.String(required=True, metadata={"description": "its name in the books"})
    verdict = fields.String(required=True, metadata={"enum": list(PurchaseVerdict)})
    reason = fields.String(required=True, allow_none=True, metadata={"enum": [*PurchaseReason, None]})
    expires_at = Instant(required=True, allow_none=True, metadata={"description": "until then the money is reserved"})
    is_ended = Flag(required=True, metadata={"description": "approved, and taken back or released: hand nothing over"})


class HoldSettlementRequest(NamedRequest):
    """Take a part of what is held, under the name of the hold."""

    into = SettlementClaim

    n = WholeNumber(1, MAX_SETTLEMENTS, required=True, metadata={"description": "number of the part"})
    amount_fen = WholeNumber(1, MAX_NUMBER, required=True, metadata={"description": "fen, at most what is left"})
    date = Hex(4, required=True, metadata={"description": "BCD YYYYMMDD, Beijing: when it was delivered"})
    time = Hex(3, required=True, metadata={"description": "BCD HHMMSS, Beijing"})
    final = Flag(load_default=False, metadata={"description": "nothing more will come: give back what is left"})


class HoldSettlementAnswer(Answer):
    """What became of a part of a hold; the same however often it is asked for."""

    object = Kind("hold_settlement")
    reference = fields.String(required=True, metadata={"description": "its name in the books"})
    verdict = fields.String(required=True, metadata={"enum": list(PurchaseVerdict)})
    reason = fields.String(required=True, allow_none=True)
    is_late = Flag(required=True, metadata={"description": "the hold had expired, so it was tried as a purchase"})


class HoldReleaseRequest(OnlineReversalRequest):
    """Give back what is left of a hold: nothing more comes."""


class HoldReleaseAnswer(Answer):
    """What a release came to; after either outcome nothing is held any more."""

    object = Kind("hold_release")
    reference = fields.String(required=True)
    outcome = fields.String(required=True, metadata={"enum": list(ReleaseOutcome)})


class UnpaidHoldSettlementAnswer(Answer):
    """A part of a hold that came after its time and was not paid: the merchant's risk."""

    object = Kind("unpaid_hold_settlement")
    id = fields.String(required=True)
    reference = fields.String(required=True)
    merchant_id = fields.String(required=True)
    terminal_id = fields.String(required=True)
    account_id = fields.String(required=True)
    amount_fen = MinorUnits(1, required=True)
    reason = fields.String(required=True)
    happened_at = Instant(required=True)
    received_at = Instant(required=True)


UnpaidHoldSettlementList = list_of(UnpaidHoldSettlementAnswer)
