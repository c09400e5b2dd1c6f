"""What becomes of devices: stopped at once by one person, let speak again by two, given codes, put in their places."""

from collections.abc import Callable

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once, Stored
from api.schemas.people import ReasonRequest, Why
from api.schemas.registry import TerminalAnswer
from api.schemas.shape import list_of
from api.schemas.staff import ProposedAnswer
from api.schemas.terminal_life import (
    CodeWanted,
    EnrolmentCodeAnswer,
    EnrolmentCodeRequest,
    PartnerWanted,
    PlaceWanted,
    SoftwareWanted,
    TerminalPartnerRequest,
    TerminalPlaceRequest,
    TerminalSoftwareAnswer,
    TerminalSoftwareRequest,
)
from api.v1.terminals import registered
from citizencard.db import reading, transaction
from citizencard.idempotency.work import Transaction
from citizencard.staff.permissions import Permission
from citizencard.terminals.fitting.fittings import numbers_of
from citizencard.terminals.fitting.invitations import (
    collect_again,
    collect_code,
    invite_again,
    issue_first_code,
    propose_invitation,
)
from citizencard.terminals.life import disable_terminal, propose_enabling
from citizencard.terminals.models import Terminal, TerminalKind, TerminalSoftware
from citizencard.terminals.places import pair_terminals, place_terminal
from citizencard.terminals.software import require_software, required_rows

face = Face("Life of terminals", "/v1", "Stopping devices and letting them speak, their codes, places and software.")


@face.post("/terminals/<terminal_id>/disablings", Shapes(gives=TerminalAnswer, takes=ReasonRequest, status=201))
def disable_a_terminal(given: Why, terminal_id: str) -> Once:
    """Let a device speak no longer, from its next request on. What it has signed is a fact all the same: another may carry it."""
    who = actor(Permission.TERMINALS_DISABLE)
    return Once(lambda session: _seen(session, disable_terminal(session, terminal_id, given.reason, who, now())))


@face.post("/terminals/<terminal_id>/enablings", Shapes(gives=ProposedAnswer, takes=ReasonRequest, status=202))
def propose_an_enabling(given: Why, terminal_id: str) -> Once:
    """Propose that a device may speak again."""
    who = actor(Permission.TERMINALS_MANAGE)
    return Once(lambda session: {"approval_id": propose_enabling(session, terminal_id, given.reason, who, now()).id})


@face.post("/terminals/<terminal_id>/invitations", Shapes(gives=ProposedAnswer, takes=ReasonRequest, status=202))
def propose_an_invitation(given: Why, terminal_id: str) -> Once:
    """Propose that a device which has a key may bring another one. The code is shown to the proposer alone, once it is agreed to."""
    who = actor(Permission.TERMINALS_MANAGE)
    return Once(lambda session: {"approval_id": propose_invitation(session, terminal_id, given.reason, who, now()).id})


@face.post("/terminals/<terminal_id>/codes", Shapes(gives=EnrolmentCodeAnswer, takes=EnrolmentCodeRequest, status=201))
def give_a_code(given: CodeWanted, terminal_id: str) -> Once:
    """A one-time code: for a device that never had a key at once, for another one by an approved invitation."""
    codes: list[str | None] = []
    first, again = _ways(given, terminal_id)

    def work(session: Transaction) -> Stored:
        codes.append(first(session))
        return {"id": terminal_id}

    def show(stored: Stored, replayed: bool) -> object:  # noqa: FBT001 # told by position, as every `show`
        if replayed:
            with transaction(city().sessions) as session:
                codes.append(again(session))
        return {"terminal_id": stored["id"], "enrolment_code": codes[0]}

    return Once(work, show)


@face.put("/terminals/<terminal_id>/outlet", Shapes(gives=TerminalAnswer, takes=TerminalPlaceRequest))
def place_a_terminal(given: PlaceWanted, terminal_id: str) -> dict[str, object]:
    """Say at which outlet a device stands."""
    who = actor(Permission.TERMINALS_MANAGE)
    with transaction(city().sessions) as session:
        return _seen(session, place_terminal(session, terminal_id, given.outlet_id, who, now()))


@face.put("/terminals/<terminal_id>/partner", Shapes(gives=TerminalAnswer, takes=TerminalPartnerRequest))
def pair_a_terminal(given: PartnerWanted, terminal_id: str) -> dict[str, object]:
    """Make two gates a pair."""
    who = actor(Permission.TERMINALS_MANAGE)
    with transaction(city().sessions) as session:
        return _seen(session, pair_terminals(session, terminal_id, given.partner_id, who, now()))


@face.post("/terminal-software", Shapes(gives=TerminalSoftwareAnswer, takes=TerminalSoftwareRequest, status=201))
def set_the_software(given: SoftwareWanted) -> Once:
    """Say what devices of a kind shall run from now on. None is refused for running something else; the list of devices shows it."""
    who = actor(Permission.TERMINALS_MANAGE)
    return Once(lambda session: require_software(session, TerminalKind(given.kind), given.software, who, now()))


@face.get("/terminal-software", Shapes(gives=list_of(TerminalSoftwareAnswer)))
def see_software() -> dict[str, object]:
    """What each kind of device shall run."""
    with reading(city().sessions) as session:
        found: list[TerminalSoftware] = required_rows(session)
        return {"data": found, "has_more": False}


def _ways(
    given: CodeWanted, terminal_id: str
) -> tuple[Callable[[Transaction], str], Callable[[Transaction], str | None]]:
    """How the code is had for the first time, and how when the answer was lost."""
    who = actor(Permission.TERMINALS_MANAGE)
    approval_id = given.approval_id
    if approval_id is None:
        return (
            lambda session: issue_first_code(session, terminal_id, who, now()),
            lambda session: invite_again(session, terminal_id, now=now()),
        )
    return (
        lambda session: collect_code(session, terminal_id, approval_id, who, now()),
        lambda session: collect_again(session, terminal_id, approval_id, who, now()),
    )


def _seen(session: Transaction, terminal: Terminal) -> dict[str, object]:
    return registered(terminal, numbers_of(session, [terminal.id]).get(terminal.id))
