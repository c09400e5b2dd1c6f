"""`POST /webhooks/stripe`: what the payment provider reports. Open to everybody, believed only when signed over the exact bytes."""

from typing import Final

from flask import Blueprint, Response, request

from api.city import city, now
from api.face import json_answer
from citizencard.checkout.errors import OnlinePaymentUnavailable
from citizencard.checkout.webhooks import Delivery, receive

SIGNATURE: Final = "Stripe-Signature"

pages = Blueprint("webhooks", __name__)


@pages.post("/webhooks/stripe")
def take_report() -> Response:
    """Keep a report and act on it. 400 when it is not believed; 200 once it is kept, whatever becomes of it then."""
    gateway, secrets = city().gateway, city().webhook_secrets
    if gateway is None or not secrets:
        raise OnlinePaymentUnavailable("no reports are taken here")
    delivery = Delivery(request.get_data(cache=False), request.headers.get(SIGNATURE))
    received = receive(city().sessions, gateway, delivery, secrets, now())
    return json_answer({"event": received.event_id, "outcome": str(received.outcome)}, 200)
