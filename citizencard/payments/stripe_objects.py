"""Read Stripe's objects (PaymentIntent, Refund, list, error) into the city's values; anything else is not believed."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeVar

from citizencard.payments.gateway import Page, Payment, Problem, Refund
from citizencard.payments.states import PaymentState, RefundState

MAX_MESSAGE_CHARACTERS: Final = 500
MAX_SLUG_CHARACTERS: Final = 120
MAX_LISTED: Final = 100
REFERENCE: Final = "reference"  # our name in the metadata

_NEXT_ADDRESSES: Final = (
    ("redirect_to_url", "url"),
    ("alipay_handle_redirect", "url"),
    ("wechat_pay_display_qr_code", "hosted_instructions_url"),
)

Item = TypeVar("Item")


def read_payment(document: object) -> Payment:
    """Read a PaymentIntent.

    Raises:
        ValueError: it is not one.
    """
    fields = _mapping(document, "payment_intent")
    state = PaymentState(_text(fields, "status"))
    # Stripe always says what was received. A stand-in that does not can only mean all of it, once the payment has succeeded.
    received = (
        "amount_received" if "amount_received" in fields else "amount" if state is PaymentState.SUCCEEDED else None
    )
    return Payment(
        id=_text(fields, "id"),
        state=state,
        amount_fen=_amount(fields, "amount"),
        received_fen=0 if received is None else _amount(fields, received),
        currency=_text(fields, "currency"),
        reference=_reference(fields),
        created=_instant(fields),
        next_url=_next_url(fields.get("next_action")),
        problem=read_problem(fields["last_payment_error"]) if fields.get("last_payment_error") else None,
    )


def read_refund(document: object) -> Refund:
    """Read a Refund.

    Raises:
        ValueError: it is not one.
    """
    fields = _mapping(document, "refund")
    payment = fields.get("payment_intent")
    return Refund(
        id=_text(fields, "id"),
        state=RefundState(_text(fields, "status")),
        payment=payment if isinstance(payment, str) else "",
        amount_fen=_amount(fields, "amount"),
        currency=_text(fields, "currency"),
        reference=_reference(fields),
        created=_instant(fields),
        failure=_slug(fields, "failure_reason"),
    )


def read_page(document: object, read: Callable[[object], Item]) -> Page[Item]:
    """Read a list of objects.

    Raises:
        ValueError: it is not a list, or one of its objects is not what it should be.
    """
    fields = _mapping(document, "list")
    data = fields.get("data")
    if not isinstance(data, list) or len(data) > MAX_LISTED or (fields.get("has_more") and not data):
        raise ValueError("not a page of a list")
    items = tuple(read(item) for item in data)
    return Page(items, _text(data[-1], "id") if fields.get("has_more") else None)


def read_problem(error: object, *, status: int = 0, request_id: str = "", replayed: bool = False) -> Problem:
    """Read an error object; what is missing or odd in it becomes empty."""
    fields: Mapping[str, object] = error if isinstance(error, dict) else {}
    message = fields.get("message")
    return Problem(
        status=status,
        type=_slug(fields, "type"),
        code=_slug(fields, "code"),
        decline_code=_slug(fields, "decline_code"),
        param=_slug(fields, "param"),
        message=message[:MAX_MESSAGE_CHARACTERS] if isinstance(message, str) else "",
        request_id=request_id[:MAX_SLUG_CHARACTERS],
        replayed=replayed,
    )


def _mapping(document: object, kind: str) -> Mapping[str, object]:
    if not isinstance(document, dict) or document.get("object") != kind:
        raise ValueError(f"not an object of kind {kind}")
    return document


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing")
    return value


def _amount(fields: Mapping[str, object], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} is not an amount")
    return value


def _instant(fields: Mapping[str, object]) -> datetime:
    seconds = _amount(fields, "created")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as fault:
        raise ValueError("created is no instant") from fault


def _reference(fields: Mapping[str, object]) -> str:
    metadata = fields.get("metadata")
    value = metadata.get(REFERENCE) if isinstance(metadata, dict) else None
    return value if isinstance(value, str) else ""


def _slug(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value[:MAX_SLUG_CHARACTERS] if isinstance(value, str) else ""


def _next_url(action: object) -> str | None:
    if isinstance(action, dict):
        for kind, name in _NEXT_ADDRESSES:
            step = action.get(kind)
            if isinstance(step, dict) and isinstance(step.get(name), str):
                return str(step[name])
    return None
