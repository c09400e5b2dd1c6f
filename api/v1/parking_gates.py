"""Which terminals stand at which parking lots."""

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once
from api.schemas.parking import ParkingGateAnswer, ParkingGateRequest
from api.schemas.shape import Page, PageQuery, PageWanted, list_of
from citizencard.cards.states import Deed
from citizencard.db import reading
from citizencard.parking.gates import NewGate, assign_gate, list_gates
from citizencard.staff.permissions import Permission

face = Face("Parking gates", "/v1", "Terminals at parking lots.")


@face.post("/parking-gates", Shapes(gives=ParkingGateAnswer, takes=ParkingGateRequest, status=201))
def put_a_gate(new: NewGate) -> Once:
    """Put a terminal at a lot of a merchant. Who is paid is decided by its binding, which must be to the same merchant."""
    deed = Deed(actor(Permission.TERMINALS_MANAGE), now())
    return Once(lambda session: assign_gate(session, new, deed))


@face.get("/parking-gates", Shapes(gives=list_of(ParkingGateAnswer), query=PageQuery))
def see_gates(wanted: PageWanted) -> Page:
    """All gates in use, by id."""
    with reading(city().sessions) as session:
        found = list_gates(session, after=wanted.starting_after or "", limit=wanted.limit + 1)
    return Page.cut(found, wanted.limit)
