"""Events of the stand-in: signed as Stripe signs, and delivered twice, out of order, forged or late on request."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

SECRET = "whsec_canary_51c0"


@dataclass(frozen=True)
class Delivery:
    """What arrives at our endpoint: the exact bytes and the header."""

    body: bytes
    signature: str


def event_body(number: int, kind: str, content: dict[str, Any], created_s: int) -> bytes:
    document = {
        "id": f"evt_{number:06d}",
        "object": "event",
        "type": kind,
        "created": created_s,
        "livemode": False,
        "data": {"object": content},
    }
    return json.dumps(document, ensure_ascii=False).encode()


def deliver(body: bytes, at_s: int, secret: str = SECRET) -> Delivery:
    """One delivery; each repetition is signed anew with its own time."""
    return Delivery(body, f"t={at_s},v1={sign(body, at_s, secret)}")


def sign(body: bytes, at_s: int, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
