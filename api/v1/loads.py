"""Loads (圈存): cash over the counter onto a chip; what a kiosk began can be seen and ended here as well."""

from api.auth import actor, actor_at
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once
from api.schemas.cards import LoadAnswer, LoadRequest
from api.schemas.people import ReasonRequest, Why
from citizencard.cards.states import Deed
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.purse.loads.loads import LoadWish, find_load, give_back, request_load
from citizencard.purse.loads.models import Load
from citizencard.staff.outlets import find_till
from citizencard.staff.permissions import Permission

face = Face("Loads", "/v1", "Money onto chips, ended only by proof.")


@face.post("/loads", Shapes(gives=LoadAnswer, takes=LoadRequest, status=201))
def ask_for_a_load(wish: LoadWish) -> Once:
    """Write down what is to be loaded. Cash is booked, and the slip numbered, in the reader job `load` once the card proved genuine."""

    def work(session: Transaction) -> Load:
        who = actor_at(Permission.LOADS_TAKE, find_till(session, wish.till_id).outlet_id)
        return request_load(session, wish, Deed(who, now()))

    return Once(work)


@face.get("/loads/<load_id>", Shapes(gives=LoadAnswer))
def see_load(load_id: str) -> Load:
    """A load."""
    with reading(city().sessions) as session:
        found = find_load(session, load_id)
        session.expunge_all()
    return found


@face.post("/loads/<load_id>/give-backs", Shapes(gives=LoadAnswer, takes=ReasonRequest, status=201))
def give_a_load_back(why: Why, load_id: str) -> Once:
    """Give the money of a disproven load back: the card has proved that it was not credited. Without proof nothing is given back."""

    def work(session: Transaction) -> Load:
        outlet_id = find_load(session, load_id).outlet_id
        who = (
            actor(Permission.LOADS_GIVE_BACK) if outlet_id is None else actor_at(Permission.LOADS_GIVE_BACK, outlet_id)
        )
        return give_back(session, load_id, Deed(who, now(), why.reason))

    return Once(work)
