"""Devices, their security modules, and the four eyes that bind both to a merchant."""

from typing import Any

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
    TerminalMadeAnswer,
    TerminalRequest,
)
from api.schemas.shape import Page, list_of
from api.schemas.staff import ProposedAnswer
from api.schemas.terminal_life import (
    TerminalHealthAnswer,
    TerminalQuery,
    TerminalSeenAnswer,
    TerminalsWanted,
    UnbindingRequest,
    UnbindingWanted,
)
from citizencard.audit import record
from citizencard.cards.states import Deed
from citizencard.db import reading, transaction
from citizencard.idempotency.work import Transaction
from citizencard.staff.permissions import Permission
from citizencard.terminals.enrolment import issue_enrolment_code
from citizencard.terminals.fitting.bindings import propose_binding
from citizencard.terminals.fitting.fittings import NewModule, find_order, fit_module, numbers_of
from citizencard.terminals.fitting.invitations import invite_again
from citizencard.terminals.fitting.unbindings import propose_unbinding
from citizencard.terminals.health import TerminalHealth, Wanted, current_versions, health_of, list_health
from citizencard.terminals.life import state_changes
from citizencard.terminals.models import Terminal
from citizencard.terminals.places import place_terminal
from citizencard.terminals.registry import NewBinding, bindings_of, key_history, register_terminal, terminal_by_id

face = Face("Terminals and modules", "/v1", "Devices that take cards, the PSAMs in them, and whom they earn for.")


@face.post("/terminals", Shapes(gives=TerminalMadeAnswer, takes=TerminalRequest, status=201))
def register_a_terminal(new: NewTerminal) -> Once:
    """Register a device. With the enrolment code it makes its key known by itself."""
    who = actor(Permission.TERMINALS_MANAGE)
    codes: list[str | None] = []

    def work(session: Transaction) -> Stored:
        made = register_terminal(session, new.name, new.kind, now=now())
        codes.append(issue_enrolment_code(session, made.id, now=now()))
        after = {"name": made.name, "kind": made.kind}
        record(session, who, "terminal.register", made.id, after=after, now=now())
        if new.outlet_id is not None:
            place_terminal(session, made.id, new.outlet_id, who, now())
        return {"id": made.id}

    def show(stored: Stored, replayed: bool) -> object:  # noqa: FBT001 # told by position, as every `show`
        with transaction(city().sessions) as session:
            if replayed:
                codes.append(invite_again(session, stored["id"], now=now()))
            return {**registered(terminal_by_id(session, stored["id"]), None), "enrolment_code": codes[0]}

    return Once(work, show)


@face.get("/terminals", Shapes(gives=list_of(TerminalHealthAnswer), query=TerminalQuery))
def see_terminals(wanted: TerminalsWanted) -> Page:
    """Devices by id, with what they said last: which are silent, which work with something old, where records wait."""
    asked = Wanted(
        kind=wanted.kind,
        merchant_id=wanted.merchant_id,
        outlet_id=wanted.outlet_id,
        state=wanted.state,
        silent=None if wanted.silent is None else wanted.silent == "true",
        behind=wanted.behind,
        after=wanted.starting_after or "",
        limit=wanted.limit + 1,
    )
    with reading(city().sessions) as session:
        found = list_health(session, asked, current_versions(session, now()), now())
        numbers = numbers_of(session, [health.terminal.id for health in found])
    return Page.cut([_healthy(health, numbers.get(health.terminal.id)) for health in found], wanted.limit)


@face.get("/terminals/<terminal_id>", Shapes(gives=TerminalSeenAnswer))
def see_terminal(terminal_id: str) -> dict[str, Any]:
    """One device: whom it earned for, its keys, who stopped it or let it speak, what it said last."""
    with reading(city().sessions) as session:
        health = health_of(session, terminal_id, current_versions(session, now()), now())
        numbers = numbers_of(session, [terminal_id])
        keys = [
            {
                "public_key": key.public_key,
                "enrolled_at": key.enrolled_at,
                "retired_at": key.retired_at,
                "rotated": key.rotated_from_id is not None,
            }
            for key in key_history(session, terminal_id)
        ]
        return {
            **_healthy(health, numbers.get(terminal_id)),
            "bindings": bindings_of(session, terminal_id),
            "keys": keys,
            "state_changes": state_changes(session, terminal_id),
        }


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


@face.post("/terminal-unbindings", Shapes(gives=ProposedAnswer, takes=UnbindingRequest, status=202))
def propose_an_unbinding(new: UnbindingWanted) -> Once:
    """Propose that a device earns for nobody any more. It is so from the second on in which a second person agrees."""
    who = actor(Permission.TERMINALS_BIND)
    return Once(lambda session: {"approval_id": propose_unbinding(session, new.terminal_id, new.reason, who, now()).id})


def registered(terminal: Terminal, number: bytes | None) -> dict[str, object]:
    """A device as its answer shows it."""
    return {
        "id": terminal.id,
        "name": terminal.name,
        "kind": terminal.kind,
        "state": terminal.state,
        "outlet_id": terminal.outlet_id,
        "partner_id": terminal.partner_id,
        "terminal_number": number,
        "registered_at": terminal.registered_at,
        "signed_in_at": terminal.signed_in_at,
    }


def _healthy(health: TerminalHealth, number: bytes | None) -> dict[str, object]:
    binding = health.binding
    return {
        **registered(health.terminal, number),
        "merchant_id": None if binding is None else binding.merchant_id,
        "line": None if binding is None else binding.line,
        "silent": health.silent,
        "behind": health.behind,
        "heartbeat": health.heartbeat,
    }
