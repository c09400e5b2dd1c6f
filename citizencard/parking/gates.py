"""Which terminal stands at which lot, and for whom: the price follows from it, so a gate is assigned, never claimed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.accounts.proof import PurchaseName
from citizencard.accounts.purchases import check_speaker
from citizencard.audit import record
from citizencard.cards.states import Deed
from citizencard.db import new_id
from citizencard.merchants.models import MerchantKind
from citizencard.merchants.registry import merchant_by_id
from citizencard.parking.errors import MerchantNotParking, NotAGate
from citizencard.parking.models import Direction, ParkingGate
from citizencard.tariffs.parking import lot_of
from citizencard.tariffs.versions import in_force, read_version
from citizencard.terminals.errors import UnknownTerminal
from citizencard.terminals.models import Terminal

MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class NewGate:
    """A terminal that shall stand at a lot of a merchant, for entries or for exits."""

    terminal_id: str
    merchant_id: str
    lot: str
    direction: Direction


def assign_gate(session: Session, new: NewGate, deed: Deed) -> ParkingGate:
    """Put a terminal at a lot from now on; where it stood before, it stands no longer. Its binding says who is paid, and must agree.

    Raises, in this order:
        UnknownTerminal: there is no such terminal.
        UnknownMerchant: there is no such merchant.
        MerchantNotParking: the merchant sells something else.
        NoTariffInForce, RuleMissing: nobody has said what the lot costs.
    """
    lock_terminal(session, new.terminal_id)
    if merchant_by_id(session, new.merchant_id).kind != MerchantKind.PARKING:
        raise MerchantNotParking("the merchant does not run parking", merchant_id=new.merchant_id)
    lot_of(read_version(in_force(session, deed.now)), new.lot)
    former = _gate_of(session, new.terminal_id)
    if former is not None:
        former.ended_at = deed.now
        session.flush()
    gate = ParkingGate(
        id=new_id("gate"),
        terminal_id=new.terminal_id,
        merchant_id=new.merchant_id,
        lot=new.lot,
        direction=new.direction,
        assigned_at=deed.now,
    )
    session.add(gate)
    session.flush()
    before = None if former is None else {"gate": former.id}
    after = {"merchant": gate.merchant_id, "lot": gate.lot, "direction": str(gate.direction)}
    record(session, deed.actor, "parking.assign_gate", gate.terminal_id, before=before, after=after, now=deed.now)
    return gate


def gate_of(session: Session, terminal_id: str, direction: Direction | None = None) -> ParkingGate:
    """Where a terminal stands.

    Raises:
        NotAGate: nowhere, or it is for the other direction.
    """
    gate = _gate_of(session, terminal_id)
    if gate is None or direction not in (None, gate.direction):
        raise NotAGate("not a gate of this kind", terminal=terminal_id, direction=str(direction or "any"))
    return gate


def check_gate(session: Session, gate: ParkingGate, name: PurchaseName, now: datetime) -> None:
    """Hold a gate to its number and batch, and to the merchant that it is bound to now.

    Raises:
        UnknownTerminal, TerminalDisabled, NumberOfAnotherTerminal, BatchNotGiven: see `accounts.purchases.check_speaker`.
        NotAGate: the terminal earns for another merchant than the lot's.
    """
    merchant_id = check_speaker(session, gate.terminal_id, name, now)
    if merchant_id != gate.merchant_id:
        raise NotAGate("bound to another merchant", terminal=gate.terminal_id, direction=gate.direction)


def lock_terminal(session: Session, terminal_id: str) -> None:
    """Let passages and reversals of one terminal take turns: the first lock of each, before that of a card.

    Raises:
        UnknownTerminal: there is no such terminal.
    """
    wanted = select(Terminal.id).where(Terminal.id == terminal_id).with_for_update(key_share=True)
    if session.scalars(wanted).one_or_none() is None:
        raise UnknownTerminal(f"no terminal {terminal_id}", terminal=terminal_id)


def list_gates(session: Session, *, after: str = "", limit: int = MAX_PAGE) -> list[ParkingGate]:
    """A page of the gates in use, by id; continue with the last id as `after`. At most 200 a page."""
    chosen = select(ParkingGate).where(ParkingGate.ended_at.is_(None), ParkingGate.id > after)
    return list(session.scalars(chosen.order_by(ParkingGate.id).limit(min(limit, MAX_PAGE))))


def _gate_of(session: Session, terminal_id: str) -> ParkingGate | None:
    wanted = select(ParkingGate).where(ParkingGate.terminal_id == terminal_id, ParkingGate.ended_at.is_(None))
    return session.scalars(wanted).one_or_none()
