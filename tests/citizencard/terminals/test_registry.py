"""Modules, terminals and bindings: nothing changes the payee of a tap that has happened."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from citizencard.db import Sessions, transaction
from citizencard.terminals.bindings import bindings_as_of
from citizencard.terminals.errors import (
    BindingBackdated,
    BindingLineForeign,
    BindingNotApproved,
    BindingOverlaps,
    NotBound,
    PsamSerialTaken,
    TerminalNumberInvalid,
    TerminalNumberTaken,
    UnknownPsam,
    UnknownTerminal,
)
from citizencard.terminals.models import TerminalBinding, TerminalState
from citizencard.terminals.registry import (
    BIND,
    UNBIND,
    NewBinding,
    bind_terminal,
    list_terminals,
    next_terminal_number,
    register_psam,
    register_terminal,
    set_terminal_state,
    unbind_payload,
    unbind_terminal,
)
from tests.citizencard.terminals.make_terminals import approved, bind, bus_company, number, psam, serial


def test_a_terminal_number_is_issued_once(session: Session, now: datetime) -> None:
    """The number names taps for ever: a new module gets a new one, whatever became of the old."""
    register_psam(session, serial(1), number(1), now=now)
    with pytest.raises(TerminalNumberTaken):
        register_psam(session, serial(2), number(1), now=now)
    with pytest.raises(PsamSerialTaken):
        register_psam(session, serial(1), number(2), now=now)
    with pytest.raises(TerminalNumberInvalid):
        register_psam(session, serial(3), bytes.fromhex("3302ABCDEF00"), now=now)
    with pytest.raises(TerminalNumberInvalid):
        register_psam(session, serial(3), b"\x33\x02", now=now)
    assert next_terminal_number(session) != next_terminal_number(session)


def test_a_module_is_never_forgotten(sessions: Sessions, now: datetime) -> None:
    """Not even by deleting its row: the database refuses, or its number could be issued again."""
    with transaction(sessions) as session:
        psam(session, 1, now)
    with pytest.raises(DatabaseError), transaction(sessions) as session:
        session.execute(text("DELETE FROM psam"))


def test_payee_is_the_binding_as_of_the_tap(session: Session, now: datetime) -> None:
    """A terminal that moves to another company earns for the old one until that second, and for the new one from it on."""
    old, new = bus_company(session, now, 1), bus_company(session, now, 2)
    module, terminal = psam(session, 1, now), register_terminal(session, "Bus 1", "bus_validator", now=now)
    bind(session, NewBinding(terminal.id, module, old, 1), now)
    moved_at = now + timedelta(hours=1)
    bind(session, NewBinding(terminal.id, module, new, 2, moved_at), now)
    second = timedelta(seconds=1)
    asked = [(number(1), at) for at in (now - second, now, moved_at - second, moved_at)]
    found = bindings_as_of(session, [*asked, (number(9), now)])
    assert [(one.registered, one.merchant_id, one.line) for one in found] == [
        (True, None, None),
        (True, old, 1),
        (True, old, 1),
        (True, new, 2),
        (False, None, None),
    ]


def test_a_tap_in_the_second_of_the_binding_counts(session: Session, now: datetime) -> None:
    """Records have no fractions of seconds: a tap right after the binding must not seem to lie before it."""
    merchant, module = bus_company(session, now), psam(session, 1, now)
    terminal = register_terminal(session, "Bus 1", "bus_validator", now=now)
    bind(session, NewBinding(terminal.id, module, merchant, 1), now + timedelta(milliseconds=900))
    assert bindings_as_of(session, [(number(1), now)])[0].merchant_id == merchant


def test_bindings_never_begin_in_the_past_or_overlap(session: Session, now: datetime) -> None:
    """Two payees for one tap cannot be, and yesterday's payee stays."""
    merchant, terminal = bus_company(session, now), register_terminal(session, "Bus 1", "bus_validator", now=now)
    module, other = psam(session, 1, now), register_terminal(session, "Bus 2", "bus_validator", now=now)
    tomorrow = now + timedelta(days=1)
    bind(session, NewBinding(terminal.id, module, merchant, 1, tomorrow), now)
    with pytest.raises(BindingOverlaps):
        bind(session, NewBinding(other.id, module, merchant, 1, now), now)
    with pytest.raises(BindingOverlaps):
        bind(session, NewBinding(terminal.id, psam(session, 2, now), merchant, 1, now), now)
    bind(session, NewBinding(other.id, module, merchant, 1, tomorrow), now)
    rows = session.scalars(select(TerminalBinding).order_by(TerminalBinding.id)).all()
    assert [(row.terminal_id, row.valid_from, row.valid_to) for row in rows] == [
        (terminal.id, tomorrow, tomorrow),
        (other.id, tomorrow, None),
    ]


def test_the_database_itself_refuses_two_bindings_at_one_time(session: Session, now: datetime) -> None:
    """Whatever a program does: neither two payees for one tap, also in a time that has ended, nor another payee afterwards."""
    merchant, module = bus_company(session, now), psam(session, 1, now)
    terminal, other = (register_terminal(session, f"Bus {n}", "bus_validator", now=now) for n in range(2))
    hours = [now + timedelta(hours=n) for n in range(5)]
    row = bind(session, NewBinding(terminal.id, module, merchant, 1, hours[1]), now)
    unbind = approved(session, UNBIND, unbind_payload(terminal.id), hours[3])
    unbind_terminal(session, terminal.id, unbind, now=hours[3])

    def insert(terminal_id: str, index: int, since: datetime, until: datetime | None) -> None:
        payload = {"n": index}
        session.add(
            TerminalBinding(
                terminal_id=terminal_id,
                psam_serial=psam_of[index],
                terminal_number=number(index),
                merchant_id=merchant,
                valid_from=since,
                valid_to=until,
                approval_id=approved(session, BIND, payload, now),
                recorded_at=now,
            )
        )
        session.flush()

    psam_of = {1: module, 2: psam(session, 2, now)}
    for terminal_id, index in ((terminal.id, 2), (other.id, 1)):
        for since, until in ((hours[0], hours[2]), (hours[2], hours[4]), (hours[0], None), (hours[2], hours[3])):
            with pytest.raises(IntegrityError, match="bound otherwise"), session.begin_nested():
                insert(terminal_id, index, since, until)
    insert(terminal.id, 1, hours[0], hours[1])
    insert(terminal.id, 1, hours[2], hours[2])
    insert(terminal.id, 1, hours[3], None)
    for change in ({"merchant_id": "mer_other"}, {"valid_from": hours[0]}, {"valid_to": hours[2]}, {"line": None}):
        with pytest.raises(IntegrityError, match="keeps its terms"), session.begin_nested():
            session.execute(update(TerminalBinding).where(TerminalBinding.id == row.id).values(change))


def test_two_bindings_of_one_module_at_the_same_moment_end_as_one(committed: Sessions, now: datetime) -> None:
    """Two pairs of people bind one module to two devices in one instant, for times that have an end: one is refused."""
    with transaction(committed) as session:
        merchant, module = bus_company(session, now), psam(session, 1, now)
        terminals = [register_terminal(session, f"Bus {n}", "bus_validator", now=now).id for n in range(2)]
        approvals = [approved(session, BIND, {"n": n}, now) for n in range(2)]
    gate = Barrier(2)

    def insert(terminal_id: str, approval_id: str) -> bool:
        gate.wait()
        try:
            with transaction(committed) as session:
                session.add(
                    TerminalBinding(
                        terminal_id=terminal_id,
                        psam_serial=module,
                        terminal_number=number(1),
                        merchant_id=merchant,
                        valid_from=now,
                        valid_to=now + timedelta(hours=1),
                        approval_id=approval_id,
                        recorded_at=now,
                    )
                )
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(insert, terminals, approvals)) == [False, True]


def test_a_beginning_that_has_passed_is_now(session: Session, now: datetime) -> None:
    """The second person agreed an hour after the wished beginning: taps of that hour keep having no payee."""
    merchant, module = bus_company(session, now), psam(session, 1, now)
    terminal = register_terminal(session, "Bus 1", "bus_validator", now=now)
    row = bind(session, NewBinding(terminal.id, module, merchant, 1, now - timedelta(hours=1)), now)
    assert row.valid_from == now
    assert bindings_as_of(session, [(number(1), now - timedelta(seconds=1))])[0].merchant_id is None


def test_binding_needs_four_eyes_on_exactly_this(session: Session, now: datetime) -> None:
    """An approval is for one binding, one time: not for another line, not twice, not before it is executed."""
    merchant, module = bus_company(session, now), psam(session, 1, now)
    terminal = register_terminal(session, "Bus 1", "bus_validator", now=now)
    binding = NewBinding(terminal.id, module, merchant, 1)
    approval = approved(session, BIND, binding.payload(), now)
    with pytest.raises(BindingNotApproved):
        bind_terminal(session, NewBinding(terminal.id, module, merchant, None), approval, now=now)
    with pytest.raises(BindingNotApproved):
        bind_terminal(session, binding, "apr_none", now=now)
    bind_terminal(session, binding, approval, now=now)
    with pytest.raises(BindingNotApproved):
        bind_terminal(session, binding, approval, now=now)


def test_only_what_is_registered_can_be_bound(session: Session, now: datetime) -> None:
    """Money goes only to a merchant we know, for a line that is its own."""
    merchant, module = bus_company(session, now, 1), psam(session, 1, now)
    stranger = bus_company(session, now, 2)
    terminal = register_terminal(session, "Bus 1", "bus_validator", now=now)
    with pytest.raises(BindingLineForeign):
        bind(session, NewBinding(terminal.id, module, stranger, 1), now)
    with pytest.raises(UnknownPsam):
        bind(session, NewBinding(terminal.id, serial(9), merchant, 1), now)
    with pytest.raises(UnknownTerminal):
        bind(session, NewBinding("term_none", module, merchant, 1), now)


def test_unbinding_ends_now(session: Session, now: datetime) -> None:
    """A terminal taken out of service earns for nobody from then on."""
    merchant, module = bus_company(session, now), psam(session, 1, now)
    terminal = register_terminal(session, "Bus 1", "bus_validator", now=now)
    bind(session, NewBinding(terminal.id, module, merchant, 1), now)
    later = now + timedelta(hours=1)
    unbind_terminal(session, terminal.id, approved(session, UNBIND, unbind_payload(terminal.id), later), now=later)
    found = bindings_as_of(session, [(number(1), later - timedelta(seconds=1)), (number(1), later)])
    assert [one.merchant_id for one in found] == [merchant, None]
    with pytest.raises(NotBound):
        unbind_terminal(session, terminal.id, approved(session, UNBIND, unbind_payload(terminal.id), later), now=later)
    with pytest.raises(BindingNotApproved):
        unbind_terminal(session, terminal.id, "apr_none", now=later)
    bind(session, NewBinding(terminal.id, module, merchant, 1, later + timedelta(days=1)), later)
    with pytest.raises(BindingBackdated):
        unbind_terminal(session, terminal.id, approved(session, UNBIND, unbind_payload(terminal.id), later), now=later)


def test_terminals_are_listed_and_disabled(session: Session, now: datetime) -> None:
    """A stolen validator is found and silenced."""
    ids = sorted(register_terminal(session, f"Bus {index}", "bus_validator", now=now).id for index in range(3))
    page = list_terminals(session, limit=2)
    assert [terminal.id for terminal in [*page, *list_terminals(session, after=page[-1].id)]] == ids
    assert set_terminal_state(session, ids[0], TerminalState.DISABLED).state == "disabled"
    with pytest.raises(UnknownTerminal):
        set_terminal_state(session, "term_none", TerminalState.DISABLED)
