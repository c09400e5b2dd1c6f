"""What the stand-in knows: payments and refunds with their states, and each money movement once, in books of its own."""

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Parameters = dict[str, str]

DECLINING = "pm_card_declined"
TO_PAGE = "pm_card_3ds"
WORKING = "pm_card_visa"

CREATE_PARAMETERS = {"amount", "currency", "payment_method_types", "payment_method", "metadata"}
CONFIRM_PARAMETERS = {"payment_method", "payment_method_data", "payment_method_options", "return_url"}
CANCEL_PARAMETERS = {"cancellation_reason"}
REFUND_PARAMETERS = {"payment_intent", "amount", "metadata", "reason"}
LIST_PARAMETERS = {"created", "limit", "starting_after", "ending_before"}

DRIFT_S = 60  # its clock is not ours to the second

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


class Fault(Exception):
    """An answer of Stripe that is not 200."""

    def __init__(self, status: int, kind: str, code: str, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"error": {"type": kind, "code": code, "message": f"{code} (stand-in)", **more}}


def invalid(code: str, param: str = "") -> Fault:
    return Fault(400, "invalid_request_error", code, param=param)


@dataclass
class Books:
    """Payments, refunds, and how often money moved for each of our references."""

    now_s: int = 1_795_000_000
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    created: Counter[str] = field(default_factory=Counter)
    charged: Counter[str] = field(default_factory=Counter)
    canceled: Counter[str] = field(default_factory=Counter)
    refunded: Counter[str] = field(default_factory=Counter)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def create(self, given: Parameters) -> dict[str, Any]:
        known(given, CREATE_PARAMETERS)
        amount = whole(given, "amount")
        if given.get("currency") != "cny":
            raise invalid("parameter_invalid_string_empty", "currency")
        number = next(self.numbers)
        payment: dict[str, Any] = {
            "id": f"pi_{number:06d}",
            "object": "payment_intent",
            "amount": amount,
            "amount_received": 0,
            "currency": "cny",
            "created": self.now_s + number % DRIFT_S,
            "livemode": False,
            "status": "requires_confirmation" if given.get("payment_method") else "requires_payment_method",
            "payment_method": given.get("payment_method"),
            "metadata": metadata(given),
            "next_action": None,
            "last_payment_error": None,
        }
        self.payments[payment["id"]] = payment
        self.created[payment["metadata"].get("reference", "")] += 1
        return payment

    def confirm(self, payment_id: str, given: Parameters) -> dict[str, Any]:
        known(given, CONFIRM_PARAMETERS)
        payment = self.payment(payment_id)
        if payment["status"] not in OPEN:
            raise invalid("payment_intent_unexpected_state")
        kind = given.get("payment_method_data[type]")
        method = given.get("payment_method") or payment["payment_method"] or ""
        if kind is None and not method:
            raise invalid("parameter_missing", "payment_method")
        if kind == "wechat_pay" and given.get("payment_method_options[wechat_pay][client]") != "web":
            raise invalid("parameter_missing", "payment_method_options[wechat_pay][client]")
        if method == DECLINING:
            error = {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}
            payment.update(status="requires_payment_method", payment_method=None, last_payment_error=error)
            raise Fault(402, "card_error", "card_declined", decline_code="insufficient_funds", payment_intent=payment)
        if kind is not None or method == TO_PAGE:
            step = {"type": "redirect_to_url", "redirect_to_url": {"url": f"https://stand-in.invalid/{payment_id}"}}
            payment.update(status="requires_action", next_action=step)
            return payment
        return self.receive(payment_id)

    def receive(self, payment_id: str) -> dict[str, Any]:
        """The money comes in: at once, or after the resident has been to his wallet."""
        payment = self.payment(payment_id)
        payment.update(status="succeeded", amount_received=payment["amount"], next_action=None)
        self.charged[payment["metadata"].get("reference", "")] += 1
        return payment

    def cancel(self, payment_id: str, given: Parameters) -> dict[str, Any]:
        known(given, CANCEL_PARAMETERS)
        payment = self.payment(payment_id)
        if payment["status"] not in OPEN:
            raise invalid("payment_intent_unexpected_state")
        payment.update(status="canceled", next_action=None)
        self.canceled[payment["metadata"].get("reference", "")] += 1
        return payment

    def refund(self, given: Parameters) -> dict[str, Any]:
        known(given, REFUND_PARAMETERS)
        payment = self.payment(given.get("payment_intent", ""))
        amount = whole(given, "amount")
        before = sum(
            r["amount"]
            for r in self.refunds.values()
            if r["payment_intent"] == payment["id"] and r["status"] not in ("failed", "canceled")
        )
        if before + amount > payment["amount_received"]:
            raise invalid("amount_too_large", "amount")
        number = next(self.numbers)
        refund: dict[str, Any] = {
            "id": f"re_{number:06d}",
            "object": "refund",
            "amount": amount,
            "currency": "cny",
            "created": self.now_s + number % DRIFT_S,
            "payment_intent": payment["id"],
            "status": "succeeded",
            "metadata": metadata(given),
        }
        self.refunds[refund["id"]] = refund
        self.refunded[refund["metadata"].get("reference", "")] += 1
        return refund

    def held_fen(self) -> int:
        """What is in our balance here: received, less what went back and stayed there."""
        received: int = sum(payment["amount_received"] for payment in self.payments.values())
        returned: int = sum(r["amount"] for r in self.refunds.values() if r["status"] not in ("failed", "canceled"))
        return received - returned

    def payment(self, payment_id: str) -> dict[str, Any]:
        if payment_id not in self.payments:
            raise Fault(404, "invalid_request_error", "resource_missing", param="intent")
        return self.payments[payment_id]

    def page(self, rows: dict[str, dict[str, Any]], given: Parameters) -> dict[str, Any]:
        known(given, LIST_PARAMETERS)
        since, until = int(given.get("created[gte]", 0)), int(given.get("created[lt]", 2**40))
        found = [row for row in reversed(rows.values()) if since <= row["created"] < until]
        if "starting_after" in given:
            found = found[[row["id"] for row in found].index(given["starting_after"]) + 1 :]
        limit = int(given.get("limit", 10))
        return {"object": "list", "data": found[:limit], "has_more": len(found) > limit}


def known(given: Parameters, names: set[str]) -> None:
    """Stripe refuses a parameter that it does not document."""
    for name in given:
        if name.partition("[")[0] not in names:
            raise invalid("parameter_unknown", name)


def whole(given: Parameters, name: str) -> int:
    if not given.get(name, "").isdigit() or int(given[name]) == 0:
        raise invalid("parameter_invalid_integer", name)
    return int(given[name])


def metadata(given: Parameters) -> dict[str, str]:
    return {name[9:-1]: value for name, value in given.items() if name.startswith("metadata[")}
