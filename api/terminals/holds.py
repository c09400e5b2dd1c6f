"""Holds: money that is reserved before the goods are measured, such as at a fuel pump. The name in the body is the key."""

from api.auth import signer
from api.city import city, now
from api.face import Face, Shapes
from api.schemas.holds import (
    HoldAnswer,
    HoldReleaseAnswer,
    HoldReleaseRequest,
    HoldRequest,
    HoldSettlementAnswer,
    HoldSettlementRequest,
)
from citizencard.accounts.holds import ending, placing, settling
from citizencard.accounts.holds.flow import place_hold
from citizencard.accounts.proof import PurchaseClaim, PurchaseName
from citizencard.db import transaction

face = Face("Holds", "/terminals", "Money reserved on on-line accounts, settled in parts or given back.")


@face.post("/holds", Shapes(gives=HoldAnswer, takes=HoldRequest))
def hold_on_line(claim: PurchaseClaim) -> placing.HoldAnswer:
    """Reserve money of the account of a card that has signed for exactly this. Refused is an answer too, and the name is used up.

    A terminal that gets no answer asks again, or takes back what it asked for under `/terminals/online-reversals`.
    """
    return place_hold(city().sessions, city().hsm, signer().terminal_id, claim, now())


@face.post("/hold-settlements", Shapes(gives=HoldSettlementAnswer, takes=HoldSettlementRequest))
def settle_a_hold(claim: settling.SettlementClaim) -> settling.SettlementAnswer:
    """Take a part of what is held, numbered from 1. After the hold has expired the part is tried as a purchase, and may be refused."""
    with transaction(city().sessions) as session:
        return settling.settle(session, signer().terminal_id, claim, now())


@face.post("/hold-releases", Shapes(gives=HoldReleaseAnswer, takes=HoldReleaseRequest))
def release_a_hold(name: PurchaseName) -> ending.ReleaseAnswer:
    """Give back what is left of a hold. Parts that were settled stay."""
    with transaction(city().sessions) as session:
        return ending.release(session, signer().terminal_id, name, now())
