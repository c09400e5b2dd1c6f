"""What the city asks a payment provider, in the city's words, and the four ways in which an answer can end.

The caller stores the idempotency key and its own reference in a committed row *before* it calls, and keeps both over retries and
restarts. `Unknown` is never a failure: the money may have moved. It ends by the same call with the same key, or by a look-up.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, Literal, Protocol, TypeVar

from citizencard.payments.errors import PaymentRequestInvalid
from citizencard.payments.states import PaymentState, RefundState

CURRENCY: Final = "cny"
MAX_AMOUNT_FEN: Final = 99_999_999  # Stripe takes up to eight digits
MAX_PAGE: Final = 100

MethodKind = Literal["card", "alipay", "wechat_pay"]
RedirectKind = Literal["alipay", "wechat_pay"]
UnknownWhy = Literal["no_answer", "busy", "server_error", "answer_unreadable", "not_let_in", "key_reused"]

T_co = TypeVar("T_co", covariant=True)

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,96}")
_PAYMENT: Final = re.compile(r"pi_[A-Za-z0-9_]{1,250}")
_METHOD: Final = re.compile(r"pm_[A-Za-z0-9_]{1,250}")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that is asked once, however often it is sent.

    Args:
        key: idempotency key, 1 to 255 printable ASCII characters, stored before the call. A resident's new try needs a new one.
        reference: our own name of it, at most 96 characters; travels as metadata and is what a look-up searches for.

    Raises:
        PaymentRequestInvalid: one of them is not usable.
    """

    key: str
    reference: str

    def __post_init__(self) -> None:
        _demand(_KEY.fullmatch(self.key), "key")
        _demand(_REFERENCE.fullmatch(self.reference), "reference")


@dataclass(frozen=True, slots=True)
class NewPayment:
    """Ask for a payment to be prepared.

    Args:
        attempt: key and reference.
        amount_fen: 1 to 99,999,999.
        methods: ways of paying that are offered; one at least.
        method: what the resident chose already, if the provider holds it, `pm_…`; the confirmation then names none.

    Raises:
        PaymentRequestInvalid: the amount, the methods or the method are not usable.
    """

    attempt: Attempt
    amount_fen: int
    methods: tuple[MethodKind, ...] = ("card",)
    method: str | None = None

    def __post_init__(self) -> None:
        _demand(type(self.amount_fen) is int and 0 < self.amount_fen <= MAX_AMOUNT_FEN, "amount_fen")
        _demand(len(self.methods) > 0, "methods")
        _demand(self.method is None or _METHOD.fullmatch(self.method), "method")


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Ask for a prepared payment to be made.

    Args:
        attempt: key and reference of this try; a decline is kept under its key, so the next try needs a new one.
        payment: the provider's id of the payment, `pi_…`.
        method: a method that the provider already holds, `pm_…`; never a card number.
        redirect: or a kind of method that sends the resident to his own app or page.
        return_url: where the resident comes back to; needed with `redirect`.

    Raises:
        PaymentRequestInvalid: an id has another form, or both a method and a redirect are named.
    """

    attempt: Attempt
    payment: str
    method: str | None = None
    redirect: RedirectKind | None = None
    return_url: str | None = None

    def __post_init__(self) -> None:
        demand_payment_id(self.payment)
        _demand(self.method is None or _METHOD.fullmatch(self.method), "method")
        _demand(self.method is None or self.redirect is None, "redirect")
        _demand(self.redirect is None or self.return_url is not None, "return_url")


@dataclass(frozen=True, slots=True)
class NewRefund:
    """Ask for money to be sent back.

    The caller has checked under a lock that all refunds of a payment stay within what was received; the provider checks again.

    Args:
        attempt: key and reference of the refund.
        payment: the provider's id of the payment, `pi_…`.
        amount_fen: how much of it, 1 to 99,999,999.

    Raises:
        PaymentRequestInvalid: the id or the amount is not usable.
    """

    attempt: Attempt
    payment: str
    amount_fen: int

    def __post_init__(self) -> None:
        demand_payment_id(self.payment)
        _demand(type(self.amount_fen) is int and 0 < self.amount_fen <= MAX_AMOUNT_FEN, "amount_fen")


@dataclass(frozen=True, slots=True)
class Span:
    """A range of time, from its first instant up to, not including, its last; both aware.

    Raises:
        PaymentRequestInvalid: an instant is naive or the range is empty.
    """

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        _demand(self.since.tzinfo is not None and self.until.tzinfo is not None and self.since < self.until, "span")


@dataclass(frozen=True, slots=True)
class Problem:
    """What the provider says went wrong; words of the provider, for staff and the log.

    Args:
        status: HTTP status, 0 when there was no answer.
        type, code, decline_code, param: the provider's own slugs, "" where it gave none.
        message: the provider's sentence, cut at 500 characters.
        request_id: what the provider's support asks for.
        replayed: the answer is the stored one of an earlier sending under the same key.
    """

    status: int = 0
    type: str = ""
    code: str = ""
    decline_code: str = ""
    param: str = ""
    message: str = ""
    request_id: str = ""
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as the provider holds it.

    Args:
        id: `pi_…`.
        state: where it stands.
        amount_fen, received_fen: asked for, and received so far.
        currency: lower case; book nothing that is not `cny`.
        reference: ours, "" when it is not one of our payments.
        created: aware, whole seconds.
        next_url: where the resident must go while the state is `requires_action`, if there is such a page.
        problem: why the last try failed, if one did.
    """

    id: str
    state: PaymentState
    amount_fen: int
    received_fen: int
    currency: str
    reference: str
    created: datetime
    next_url: str | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as the provider holds it.

    Args:
        id: `re_…`.
        state: where it stands; it can fail after it succeeded.
        payment: `pi_…` that it belongs to, "" when it belongs to none.
        amount_fen, currency, reference, created: as for a payment.
        failure: the provider's slug when the state is `failed`.
    """

    id: str
    state: RefundState
    payment: str
    amount_fen: int
    currency: str
    reference: str
    created: datetime
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """Some of a list, newest first.

    Args:
        items: at most 100.
        last: id to continue after, None when this was the last page.
    """

    items: tuple[T_co, ...]
    last: str | None


@dataclass(frozen=True, slots=True)
class Done(Generic[T_co]):
    """It was carried out, or looked up: this is how it stands. The state says whether the payment is at its end.

    Args:
        value: the object after the call.
        replayed: the provider gave the stored answer of an earlier sending.
    """

    value: T_co
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Declined:
    """The bank or the resident's wallet said no; no money moved. A new try of the resident needs a new key."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider does not carry out this request, now or on repetition; no money moved by it. Look up what state it is in."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether it was carried out: repeat with the same key, or look it up.

    Args:
        why: `no_answer`, `busy`, `server_error`, `answer_unreadable`, `not_let_in` or `key_reused`.
        problem: the last answer, if there was one.
    """

    why: UnknownWhy
    problem: Problem


Outcome = Done[T_co] | Declined | Refused | Unknown


class PaymentGateway(Protocol):
    """A payment provider. No call raises for what the provider or the network does: the outcome says it."""

    def create(self, wanted: NewPayment) -> Outcome[Payment]:
        """Prepare a payment; no money moves."""

    def confirm(self, wanted: Confirmation) -> Outcome[Payment]:
        """Make a payment; `requires_action` in the answer means that the resident goes to `next_url`."""

    def cancel(self, attempt: Attempt, payment: str) -> Outcome[Payment]:
        """Give a payment up; refused once it has succeeded."""

    def refund(self, wanted: NewRefund) -> Outcome[Refund]:
        """Send money of a payment back."""

    def payment(self, payment: str) -> Outcome[Payment]:
        """Look a payment up by the provider's id."""

    def payments(self, span: Span, after: str | None = None) -> Outcome[Page[Payment]]:
        """List payments created in a range of time, newest first."""

    def refunds(self, span: Span, after: str | None = None) -> Outcome[Page[Refund]]:
        """List refunds created in a range of time, newest first."""


def demand_payment_id(payment: str) -> None:
    """Let only the id of a payment into an address.

    Raises:
        PaymentRequestInvalid: it has another form.
    """
    _demand(_PAYMENT.fullmatch(payment), "payment")


def _demand(fit: object, field: str) -> None:
    if not fit:
        raise PaymentRequestInvalid(f"{field} is not usable", field=field)
