"""Where devices stand and which two make a pair. Nobody is paid by it: it is for those who look for a device."""

from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from citizencard.audit import Actor, record
from citizencard.merchants.outlets import open_outlet_by_id
from citizencard.terminals.errors import OutletForeign, TerminalKindUnfit
from citizencard.terminals.models import Terminal, TerminalBinding, TerminalKind
from citizencard.terminals.registry import terminal_by_id

PARTNERS: Final = {
    TerminalKind.METRO_GATE: TerminalKind.METRO_GATE,
    TerminalKind.PARKING_ENTRY: TerminalKind.PARKING_EXIT,
    TerminalKind.PARKING_EXIT: TerminalKind.PARKING_ENTRY,
}
"""Which kind makes a pair with which."""


def place_terminal(session: Session, terminal_id: str, outlet_id: str | None, actor: Actor, now: datetime) -> Terminal:
    """Put a device at an outlet, or at none.

    Raises, in this order:
        UnknownTerminal: there is none with this id.
        UnknownMerchantOutlet, MerchantOutletClosed: the outlet is not there, or not in use.
        OutletForeign: the device earns for another merchant than the outlet's.
    """
    terminal = terminal_by_id(session, terminal_id)
    if outlet_id is not None:
        outlet = open_outlet_by_id(session, outlet_id)
        earns_for = session.scalar(
            select(TerminalBinding.merchant_id).where(
                TerminalBinding.terminal_id == terminal_id, TerminalBinding.valid_to.is_(None)
            )
        )
        if earns_for not in (None, outlet.merchant_id):
            raise OutletForeign("the outlet is another merchant's", terminal=terminal_id, outlet_id=outlet_id)
    before, terminal.outlet_id = {"outlet": terminal.outlet_id}, outlet_id
    session.flush()
    record(session, actor, "terminal.place", terminal_id, before=before, after={"outlet": outlet_id}, now=now)
    return terminal


def pair_terminals(session: Session, terminal_id: str, partner_id: str | None, actor: Actor, now: datetime) -> Terminal:
    """Make two gates a pair, or one of no pair; either's former partner is of no pair then.

    Raises:
        UnknownTerminal: one of them is not there.
        TerminalKindUnfit: their kinds make no pair, or they are one device.
    """
    terminal = terminal_by_id(session, terminal_id)
    partner = None if partner_id is None else terminal_by_id(session, partner_id)
    if partner is not None and (partner.id == terminal.id or PARTNERS.get(TerminalKind(terminal.kind)) != partner.kind):
        raise TerminalKindUnfit("these two make no pair", terminal=partner.id, kind=partner.kind)
    before = {"partner": terminal.partner_id}
    both = [terminal_id] if partner_id is None else [terminal_id, partner_id]
    session.execute(update(Terminal).where(Terminal.partner_id.in_(both)).values(partner_id=None))
    terminal.partner_id = partner_id
    if partner is not None:
        partner.partner_id = terminal_id
    session.flush()
    record(session, actor, "terminal.pair", terminal_id, before=before, after={"partner": partner_id}, now=now)
    return terminal
