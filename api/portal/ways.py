"""How a resident can pay on-line here: with the provider's test methods where everything is invented, else by going to his own app."""

from dataclasses import dataclass
from typing import Final, cast, get_args

from api.city import city
from citizencard.checkout.errors import OnlinePaymentUnavailable
from citizencard.checkout.orders import NewCheckout
from citizencard.payments.gateway import MethodKind, PaymentGateway, RedirectKind
from citizencard.payments.models import Purpose

TEST_REALM: Final = "test"
TEST_METHODS: Final = ("pm_card_visa", "pm_card_chargeCustomerFail")
"""Stripe's documented test methods (docs.stripe.com/testing): one that is paid, one that the bank declines. No secrets, no cards."""
APPS: Final = "apps"
"""The resident chooses among his own apps on the payment's page."""
REDIRECTS: Final[tuple[RedirectKind, ...]] = get_args(RedirectKind)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a resident wants to pay: a bill or a top-up, how much, who, and by which of the ways that are offered."""

    purpose: Purpose
    subject_id: str
    amount_fen: int
    person_id: str
    way: str


def ways() -> tuple[str, ...]:
    """Ways of paying on-line that are offered, the usual one first; empty where nothing can be paid on-line."""
    if city().gateway is None:
        return ()
    apps = (APPS,) if apps_offered() else ()
    return (*apps, *TEST_METHODS) if city().hsm.realm == TEST_REALM else apps


def apps_offered() -> tuple[RedirectKind, ...]:
    """Apps that the provider leads to."""
    return tuple(kind for kind in REDIRECTS if kind in city().payment_methods)


def page_to_go_to(url: str | None, realm: str) -> str | None:
    """The provider's page that a resident is led to; where real money moves only one over TLS."""
    is_safe = url is not None and (realm == TEST_REALM or url.startswith("https://"))
    return url if is_safe else None


def gateway() -> PaymentGateway:
    """The provider.

    Raises:
        OnlinePaymentUnavailable: none is set up here.
    """
    found = city().gateway
    if found is None:
        raise OnlinePaymentUnavailable("no provider is set up")
    return found


def checkout_of(wanted: Wanted) -> NewCheckout:
    """The payment to be begun. A test method is named at once: the stand-in takes it at creation only.

    Raises:
        OnlinePaymentUnavailable: this way is not offered.
    """
    if wanted.way not in ways():
        raise OnlinePaymentUnavailable("this way of paying is not offered", way=wanted.way)
    method = None if wanted.way == APPS else wanted.way
    methods = cast("tuple[MethodKind, ...]", ("card",) if method else apps_offered())
    return NewCheckout(wanted.purpose, wanted.subject_id, wanted.amount_fen, wanted.person_id, method, methods)
