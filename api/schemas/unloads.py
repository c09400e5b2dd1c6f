"""Shapes about unloads."""

from dataclasses import dataclass

from marshmallow import fields

from api.schemas.fields import Id, Instant, Kind, MinorUnits, Text, WholeNumber
from api.schemas.shape import Answer, Request
from api.schemas.staff import MAX_REASON_CHARACTERS
from citizencard.purse.unloads.unloads import UnloadWish


class UnloadRequest(Request):
    """Take money off a chip (圈提); it moves in a reader job `unload`."""

    into = UnloadWish

    card_id = Id("card", required=True)
    amount_fen = MinorUnits(
        1, load_default=None, allow_none=True, metadata={"description": "null or absent: all there is on the chip"}
    )


class UnloadAnswer(Answer):
    """An unload."""

    object = Kind("unload")
    id = Id("unload", required=True)
    card_id = Id("card", required=True)
    wanted_fen = MinorUnits(1, required=True, allow_none=True, metadata={"description": "null: all there is"})
    amount_fen = MinorUnits(
        1, required=True, allow_none=True, metadata={"description": "what the chip announced; null before it did"}
    )
    state = fields.String(required=True)
    till_id = Id("till", required=True, allow_none=True)
    slip = WholeNumber(1, 2**53, required=True, allow_none=True, attribute="slip_serial")
    requested_at = Instant(required=True)
    changed_at = Instant(required=True)
    paid_out_at = Instant(required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class PaidOut:
    """Out of which till, and why."""

    till_id: str
    reason: str


class PayOutRequest(Request):
    """Close the card and pay what it gave in cash."""

    into = PaidOut

    till_id = Id("till", required=True)
    reason = Text(MAX_REASON_CHARACTERS, required=True)
