"""A module for a device: ordered with its number, registered, and known as the device's until a binding says otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.cards.errors import ChipNotBlank, UnknownChip, UnknownPsamOrder
from citizencard.cards.issuing.psam import order_psam
from citizencard.cards.models import ChipKind, PsamOrder, StockState
from citizencard.cards.states import Deed
from citizencard.cards.stock import Delivery, locked_chip, receive_chips
from citizencard.terminals.errors import UnknownTerminal
from citizencard.terminals.fitting.models import TerminalFitting
from citizencard.terminals.models import TERMINAL_NUMBER_BYTES
from citizencard.terminals.registry import next_terminal_number, register_psam, terminal_by_id
from citizencard.terminals.signing import Signer, signer

PSAM_BATCH: Final = "psam"
"""Batch of modules that come into stock one by one, when they are put into the reader for a device."""


@dataclass(frozen=True, slots=True)
class NewModule:
    """A module to be made: the device it is for, and its chip's serial, 8 bytes."""

    terminal_id: str
    chip_serial: bytes


def fit_module(session: Session, new: NewModule, deed: Deed) -> PsamOrder:
    """Order a module for a device under the next terminal number, and enter it into the registry of terminals.

    A chip that was not delivered in a batch is received into stock.

    Raises:
        UnknownTerminal: there is no such device.
        ChipNotBlank: the chip was used before.
        CardNumbersExhausted: all terminal numbers were given out.
    """
    terminal_by_id(session, new.terminal_id)
    _have_in_stock(session, new.chip_serial, deed)
    number = next_terminal_number(session)
    order = order_psam(session, number, deed)
    register_psam(session, order.serial, number, now=deed.now)
    session.add(
        TerminalFitting(terminal_number=number, terminal_id=new.terminal_id, psam_order_id=order.id, fitted_at=deed.now)
    )
    session.flush()
    return order


def find_order(session: Session, order_id: str) -> PsamOrder:
    """The order of a module.

    Raises:
        UnknownPsamOrder: there is none.
    """
    order = session.get(PsamOrder, order_id)
    if order is None:
        raise UnknownPsamOrder("there is no such order", psam_order_id=order_id)
    return order


def numbers_of(session: Session, terminal_ids: Sequence[str]) -> dict[str, bytes]:
    """The number of the module that was made for each device last, by device; those without one are left out. One statement."""
    fitted = select(TerminalFitting).where(TerminalFitting.terminal_id.in_(terminal_ids))
    ordered = fitted.order_by(TerminalFitting.fitted_at, TerminalFitting.terminal_number)
    return {fitting.terminal_id: fitting.terminal_number for fitting in session.scalars(ordered)}


def signer_of(session: Session, key_id: str) -> Signer:
    """Who may sign under a key id: the device that the number is bound to, or, as long as it never was bound, the one it was made for.

    Raises:
        UnknownTerminal, TerminalDisabled, TerminalNotEnrolled: see `terminals.signing.signer`.
    """
    try:
        return signer(session, key_id)
    except UnknownTerminal:
        terminal_id = _made_for(session, key_id)
        if terminal_id is None:
            raise
    return signer(session, terminal_id)


def _made_for(session: Session, key_id: str) -> str | None:
    if len(key_id) != 2 * TERMINAL_NUMBER_BYTES or not (key_id.isascii() and key_id.isdigit()):
        return None
    fitting = session.get(TerminalFitting, bytes.fromhex(key_id))
    return None if fitting is None else fitting.terminal_id


def _have_in_stock(session: Session, chip_serial: bytes, deed: Deed) -> None:
    try:
        chip = locked_chip(session, chip_serial, ChipKind.PSAM)
    except UnknownChip:
        receive_chips(session, Delivery(ChipKind.PSAM, PSAM_BATCH, (chip_serial,)), actor=deed.actor, now=deed.now)
        return
    if chip.state != StockState.BLANK:
        raise ChipNotBlank(f"chip is {chip.state}", chip_serial=chip_serial.hex().upper(), state=chip.state)
