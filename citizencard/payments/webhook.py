"""Events that Stripe reports: believed only when signed over the exact bytes with one of our secrets within 300 seconds.

Source: Stripe's documentation "Verify webhook signatures manually": `Stripe-Signature: t=<unix seconds>,v1=<hex>[,v1=<hex>]`,
v1 = HMAC-SHA256(secret, t + "." + body). Two v1 appear while a secret is rolled; v0 is for tests of Stripe's and never counts.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from citizencard.payments.errors import WebhookForged, WebhookMalformed, WebhookOutOfTime, WebhookUnsigned
from citizencard.payments.gateway import Payment, Refund
from citizencard.payments.stripe_objects import read_payment, read_refund

TOLERANCE_S: Final = 300
MAX_BODY_BYTES: Final = 512 * 1024
MAX_HEADER_CHARACTERS: Final = 2048
MAX_SIGNATURES: Final = 8
MAX_ID_CHARACTERS: Final = 255
_MAX_TIME_DIGITS: Final = 11


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """The secret of our webhook endpoint, `whsec_…`; it shows in no repr."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """One report. Order is not guaranteed, repetition is usual.

    Args:
        id: `evt_…`; the same event may come many times.
        type: for example `payment_intent.succeeded`.
        created: when the change happened, aware.
        live: real money.
        object_id: what changed.
        payment, refund: the object as it was then, when it is one of these two; None otherwise.
    """

    id: str
    type: str
    created: datetime
    live: bool
    object_id: str
    payment: Payment | None = None
    refund: Refund | None = None

    @property
    def change(self) -> str:
        """Object and kind of change: two event ids may report one change."""
        return f"{self.object_id}:{self.type}"


def read_event(body: bytes, signature: str | None, secrets: Sequence[WebhookSecret], now: datetime) -> Event:
    """Verify and read an event.

    Args:
        body: the bytes exactly as received, before any parsing.
        signature: the header `Stripe-Signature`.
        secrets: those in force; two while one is being rolled.
        now: aware.

    Raises:
        WebhookUnsigned: no signature that can be read.
        WebhookForged: no v1 of ours over these bytes.
        WebhookOutOfTime: signed more than 300 seconds from now.
        WebhookMalformed: signed, but not an event as documented, or too long.
    """
    if len(body) > MAX_BODY_BYTES:
        raise WebhookMalformed("the event is too long", reason="too_long")
    signed_at, signatures = _read_signature(signature)
    signed = signed_at.encode("ascii") + b"." + body
    # Every pair is compared, whether one has matched or not.
    matches = [
        hmac.compare_digest(hmac.new(secret.text.encode(), signed, hashlib.sha256).hexdigest(), given)
        for secret in secrets
        for given in signatures
    ]
    if not any(matches):
        raise WebhookForged("no signature over these bytes is ours")
    if abs(now.timestamp() - int(signed_at)) > TOLERANCE_S:
        raise WebhookOutOfTime("signed more than 300 seconds from now")
    return _read_event(body)


def _read_signature(header: str | None) -> tuple[str, list[str]]:
    if not header or len(header) > MAX_HEADER_CHARACTERS or not header.isascii():
        raise WebhookUnsigned("there is no signature, or none that can be read")
    items = [item.strip().partition("=") for item in header.split(",")]
    times = [value for name, _, value in items if name == "t"]
    signatures = [value for name, _, value in items if name == "v1"]
    if len(times) != 1 or not times[0].isdigit() or len(times[0]) > _MAX_TIME_DIGITS:
        raise WebhookUnsigned("the signature names no time")
    if not 0 < len(signatures) <= MAX_SIGNATURES:
        raise WebhookUnsigned("the signature has no part v1, or too many")
    return times[0], signatures


def _read_event(body: bytes) -> Event:
    try:
        document = json.loads(body)
        content = document["data"]["object"]
        event = Event(
            id=document["id"],
            type=document["type"],
            created=datetime.fromtimestamp(int(document["created"]), UTC),
            live=document.get("livemode") is True,
            object_id=content["id"],
            payment=read_payment(content) if content["object"] == "payment_intent" else None,
            refund=read_refund(content) if content["object"] == "refund" else None,
        )
        documented = document["object"] == "event"
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
        raise WebhookMalformed("the event is not what is documented", reason="form") from None
    texts = (event.id, event.type, event.object_id)
    if not documented or any(not isinstance(text, str) or not 0 < len(text) <= MAX_ID_CHARACTERS for text in texts):
        raise WebhookMalformed("the event is not what is documented", reason="form")
    return event
