"""Shapes about on-line payments and their refunds."""

from dataclasses import dataclass

from marshmallow import fields

from api.schemas.fields import Id, Instant, Kind, MinorUnits, Text, WholeNumber
from api.schemas.shape import Answer, Request
from citizencard.audit import REASON_CHARS
from citizencard.payments.gateway import MAX_AMOUNT_FEN


@dataclass(frozen=True, slots=True)
class RefundWanted:
    """How much shall go back, and why."""

    amount_fen: int
    reason: str


class RefundRequest(Request):
    """Propose to give money of a payment back, the way it came."""

    into = RefundWanted

    amount_fen = WholeNumber(1, MAX_AMOUNT_FEN, required=True, metadata={"description": "fen"})
    reason = Text(REASON_CHARS, required=True)


class RefundAnswer(Answer):
    """Money that goes back."""

    object = Kind("refund")
    id = Id("rfd", required=True)
    amount_fen = MinorUnits(required=True)
    state = fields.String(
        required=True, metadata={"description": "decided, sent, pending, succeeded, or failed: the money is here again"}
    )
    why = fields.String(
        required=True,
        metadata={"description": "approved by two people; or by itself: no_room, not_payable, second_charge"},
    )
    problem = fields.String(required=True, allow_none=True)
    decided_at = Instant(required=True)


class PaymentAnswer(Answer):
    """An on-line payment."""

    object = Kind("payment")
    id = Id("pay", required=True)
    purpose = fields.String(required=True)
    subject_id = Id("bil", required=True)
    person_id = Id("per", required=True, allow_none=True)
    amount_fen = MinorUnits(required=True)
    refunded_fen = MinorUnits(required=True)
    state = fields.String(
        required=True,
        metadata={"description": "created, waiting, action, processing, succeeded, canceled, failed, or mismatch"},
    )
    problem = fields.String(required=True, allow_none=True)
    receipt_token = fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)
    refunds = fields.List(fields.Nested(RefundAnswer), required=True)


class PaymentFindingAnswer(Answer):
    """Something about payments that a person should look at."""

    object = Kind("payment_finding")
    id = Id("pfd", required=True)
    kind = fields.String(required=True)
    provider_object = fields.String(required=True)
    payment_id = Id("pay", required=True, allow_none=True)
    detail = fields.Dict(required=True)
    found_at = Instant(required=True)
