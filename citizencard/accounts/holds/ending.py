"""Ending a hold without settling it: given back because nothing more comes, or taken back because nobody heard the answer."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.accounts.errors import HoldNotKnown, NumberOfAnotherTerminal, ReversalImpossible
from citizencard.accounts.holds.models import HoldSettlement, OnlineHold, ReleaseOutcome
from citizencard.accounts.holds.placing import find_row, hold_reference
from citizencard.accounts.holds.settling import is_settled_to_the_end
from citizencard.accounts.models import BalanceEnquiry, PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import PurchaseName
from citizencard.accounts.purchases import find_purchase
from citizencard.accounts.reversals import ReversalAnswer, ReversalOutcome, reverse_purchase
from ledger import release_hold


@dataclass(frozen=True, slots=True)
class ReleaseAnswer:
    """What a terminal is told; the same however often it asks.

    Args:
        reference: the hold's name in the books.
        outcome: what was left is free; or nothing was held any more.
    """

    reference: str
    outcome: ReleaseOutcome


def release(session: Session, terminal_id: str, name: PurchaseName, now: datetime) -> ReleaseAnswer:
    """Give back what is left of a hold: nothing more comes. Parts that were settled stay.

    Raises:
        PurchaseInvalid: not a name.
        HoldNotKnown: there is no hold of this name; one that may still be on its way is taken back by a reversal.
        NumberOfAnotherTerminal: it is another terminal's.
    """
    name.check()
    row = find_row(session, name, lock=True)
    if row is None:
        raise HoldNotKnown("no such hold", terminal=name.terminal.hex())
    _check_own(row, terminal_id)
    reference = hold_reference(name)
    is_over = row.reversed_at is not None or is_settled_to_the_end(_parts(session, row), row.amount_fen)
    if row.verdict != PurchaseVerdict.APPROVED or is_over:
        return ReleaseAnswer(reference, ReleaseOutcome.NOTHING_HELD)
    if row.released_at is None:
        release_hold(session, reference, now=now)
        row.released_at = now
        session.flush()
    return ReleaseAnswer(reference, ReleaseOutcome.RELEASED)


def reverse_event(session: Session, terminal_id: str, name: PurchaseName, now: datetime) -> ReversalAnswer:
    """Take back what was asked for under a name: a purchase or a hold. What has not arrived yet is refused when it does.

    Raises:
        PurchaseInvalid: not a name.
        NumberOfAnotherTerminal: the event is another terminal's, or the number is.
        UnknownTerminal, TerminalDisabled, BatchNotGiven: see `purchases.check_speaker`.
        ReversalImpossible: a hold of which a part is settled, or a load: those end in their own ways.
    """
    name.check()
    answer = _reverse_hold(session, terminal_id, name, now)
    if answer is not None:
        return answer
    answer = reverse_purchase(session, terminal_id, name, now)
    if answer.outcome is not ReversalOutcome.NOTHING_TO_REVERSE:
        return answer
    # A hold that was being placed while we looked can be seen now: `reverse_purchase` has waited for its name.
    held = _reverse_hold(session, terminal_id, name, now)
    if held is None:
        _check_no_load(session, name)
    return held or answer


def _reverse_hold(session: Session, terminal_id: str, name: PurchaseName, now: datetime) -> ReversalAnswer | None:
    row = find_row(session, name, lock=True)
    if row is None:
        return None
    _check_own(row, terminal_id)
    reference = hold_reference(name)
    if row.verdict != PurchaseVerdict.APPROVED:
        return ReversalAnswer(reference, ReversalOutcome.NOTHING_TO_REVERSE)
    if row.reversed_at is None:
        if any(part.verdict == PurchaseVerdict.APPROVED for part in _parts(session, row)):
            raise ReversalImpossible("a part of the hold is settled", reference=reference)
        release_hold(session, reference, now=now)
        row.reversed_at = now
        session.flush()
    return ReversalAnswer(reference, ReversalOutcome.REVERSED)


def _check_no_load(session: Session, name: PurchaseName) -> None:
    row = find_purchase(session, name)
    if row is None or row.reason != PurchaseReason.OTHER_EVENT:
        return
    asked = select(BalanceEnquiry.id).where(
        BalanceEnquiry.terminal_number == name.terminal,
        BalanceEnquiry.batch == name.batch,
        BalanceEnquiry.trace == name.trace,
    )
    if session.scalars(asked).one_or_none() is None:
        raise ReversalImpossible("a load ends by the card's proof", reference=name.reference)


def _check_own(row: OnlineHold, terminal_id: str) -> None:
    if row.terminal_id != terminal_id:
        raise NumberOfAnotherTerminal("another terminal's hold", terminal=row.terminal_number.hex())


def _parts(session: Session, row: OnlineHold) -> list[HoldSettlement]:
    return list(session.scalars(select(HoldSettlement).where(HoldSettlement.hold_id == row.id)))
