"""Shapes of purchases from on-line accounts and of their reversals (hardware/terminal/online.py is the other side)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import fields, post_load

from api.schemas.fields import Hex, Kind, WholeNumber
from api.schemas.shape import Answer, Request
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import MAX_NUMBER, PurchaseClaim, PurchaseName
from citizencard.accounts.reversals import ReversalOutcome

NAME = ("terminal_number", "batch", "trace")


def named(data: Mapping[str, Any]) -> dict[str, Any]:
    """The three fields that name an event as one `name`, the others as they are."""
    name = PurchaseName(data["terminal_number"], data["batch"], data["trace"])
    return {"name": name, **{key: value for key, value in data.items() if key not in NAME}}


class NamedRequest(Request):
    """What a terminal asks for under a name of its own; sent again with the same name, it gets the same answer."""

    into: ClassVar[type] = PurchaseName

    terminal_number = Hex(6, required=True)
    batch = WholeNumber(1, MAX_NUMBER, required=True, metadata={"description": "given at sign-in"})
    trace = WholeNumber(1, MAX_NUMBER, required=True, metadata={"description": "the terminal counts them in a batch"})

    @post_load
    def finish(self, data: Mapping[str, Any], **_: object) -> object:
        """The value that the view gets."""
        return self.into(**named(data))


class OnlinePurchaseRequest(NamedRequest):
    """Pay from the on-line account of a card. The proof covers the name, the amount, the date and the time."""

    into = PurchaseClaim

    card_serial = Hex(10, required=True)
    amount_fen = WholeNumber(1, MAX_NUMBER, required=True, metadata={"description": "fen"})
    date = Hex(4, required=True, metadata={"description": "BCD YYYYMMDD, Beijing"})
    time = Hex(3, required=True, metadata={"description": "BCD HHMMSS, Beijing"})
    proof = Hex(8, required=True, metadata={"description": "the card's answer to INTERNAL AUTHENTICATE"})


class OnlinePurchaseAnswer(Answer):
    """The verdict on a purchase; the first one, however often it is asked for."""

    object = Kind("online_purchase")
    reference = fields.String(required=True, metadata={"description": "its name in the books"})
    verdict = fields.String(required=True, metadata={"enum": list(PurchaseVerdict)})
    reason = fields.String(required=True, allow_none=True, metadata={"enum": [*PurchaseReason, None]})
    is_reversed = fields.Boolean(required=True, metadata={"description": "approved and taken back: hand nothing over"})


class OnlineReversalRequest(NamedRequest):
    """Take back what was asked for under a name, whatever became of it."""

    into = PurchaseName

    @post_load
    def finish(self, data: Mapping[str, Any], **_: object) -> object:
        """The name itself."""
        return named(data)["name"]


class OnlineReversalAnswer(Answer):
    """What a reversal came to; after any outcome nothing of the purchase is or will be in the books."""

    object = Kind("online_reversal")
    reference = fields.String(required=True)
    outcome = fields.String(required=True, metadata={"enum": list(ReversalOutcome)})
