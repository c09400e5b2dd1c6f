"""Chips as makers deliver them."""

from api.auth import actor
from api.city import now
from api.errors import ShapeInvalid
from api.face import Face, Shapes
from api.idempotency import Once, Stored
from api.schemas.cards import Delivered, DeliveryAnswer, DeliveryRequest
from citizencard.cards.models import ChipKind
from citizencard.cards.stock import Delivery, receive_chips
from citizencard.idempotency.work import Transaction
from citizencard.staff.permissions import Permission

face = Face("Stock", "/v1", "Blank chips.")


@face.post("/card-stock", Shapes(gives=DeliveryAnswer, takes=DeliveryRequest, status=201))
def receive_a_delivery(new: Delivered) -> Once:
    """Receive chips for cards into stock, all of them or none."""
    who = actor(Permission.STOCK_RECEIVE)
    if len(set(new.chip_serials)) != len(new.chip_serials):
        raise ShapeInvalid("a chip serial is named twice")
    delivery = Delivery(ChipKind.CARD, new.batch, tuple(new.chip_serials))

    def work(session: Transaction) -> Stored:
        receive_chips(session, delivery, actor=who, now=now())
        return {"batch": new.batch, "received": len(delivery.chip_serials)}

    return Once(work)
