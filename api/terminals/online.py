"""Purchases from on-line accounts, with a proof of the card, and their reversals. The name in the body is the key: no second header."""

from api.auth import signer
from api.city import city, now
from api.face import Face, Shapes
from api.nonces import booked_with_nonce, present_nonce
from api.schemas.online import (
    OnlinePurchaseAnswer,
    OnlinePurchaseRequest,
    OnlineReversalAnswer,
    OnlineReversalRequest,
)
from citizencard.accounts.flow import signed_purchase
from citizencard.accounts.proof import PurchaseClaim, PurchaseName
from citizencard.accounts.purchases import PurchaseAnswer
from citizencard.accounts.reversals import ReversalAnswer
from citizencard.db import transaction
from citizencard.parking.reversals import take_back

face = Face("On-line purchases", "/terminals", "Payments from on-line accounts, and taking them back.")


@face.post("/online-purchases", Shapes(gives=OnlinePurchaseAnswer, takes=OnlinePurchaseRequest))
def buy_on_line(claim: PurchaseClaim) -> PurchaseAnswer:
    """Pay from the account of a card that has signed for exactly this. Refused is an answer too; it says why, and the name is used up.

    A terminal that gets no answer asks again, or takes back what it asked for under `/terminals/online-reversals`.
    """
    answer = signed_purchase(city().sessions, city().hsm, present_nonce(), claim, now())
    booked_with_nonce()
    return answer


@face.post("/online-reversals", Shapes(gives=OnlineReversalAnswer, takes=OnlineReversalRequest))
def reverse_on_line(name: PurchaseName) -> ReversalAnswer:
    """Take back what was asked for under a name: a purchase, or a parking exit, whose stay then goes on.

    What has not arrived yet is refused when it does.
    """
    with transaction(city().sessions) as session:
        return take_back(session, signer().terminal_id, name, now())
