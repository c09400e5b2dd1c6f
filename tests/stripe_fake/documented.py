"""What Stripe's API reference documents for each request that we make, and a look at requests with that in hand.

Source: https://docs.stripe.com/api/payment_intents/create, /confirm, /cancel, /retrieve, /list and
https://docs.stripe.com/api/refunds/create, /list (first level of each parameter; the inner names that we use are listed beside).
"""

import re
from collections.abc import Iterable

from tests.stripe_fake.server import Seen

FORM = "application/x-www-form-urlencoded"
MAX_KEY_CHARACTERS = 255
MAX_VALUE_CHARACTERS = 500  # of metadata; a name has 40


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PAYMENT = _names(
    "amount_details capture_method confirmation_token error_on_requires_action excluded_payment_method_types expand hooks mandate"
    " mandate_data off_session payment_details payment_method payment_method_data payment_method_options payment_method_types"
    " radar_options receipt_email return_url setup_future_usage shipping use_stripe_sdk"
)
DOCUMENTED: dict[tuple[str, str], frozenset[str]] = {
    ("POST", "/v1/payment_intents"): _PAYMENT
    | _names(
        "amount application_fee_amount automatic_payment_methods confirm confirmation_method currency customer customer_account"
        " description metadata on_behalf_of payment_method_configuration statement_descriptor statement_descriptor_suffix"
        " transfer_data transfer_group"
    ),
    ("POST", "/v1/payment_intents/{id}/confirm"): _PAYMENT,
    ("POST", "/v1/payment_intents/{id}/cancel"): _names("cancellation_reason expand"),
    ("POST", "/v1/refunds"): _names(
        "amount charge currency customer expand instructions_email metadata origin payment_intent reason refund_application_fee"
        " reverse_transfer"
    ),
    ("GET", "/v1/payment_intents/{id}"): _names("client_secret expand"),
    ("GET", "/v1/payment_intents"): _names(
        "created customer customer_account ending_before expand limit starting_after"
    ),
    ("GET", "/v1/refunds"): _names("charge created ending_before expand limit payment_intent starting_after"),
}
INNER = {
    "payment_method_data": re.compile(r"\[type\]"),
    "payment_method_options": re.compile(r"\[wechat_pay\]\[client\]"),
    "payment_method_types": re.compile(r"\[\d+\]"),
    "created": re.compile(r"\[(gt|gte|lt|lte)\]"),
    "metadata": re.compile(r"\[[^\[\]]{1,40}\]"),
}


def faults_of(seen: Seen) -> list[str]:
    """What a request has that Stripe does not document."""
    path = re.sub(r"/pi_\w+", "/{id}", seen.path)
    names = DOCUMENTED.get((seen.method, path))
    if names is None:
        return [f"{seen.method} {path} is not documented"]
    faults = []
    for name, value in seen.parameters.items():
        outer, bracket, inner = name.partition("[")
        form = INNER.get(outer)
        if outer not in names or (bracket + inner != "" if form is None else not form.fullmatch(bracket + inner)):
            faults.append(f"{seen.method} {path}: {name} is not documented")
        if outer == "metadata" and len(value) > MAX_VALUE_CHARACTERS:
            faults.append(f"{seen.method} {path}: {name} is too long")
    if seen.method == "POST":
        if seen.content_type != FORM:
            faults.append(f"{path}: content type {seen.content_type}")
        if not seen.key or len(seen.key) > MAX_KEY_CHARACTERS:
            faults.append(f"{path}: idempotency key {seen.key}")
    elif seen.key is not None:
        faults.append(f"{path}: an idempotency key where none has a meaning")
    return faults


def key_faults(requests: Iterable[Seen]) -> list[str]:
    """Keys that stood for more than one request: each names one thing that is asked for, with the same words every time."""
    known: dict[str, tuple[str, dict[str, str]]] = {}
    faults = []
    for seen in requests:
        if seen.method == "POST" and seen.key:
            asked = (seen.path, seen.parameters)
            if known.setdefault(seen.key, asked) != asked:
                faults.append(f"{seen.path}: one key, two requests")
    return faults
