"""A terminal takes back what it got no answer to. If that was an exit, its stay goes on as if nobody had left.

Order of locks as for exits. The terminal's lock makes an exit that is free, and so has no purchase row, take turns with its reversal.
"""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from citizencard.accounts.errors import NumberOfAnotherTerminal
from citizencard.accounts.holds.ending import reverse_event
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import PurchaseName
from citizencard.accounts.reversals import ReversalAnswer, ReversalOutcome
from citizencard.cards.states import locked_card
from citizencard.parking.exits import find_exit
from citizencard.parking.gates import lock_terminal
from citizencard.parking.models import ParkingExit, ParkingStay, StayState


def take_back(session: Session, terminal_id: str, name: PurchaseName, now: datetime) -> ReversalAnswer:
    """Reverse what a terminal has asked for under a name: any on-line purchase or hold, and an exit with its stay.

    Raises:
        PurchaseInvalid: not a name.
        UnknownTerminal, TerminalDisabled, NumberOfAnotherTerminal, BatchNotGiven, ReversalImpossible: as
            `accounts.holds.ending.reverse_event`.
    """
    name.check()
    lock_terminal(session, terminal_id)
    row = find_exit(session, name)
    stay = None
    if row is not None:
        if row.terminal_id != terminal_id:
            raise NumberOfAnotherTerminal("another terminal's exit", terminal=name.terminal.hex())
        stay = session.get_one(ParkingStay, row.stay_id)
        locked_card(session, stay.card_id)
        stay = session.get_one(ParkingStay, row.stay_id, with_for_update=True, populate_existing=True)
    is_free = row is not None and row.amount_fen == 0
    outcome = _outcome_of_free(row) if row is not None and is_free else None
    answer = (
        reverse_event(session, terminal_id, name, now) if outcome is None else ReversalAnswer(name.reference, outcome)
    )
    if row is not None and stay is not None and row.verdict == PurchaseVerdict.APPROVED and row.reversed_at is None:
        row.reversed_at = now
        _go_on(session, stay)
    return answer


def _outcome_of_free(row: ParkingExit) -> ReversalOutcome:
    if row.verdict == PurchaseVerdict.APPROVED:
        return ReversalOutcome.REVERSED
    if row.reason == PurchaseReason.REVERSED_BEFORE:
        return ReversalOutcome.REMEMBERED
    return ReversalOutcome.NOTHING_TO_REVERSE


def _go_on(session: Session, stay: ParkingStay) -> None:
    """Open a stay again; if the card has come in again meanwhile, it did leave, and this stay remains unpaid for people to look at."""
    later = session.scalars(
        select(ParkingStay.id)
        .where(
            ParkingStay.card_id == stay.card_id,
            ParkingStay.merchant_id == stay.merchant_id,
            ParkingStay.lot == stay.lot,
            ParkingStay.id != stay.id,
            # Also one that has ended since: a car that was let in twice was let out between.
            or_(ParkingStay.state == StayState.OPEN, ParkingStay.entered_at > stay.entered_at),
        )
        .limit(1)
    ).one_or_none()
    stay.purchase_reference = None
    if later is not None:
        stay.state = StayState.UNPAID
    else:
        stay.state, stay.left_at, stay.exit_terminal_id, stay.amount_fen = StayState.OPEN, None, None, None
    session.flush()
