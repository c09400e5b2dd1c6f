"""Cars that come in. A repeat is answered from the entry's own row; a second entry of a card that is inside changes nothing.

Order of locks: the gate's terminal, the card.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.accounts.proof import PurchaseName
from citizencard.accounts.purchases import CLOCK_WINDOW, SPENDABLE
from citizencard.accounts.registry import account_of_card
from citizencard.cards.as_of import hotlisted_at, known_cards
from citizencard.cards.models import Card, CardState
from citizencard.cards.states import locked_card
from citizencard.db import flush_unique, new_id
from citizencard.parking.errors import PassageNameReused
from citizencard.parking.gates import check_gate, gate_of, lock_terminal
from citizencard.parking.models import (
    Direction,
    EntryOutcome,
    EntryReason,
    ParkingEntry,
    ParkingGate,
    ParkingStay,
    StayState,
)
from citizencard.parking.passages import EntryClaim
from citizencard.parking.stays import find_later_end, find_open_stay
from citizencard.tariffs.parking import lot_of
from citizencard.tariffs.versions import in_force, read_version

MAX_LATE: Final = timedelta(hours=24)
"""How old an entry may be when it arrives: a gate without a line keeps its entries, but nobody is charged for days by one late word."""


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """What the gate is told, the same however often it asks.

    Args:
        outcome: entered; inside already; refused. An entry that comes so late that its car has left since was inside already, too.
        reason: why it was refused; None otherwise.
        stay_id: the stay that goes on now, or has ended since; None when refused.
        entered_at: when that stay began.
    """

    outcome: EntryOutcome
    reason: EntryReason | None
    stay_id: str | None
    entered_at: datetime | None


def enter_lot(session: Session, terminal_id: str, claim: EntryClaim, now: datetime) -> EntryAnswer:
    """Let a card in, by what holds now; its stay is priced by the tariff in force at the gate's date and time.

    Raises:
        PurchaseInvalid, PassageInvalid: not well formed; names the field.
        NotAGate: the terminal is no entry, or the lot is another merchant's than its own.
        UnknownTerminal, TerminalDisabled, NumberOfAnotherTerminal, BatchNotGiven: the sender may not speak.
        PassageNameReused: the name already stands for another entry.
        NoTariffInForce, RuleMissing: nobody has said what the lot costs.
    """
    claim.check()
    lock_terminal(session, terminal_id)
    row = _find_entry(session, claim.name)
    if row is not None:
        return _answer(session, row, terminal_id, claim)
    gate = gate_of(session, terminal_id, Direction.ENTRY)
    known = known_cards(session, [claim.card_serial]).get(claim.card_serial)
    card = None if known is None else locked_card(session, known.card_id)
    check_gate(session, gate, claim.name, now)
    reason = _objection(session, claim, card, now)
    stay = None
    outcome = EntryOutcome.REFUSED
    if reason is None and card is not None:
        stay = find_open_stay(session, gate, card.id) or find_later_end(
            session, gate, card.id, claim.happened_at + CLOCK_WINDOW
        )
        outcome = EntryOutcome.ENTERED if stay is None else EntryOutcome.ENTRY_REPEATED
        stay = stay or _begin(session, gate, card, claim.happened_at)
    row = ParkingEntry(
        terminal_number=claim.name.terminal,
        batch=claim.name.batch,
        trace=claim.name.trace,
        terminal_id=terminal_id,
        card_serial=claim.card_serial,
        happened_at=claim.happened_at,
        outcome=outcome,
        reason=reason,
        stay_id=None if stay is None else stay.id,
        received_at=now,
    )
    session.add(row)
    flush_unique(session, _reused(claim.name))
    return _answer(session, row, terminal_id, claim)


def _objection(session: Session, claim: EntryClaim, card: Card | None, now: datetime) -> EntryReason | None:
    """Who could not pay at the exit is not let in; what the account holds is not asked, it may be topped up until then."""
    if card is None:
        return EntryReason.UNKNOWN_CARD
    if not -MAX_LATE <= claim.happened_at - now <= CLOCK_WINDOW:
        return EntryReason.CLOCK
    if CardState(card.state) not in SPENDABLE:
        return EntryReason.CARD_STATE
    if hotlisted_at(session, [claim.card_serial], [now])[0]:
        return EntryReason.HOTLISTED
    if account_of_card(session, card.id) is None:
        return EntryReason.NO_ACCOUNT
    return None


def _begin(session: Session, gate: ParkingGate, card: Card, entered_at: datetime) -> ParkingStay:
    tariff = in_force(session, entered_at)
    lot_of(read_version(tariff), gate.lot)
    stay = ParkingStay(
        id=new_id("prk"),
        merchant_id=gate.merchant_id,
        lot=gate.lot,
        card_id=card.id,
        card_serial=card.serial,
        tariff_version=tariff.version,
        entered_at=entered_at,
        entry_terminal_id=gate.terminal_id,
        state=StayState.OPEN,
    )
    session.add(stay)
    session.flush()
    return stay


def _find_entry(session: Session, name: PurchaseName) -> ParkingEntry | None:
    wanted = select(ParkingEntry).where(
        ParkingEntry.terminal_number == name.terminal,
        ParkingEntry.batch == name.batch,
        ParkingEntry.trace == name.trace,
    )
    return session.scalars(wanted).one_or_none()


def _answer(session: Session, row: ParkingEntry, terminal_id: str, claim: EntryClaim) -> EntryAnswer:
    if (row.terminal_id, row.card_serial, row.happened_at) != (terminal_id, claim.card_serial, claim.happened_at):
        raise _reused(claim.name)
    stay = None if row.stay_id is None else session.get_one(ParkingStay, row.stay_id)
    return EntryAnswer(
        outcome=EntryOutcome(row.outcome),
        reason=None if row.reason is None else EntryReason(row.reason),
        stay_id=row.stay_id,
        entered_at=None if stay is None else stay.entered_at,
    )


def _reused(name: PurchaseName) -> PassageNameReused:
    return PassageNameReused(
        "the name stands for another entry", terminal=name.terminal.hex(), batch=name.batch, trace=name.trace
    )
