"""Devices, their security modules, and the four eyes that bind both to a merchant."""

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once, Stored
from api.schemas.registry import (
    BindingRequest,
    BindingWanted,
    NewTerminal,
    PsamAnswer,
    PsamRequest,
    TerminalAnswer,
    TerminalMadeAnswer,
    TerminalRequest,
)
from api.schemas.shape import Page, PageQuery, PageWanted, list_of
from api.schemas.staff import ProposedAnswer
from citizencard.audit import record
from citizencard.cards.states import Deed
from citizencard.db import reading, transaction
from citizencard.idempotency.work import Transaction
from citizencard.staff.permissions import Permission
from citizencard.terminals.enrolment import issue_enrolment_code
from citizencard.terminals.fitting.bindings import propose_binding
from citizencard.terminals.fitting.fittings import NewModule, find_order, fit_module, numbers_of
from citizencard.terminals.fitting.invitations import invite_again
from citizencard.terminals.models import Terminal
from citizencard.terminals.registry import NewBinding, list_terminals, register_terminal, terminal_by_id

face = Face("Terminals and modules", "/v1", "Devices that take cards, the PSAMs in them, and whom they earn for.")


@face.post("/terminals", Shapes(gives=TerminalMadeAnswer, takes=TerminalRequest, status=201))
def register_a_terminal(new: NewTerminal) -> Once:
    """Register a device. With the enrolment code it makes its key known by itself."""
    who = actor(Permission.TERMINALS_MANAGE)
    codes: list[str | None] = []

    def work(session: Transaction) -> Stored:
        made = register_terminal(session, new.name, now=now())
        codes.append(issue_enrolment_code(session, made.id, now=now()))
        record(session, who, "terminal.register", made.id, after={"name": made.name}, now=now())
        return {"id": made.id}

    def show(stored: Stored, replayed: bool) -> object:  # noqa: FBT001 # told by position, as every `show`
        with transaction(city().sessions) as session:
            if replayed:
                codes.append(invite_again(session, stored["id"], now=now()))
            return {**_seen(terminal_by_id(session, stored["id"]), None), "enrolment_code": codes[0]}

    return Once(work, show)


@face.get("/terminals", Shapes(gives=list_of(TerminalAnswer), query=PageQuery))
def see_terminals(wanted: PageWanted) -> Page:
    """All devices, by id."""
    with reading(city().sessions) as session:
        found = list_terminals(session, after=wanted.starting_after or "", limit=wanted.limit + 1)
        numbers = numbers_of(session, [terminal.id for terminal in found])
    return Page.cut([_seen(terminal, numbers.get(terminal.id)) for terminal in found], wanted.limit)


@face.post("/psams", Shapes(gives=PsamAnswer, takes=PsamRequest, status=201))
def order_a_psam(new: NewModule) -> Once:
    """Order a security module for a device; it gets a terminal number that no other ever gets.

    The module itself is made in a reader job `personalise_psam` with the id from this answer as its subject.
    """
    deed = Deed(actor(Permission.TERMINALS_MANAGE), now())
    return Once(lambda session: fit_module(session, new, deed))


@face.post("/terminal-bindings", Shapes(gives=ProposedAnswer, takes=BindingRequest, status=202))
def propose_a_binding(new: BindingWanted) -> Once:
    """Propose whom a device with its module earns for. It is so from `valid_from` on, once a second person has agreed."""
    who = actor(Permission.TERMINALS_BIND)

    def work(session: Transaction) -> object:
        order = find_order(session, new.psam_id)
        binding = NewBinding(new.terminal_id, order.serial, new.merchant_id, new.line, new.valid_from)
        return {"approval_id": propose_binding(session, binding, who, now()).id}

    return Once(work)


def _seen(terminal: Terminal, number: bytes | None) -> dict[str, object]:
    return {
        "id": terminal.id,
        "name": terminal.name,
        "state": terminal.state,
        "terminal_number": number,
        "registered_at": terminal.registered_at,
        "signed_in_at": terminal.signed_in_at,
    }
