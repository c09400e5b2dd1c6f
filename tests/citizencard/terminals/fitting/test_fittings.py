"""Modules for devices."""

from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from citizencard.cards.errors import ChipKnown, ChipNotBlank, UnknownPsamOrder
from citizencard.cards.models import CardStock, ChipKind, StockState
from citizencard.cards.states import Deed
from citizencard.cards.stock import Delivery, receive_chips
from citizencard.terminals.enrolment import enrol, issue_enrolment_code
from citizencard.terminals.errors import TerminalNotEnrolled, UnknownTerminal
from citizencard.terminals.fitting.fittings import NewModule, find_order, fit_module, numbers_of, signer_of
from citizencard.terminals.models import Psam
from citizencard.terminals.registry import NewBinding, register_terminal
from tests.citizencard.terminals.make_terminals import MAKER, bind, bus_company

CHIP = bytes.fromhex("A1B2C3D4E5F60718")
OTHER = bytes.fromhex("A1B2C3D4E5F60719")


def enrolled(session: Session, name: str, now: datetime) -> str:
    terminal = register_terminal(session, name, "bus_validator", now=now)
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    enrol(session, issue_enrolment_code(session, terminal.id, now=now), key, now=now)
    return terminal.id


def test_module_gets_a_number_that_no_other_has(session: Session, now: datetime) -> None:
    """Two modules are never one terminal; each is in the registry and in stock from the moment it is ordered."""
    terminal_id = register_terminal(session, "bus 26", "bus_validator", now=now).id
    one, two = (fit_module(session, NewModule(terminal_id, chip), Deed(MAKER, now)) for chip in (CHIP, OTHER))
    assert one.terminal_number != two.terminal_number
    assert session.get_one(Psam, one.serial).terminal_number == one.terminal_number
    assert session.get_one(CardStock, CHIP).kind == ChipKind.PSAM
    assert find_order(session, one.id) is one
    assert numbers_of(session, [terminal_id, "term_none"]) == {terminal_id: two.terminal_number}
    with pytest.raises(UnknownPsamOrder):
        find_order(session, "psam_none")


def test_chip_that_is_not_a_blank_module_is_refused(session: Session, now: datetime) -> None:
    """A card's chip, or a chip that was used, becomes no module."""
    terminal_id = register_terminal(session, "bus 26", "bus_validator", now=now).id
    receive_chips(session, Delivery(ChipKind.CARD, "B", (CHIP,)), actor=MAKER, now=now)
    with pytest.raises(ChipKnown):
        fit_module(session, NewModule(terminal_id, CHIP), Deed(MAKER, now))
    receive_chips(session, Delivery(ChipKind.PSAM, "B", (OTHER,)), actor=MAKER, now=now)
    session.get_one(CardStock, OTHER).state = StockState.SPOILED
    with pytest.raises(ChipNotBlank):
        fit_module(session, NewModule(terminal_id, OTHER), Deed(MAKER, now))
    with pytest.raises(UnknownTerminal):
        fit_module(session, NewModule("term_none", CHIP), Deed(MAKER, now))


def test_device_speaks_under_its_number_before_it_is_bound(session: Session, now: datetime) -> None:
    """A validator without papers can hand in its records; once somebody else's device is bound to the number, that one speaks."""
    terminal_id, other_id = enrolled(session, "bus 26", now), enrolled(session, "bus 5", now)
    order = fit_module(session, NewModule(terminal_id, CHIP), Deed(MAKER, now))
    number = order.terminal_number.hex().upper()
    assert signer_of(session, number).terminal_id == terminal_id
    bind(session, NewBinding(other_id, order.serial, bus_company(session, now), 1, now), now)
    assert signer_of(session, number).terminal_id == other_id
    assert signer_of(session, terminal_id).terminal_id == terminal_id


def test_number_without_a_device_is_a_stranger(session: Session, now: datetime) -> None:
    """A number that was never made, or whose device has no key, opens nothing."""
    for key_id in ("330299999999", "term_none", "", "33029999999９"):
        with pytest.raises(UnknownTerminal):
            signer_of(session, key_id)
    terminal_id = register_terminal(session, "bus 26", "bus_validator", now=now).id
    order = fit_module(session, NewModule(terminal_id, CHIP), Deed(MAKER, now))
    with pytest.raises(TerminalNotEnrolled):
        signer_of(session, order.terminal_number.hex().upper())
