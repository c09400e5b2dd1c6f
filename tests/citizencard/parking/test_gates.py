"""Gates: assigned by staff, to a lot that has a price, for the merchant that the terminal earns for."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from citizencard.audit import AuditEntry
from citizencard.db import reading, transaction
from citizencard.merchants.errors import UnknownMerchant
from citizencard.merchants.registry import register_merchant
from citizencard.parking.errors import MerchantNotParking, NotAGate
from citizencard.parking.gates import NewGate, assign_gate, gate_of, list_gates
from citizencard.parking.models import Direction
from citizencard.tariffs.errors import RuleMissing
from citizencard.terminals.errors import UnknownTerminal
from tests.citizencard.parking.make_parking import LOT, Lot, make_gate


def test_gate_stands_at_one_place(lot: Lot) -> None:
    """A terminal that is put elsewhere works there only, and who did it is written down."""
    new = NewGate(lot.exit.terminal_id, lot.merchant_id, LOT, Direction.ENTRY)
    with transaction(lot.sessions) as session:
        assigned = assign_gate(session, new, replace(lot.shop.deed(), now=lot.after(1)))
    with reading(lot.sessions) as session:
        assert gate_of(session, lot.exit.terminal_id).id == assigned.id
        with pytest.raises(NotAGate):
            gate_of(session, lot.exit.terminal_id, Direction.EXIT)
        with pytest.raises(NotAGate):
            gate_of(session, lot.shop.city.bus1.terminal_id)
        wanted = select(AuditEntry.subject).where(AuditEntry.act == "parking.assign_gate").order_by(AuditEntry.id)
        assert list(session.scalars(wanted)) == [lot.entry.terminal_id, lot.exit.terminal_id, lot.exit.terminal_id]


def test_gates_are_listed_by_page(lot: Lot) -> None:
    """Staff see every gate in use, and no former one."""
    with transaction(lot.sessions) as session:
        again = NewGate(lot.exit.terminal_id, lot.merchant_id, LOT, Direction.EXIT)
        assign_gate(session, again, lot.shop.deed())
    with reading(lot.sessions) as session:
        first = list_gates(session, limit=1)
        rest = list_gates(session, after=first[0].id)
        assert {gate.terminal_id for gate in first + rest} == {lot.entry.terminal_id, lot.exit.terminal_id}
        assert len(rest) == 1


def test_only_a_priced_lot_of_a_parking_company(lot: Lot) -> None:
    """Nobody puts a gate where there is no price, or for somebody who sells something else."""
    new = NewGate(lot.exit.terminal_id, lot.merchant_id, LOT, Direction.EXIT)
    for wrong, error in (
        (replace(new, terminal_id="term_nobody"), UnknownTerminal),
        (replace(new, merchant_id="mer_nobody"), UnknownMerchant),
        (replace(new, merchant_id=lot.shop.city.merchant_id), MerchantNotParking),
        (replace(new, lot="west_street"), RuleMissing),
    ):
        with pytest.raises(error), transaction(lot.sessions) as session:
            assign_gate(session, wrong, lot.shop.deed())


def test_gate_that_earns_for_another_takes_nothing(lot: Lot) -> None:
    """The binding says who is paid; a gate that was assigned for another company is out of service until both agree."""
    with transaction(lot.sessions) as session:
        other = register_merchant(session, "Other Parking", "parking", now=lot.now)
        gate = make_gate(session, 903, other.id, lot.shop)
        deed = replace(lot.shop.deed(), now=lot.now + timedelta(seconds=1))
        assign_gate(session, NewGate(gate.terminal_id, lot.merchant_id, LOT, Direction.ENTRY), deed)
    strange = replace(lot, entry=gate)
    with pytest.raises(NotAGate):
        strange.enter()
