"""Where devices stand, and pairs of gates."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from citizencard.merchants.errors import MerchantOutletClosed, UnknownMerchantOutlet
from citizencard.merchants.outlets import NewOutlet, close_outlet, open_outlet
from citizencard.terminals.errors import OutletForeign, TerminalKindUnfit, UnknownTerminal
from citizencard.terminals.places import pair_terminals, place_terminal
from citizencard.terminals.registry import NewBinding, register_terminal, terminal_by_id
from tests.citizencard.terminals.make_terminals import MAKER, bind, bus_company, psam


def test_a_device_stands_at_an_outlet_of_the_merchant_it_earns_for(session: Session, now: datetime) -> None:
    """It can be put there before it earns; at another company's depot nobody would look for it."""
    ours, theirs = bus_company(session, now, 1), bus_company(session, now, 2)
    depot, foreign = (
        open_outlet(session, NewOutlet(merchant, "Depot", "1 Depot Road"), MAKER, now).id for merchant in (ours, theirs)
    )
    terminal_id = register_terminal(session, "Bus 1", "bus_validator", now=now).id
    assert place_terminal(session, terminal_id, depot, MAKER, now).outlet_id == depot
    module = psam(session, 1, now)
    bind(session, NewBinding(terminal_id, module, ours, 1), now)
    session.expire_all()
    assert terminal_by_id(session, terminal_id).outlet_id == depot
    with pytest.raises(OutletForeign):
        place_terminal(session, terminal_id, foreign, MAKER, now)
    bind(session, NewBinding(terminal_id, module, theirs, 2), now)
    session.expire_all()
    assert terminal_by_id(session, terminal_id).outlet_id is None
    close_outlet(session, foreign, MAKER, now)
    for outlet_id, refusal in ((foreign, MerchantOutletClosed), ("mout_none", UnknownMerchantOutlet)):
        with pytest.raises(refusal):
            place_terminal(session, terminal_id, outlet_id, MAKER, now)
    assert place_terminal(session, terminal_id, None, MAKER, now).outlet_id is None


def test_gates_make_pairs_of_two(session: Session, now: datetime) -> None:
    """A gate has one partner, which says the same of it; who gets another leaves the former one alone."""
    gates = [register_terminal(session, f"Gate {n}", "metro_gate", now=now).id for n in range(3)]
    pair_terminals(session, gates[0], gates[1], MAKER, now)
    pair_terminals(session, gates[2], gates[0], MAKER, now)
    session.expire_all()
    assert [terminal_by_id(session, gate).partner_id for gate in gates] == [gates[2], None, gates[0]]
    pair_terminals(session, gates[0], None, MAKER, now)
    session.expire_all()
    assert [terminal_by_id(session, gate).partner_id for gate in gates] == [None, None, None]


def test_only_gates_that_belong_together_make_a_pair(session: Session, now: datetime) -> None:
    """An entry and an exit of a lot; not two entries, not a gate with itself, not a bus."""
    entry, other = (register_terminal(session, f"In {n}", "parking_entry", now=now).id for n in range(2))
    exit_ = register_terminal(session, "Out", "parking_exit", now=now).id
    bus, metro = (register_terminal(session, kind, kind, now=now).id for kind in ("bus_validator", "metro_gate"))
    assert pair_terminals(session, entry, exit_, MAKER, now).partner_id == exit_
    for one, two in ((entry, other), (bus, bus), (bus, metro), (metro, metro), (exit_, metro)):
        with pytest.raises(TerminalKindUnfit):
            pair_terminals(session, one, two, MAKER, now)
    with pytest.raises(UnknownTerminal):
        pair_terminals(session, entry, "term_none", MAKER, now)
