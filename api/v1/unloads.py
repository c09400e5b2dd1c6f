"""Unloads (圈提): money off a chip, due to its holder once the chip has proved that it gave it."""

from api.auth import actor, actor_at
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once
from api.schemas.people import ReasonRequest, Why
from api.schemas.unloads import PaidOut, PayOutRequest, UnloadAnswer, UnloadRequest
from citizencard.cards.states import Deed
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.purse.unloads.models import Unload
from citizencard.purse.unloads.pay_out import pay_out
from citizencard.purse.unloads.unloads import UnloadWish, find_unload, request_unload, withdraw_unload
from citizencard.staff.outlets import find_till
from citizencard.staff.permissions import Permission

face = Face("Unloads", "/v1", "Money off chips, owed only after their proof.")


@face.post("/unloads", Shapes(gives=UnloadAnswer, takes=UnloadRequest, status=201))
def ask_for_an_unload(wish: UnloadWish) -> Once:
    """Write down what is to leave the chip. The reader job `unload` orders it; nothing is owed before the chip's proof."""
    deed = Deed(actor(Permission.UNLOADS_TAKE), now())
    return Once(lambda session: request_unload(session, wish, deed))


@face.get("/unloads/<unload_id>", Shapes(gives=UnloadAnswer))
def see_unload(unload_id: str) -> Unload:
    """An unload."""
    with reading(city().sessions) as session:
        found = find_unload(session, unload_id)
        session.expunge_all()
    return found


@face.post("/unloads/<unload_id>/withdrawals", Shapes(gives=UnloadAnswer, takes=ReasonRequest, status=201))
def withdraw_an_unload(why: Why, unload_id: str) -> Once:
    """Give up an unload that was not ordered yet. Once the order has left the house only the chip decides."""
    deed = Deed(actor(Permission.UNLOADS_TAKE), now(), why.reason)
    return Once(lambda session: withdraw_unload(session, unload_id, deed))


@face.post("/unloads/<unload_id>/pay-outs", Shapes(gives=UnloadAnswer, takes=PayOutRequest, status=201))
def pay_an_unload_out(given: PaidOut, unload_id: str) -> Once:
    """Close the card and pay what it gave in cash. The card has proved that it is empty; as long as it is used, nothing is paid."""

    def work(session: Transaction) -> Unload:
        who = actor_at(Permission.UNLOADS_PAY_OUT, find_till(session, given.till_id).outlet_id)
        return pay_out(session, unload_id, given.till_id, Deed(who, now(), given.reason))

    return Once(work)
