"""Outlets, tills and the logins of those who work there."""

from api.auth import actor, actor_at
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once, Stored
from api.schemas.staff import (
    NamedOnly,
    NewTill,
    OutletAnswer,
    OutletRequest,
    StaffAnswer,
    StaffRequest,
    StaffWanted,
    TillAnswer,
    TillRequest,
)
from citizencard.db import transaction
from citizencard.idempotency.work import Transaction
from citizencard.staff.invitations import invite_again
from citizencard.staff.members import NewStaff, create_staff
from citizencard.staff.outlets import open_outlet, open_till
from citizencard.staff.permissions import Permission

face = Face("Staff and outlets", "/v1", "Service points, their tills, and logins with their roles.")


@face.post("/outlets", Shapes(gives=OutletAnswer, takes=OutletRequest, status=201))
def open_an_outlet(new: NamedOnly) -> Once:
    """Open a service point."""
    who = actor(Permission.OUTLETS_MANAGE)
    return Once(lambda session: open_outlet(session, new.name, who, now()))


@face.post("/tills", Shapes(gives=TillAnswer, takes=TillRequest, status=201))
def open_a_till(new: NewTill) -> Once:
    """Give a service point a cash drawer, with its account in the books."""
    who = actor_at(Permission.OUTLETS_MANAGE, new.outlet_id)
    return Once(lambda session: open_till(session, new.outlet_id, new.name, who, now()))


@face.post("/staff", Shapes(gives=StaffAnswer, takes=StaffRequest, status=201))
def make_a_login(new: StaffWanted) -> Once:
    """Make a login; its owner activates it with the one-time token."""
    who = actor(Permission.STAFF_MANAGE)
    wanted = NewStaff(new.login, new.name, new.person_reference, frozenset(new.roles), new.outlet_id)
    tokens: list[str | None] = []

    def work(session: Transaction) -> Stored:
        made = create_staff(session, wanted, who, now())
        tokens.append(made.one_time_token)
        return {"id": made.staff_id, "login": made.login}

    def show(stored: Stored, replayed: bool) -> object:  # noqa: FBT001 # told by position, as every `show`
        if replayed:
            with transaction(city().sessions) as session:
                tokens.append(invite_again(session, stored["id"], who, now()))
        return {**stored, "one_time_token": tokens[0]}

    return Once(work, show)
