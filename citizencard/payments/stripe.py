"""Stripe as the city's payment provider: PaymentIntents and refunds, over its documented HTTP parameters only."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar

from citizencard.payments.gateway import (
    CURRENCY,
    MAX_PAGE,
    Attempt,
    Confirmation,
    Declined,
    Done,
    NewPayment,
    NewRefund,
    Outcome,
    Page,
    Payment,
    Problem,
    Refund,
    Refused,
    Span,
    Unknown,
    UnknownWhy,
    demand_payment_id,
)
from citizencard.payments.stripe_objects import REFERENCE, read_page, read_payment, read_problem, read_refund
from citizencard.payments.stripe_transport import Answer, Parameters, Scalar, StripeTransport

Read = TypeVar("Read")

_NOT_LET_IN: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_BUSY: Final = (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)
_KEY_REUSED: Final = "idempotency_error"
_REFUSED: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)


class StripeGateway:
    """A `PaymentGateway` that speaks to Stripe.

    Args:
        transport: sends the requests.
    """

    def __init__(self, transport: StripeTransport) -> None:
        self._transport = transport

    def create(self, wanted: NewPayment) -> Outcome[Payment]:
        """POST /v1/payment_intents."""
        parameters: dict[str, Scalar | tuple[str, ...] | dict[str, Scalar]] = {
            "amount": wanted.amount_fen,
            "currency": CURRENCY,
            "payment_method_types": wanted.methods,
            "metadata": {REFERENCE: wanted.attempt.reference},
        }
        if wanted.method is not None:
            parameters["payment_method"] = wanted.method
        return self._post("/v1/payment_intents", parameters, wanted.attempt, read_payment)

    def confirm(self, wanted: Confirmation) -> Outcome[Payment]:
        """POST /v1/payment_intents/{id}/confirm."""
        parameters: dict[str, Scalar | tuple[str, ...] | dict[str, Scalar]] = {}
        if wanted.method is not None:
            parameters["payment_method"] = wanted.method
        if wanted.redirect is not None:
            parameters["payment_method_data"] = {"type": wanted.redirect}
        if wanted.redirect == "wechat_pay":
            parameters["payment_method_options[wechat_pay]"] = {"client": "web"}
        if wanted.return_url is not None:
            parameters["return_url"] = wanted.return_url
        return self._post(f"/v1/payment_intents/{wanted.payment}/confirm", parameters, wanted.attempt, read_payment)

    def cancel(self, attempt: Attempt, payment: str) -> Outcome[Payment]:
        """POST /v1/payment_intents/{id}/cancel."""
        demand_payment_id(payment)
        return self._post(f"/v1/payment_intents/{payment}/cancel", {}, attempt, read_payment)

    def refund(self, wanted: NewRefund) -> Outcome[Refund]:
        """POST /v1/refunds."""
        parameters: Parameters = {
            "payment_intent": wanted.payment,
            "amount": wanted.amount_fen,
            "metadata": {REFERENCE: wanted.attempt.reference},
        }
        return self._post("/v1/refunds", parameters, wanted.attempt, read_refund)

    def payment(self, payment: str) -> Outcome[Payment]:
        """GET /v1/payment_intents/{id}."""
        demand_payment_id(payment)
        return _outcome(self._transport.get(f"/v1/payment_intents/{payment}", {}), read_payment)

    def payments(self, span: Span, after: str | None = None) -> Outcome[Page[Payment]]:
        """GET /v1/payment_intents."""
        answer = self._transport.get("/v1/payment_intents", _range(span, after))
        return _outcome(answer, lambda document: read_page(document, read_payment))

    def refunds(self, span: Span, after: str | None = None) -> Outcome[Page[Refund]]:
        """GET /v1/refunds."""
        answer = self._transport.get("/v1/refunds", _range(span, after))
        return _outcome(answer, lambda document: read_page(document, read_refund))

    def _post(
        self, path: str, parameters: Parameters, attempt: Attempt, read: Callable[[object], Read]
    ) -> Outcome[Read]:
        return _outcome(self._transport.post(path, parameters, attempt.key), read)


def _range(span: Span, after: str | None) -> Parameters:
    # Stripe counts whole seconds: the fraction is dropped at the beginning and rounded up at the end, so nothing falls between.
    parameters: dict[str, Scalar | dict[str, Scalar]] = {
        "created": {"gte": int(span.since.timestamp()), "lt": -int(-span.until.timestamp() // 1)},
        "limit": MAX_PAGE,
    }
    if after is not None:
        parameters["starting_after"] = after
    return parameters


def _outcome(answer: Answer, read: Callable[[object], Read]) -> Outcome[Read]:
    """Say how it ended. Whatever is not plainly an end is `Unknown`: a key may have been used in an earlier life of the process."""
    error = answer.document.get("error") if answer.document else None
    problem = read_problem(error, status=answer.status, request_id=answer.request_id, replayed=answer.replayed)
    if answer.status == HTTPStatus.OK:
        try:
            return Done(read(answer.document), answer.replayed)
        except ValueError:
            return Unknown("answer_unreadable", problem)
    if answer.status == HTTPStatus.PAYMENT_REQUIRED and problem.type:
        return Declined(problem)
    # With an idempotency error the key belongs to another request of ours: how that one ended is what must be found out.
    if answer.status in _REFUSED and problem.type and problem.type != _KEY_REUSED:
        return Refused(problem)
    return Unknown(_why(answer, problem), problem)


def _why(answer: Answer, problem: Problem) -> UnknownWhy:
    if answer.status == HTTPStatus.BAD_REQUEST and problem.type == _KEY_REUSED:
        return "key_reused"
    if answer.status in _NOT_LET_IN:
        return "not_let_in"
    if answer.status in _BUSY:
        return "no_answer" if answer.in_doubt else "busy"
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server_error"
    return "answer_unreadable" if answer.status else "no_answer"
