"""Reversals of on-line purchases (冲正): a terminal that got no answer takes its purchase back, whatever became of it.

Flow 14 books the opposite of the whole purchase; ceilings and a frozen account do not stop it. A reversal that arrives first (flow 15)
moves no money: it leaves a tombstone in the purchase's event row, and the late original is refused.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from citizencard.accounts.errors import NumberOfAnotherTerminal
from citizencard.accounts.models import OnlinePurchase, PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import PurchaseName
from citizencard.accounts.purchases import check_speaker, enter, find_purchase
from ledger import reverse


class ReversalOutcome(StrEnum):
    """What a reversal came to. After any of the three nothing of the purchase is, or ever will be, in the books."""

    REVERSED = "reversed"
    NOTHING_TO_REVERSE = "nothing_to_reverse"
    REMEMBERED = "remembered"


@dataclass(frozen=True, slots=True)
class ReversalAnswer:
    """What a terminal is told; the same however often it asks.

    Args:
        reference: the purchase's name in the books.
        outcome: the money went back; the purchase had been refused; or the purchase never came and will be refused.
    """

    reference: str
    outcome: ReversalOutcome


def reverse_purchase(session: Session, terminal_id: str, name: PurchaseName, now: datetime) -> ReversalAnswer:
    """Take a purchase back.

    A terminal reverses what it bought itself, also when its number has been bound elsewhere since; a purchase that is not known yet it
    may only forestall under the number and in a batch that are its own now.

    Raises:
        PurchaseInvalid: not a name.
        NumberOfAnotherTerminal: the purchase is another terminal's, or the number is.
        UnknownTerminal, TerminalDisabled, BatchNotGiven: see `purchases.check_speaker`.
    """
    name.check()
    row = find_purchase(session, name, lock=True)
    if row is None:
        check_speaker(session, terminal_id, name, now)
        tombstone = {
            "terminal_id": terminal_id,
            "verdict": PurchaseVerdict.REFUSED,
            "reason": PurchaseReason.REVERSED_BEFORE,
            "received_at": now,
            "reversed_at": now,
        }
        if enter(session, name, tombstone) is not None:
            return ReversalAnswer(name.reference, ReversalOutcome.REMEMBERED)
        # The purchase was being booked while we looked: `enter` has waited for it, and now it can be seen.
        row = find_purchase(session, name, lock=True)
    if row is None or row.terminal_id != terminal_id:
        raise NumberOfAnotherTerminal("another terminal's purchase", terminal=name.terminal.hex())
    return ReversalAnswer(name.reference, _take_back(session, row, name, now))


def _take_back(session: Session, row: OnlinePurchase, name: PurchaseName, now: datetime) -> ReversalOutcome:
    if row.reason == PurchaseReason.REVERSED_BEFORE:
        return ReversalOutcome.REMEMBERED
    if row.verdict == PurchaseVerdict.REFUSED:
        return ReversalOutcome.NOTHING_TO_REVERSE
    if row.reversed_at is None:
        reverse(session, name.reference, occurred_at=now, now=now)
        row.reversed_at = now
        session.flush()
    return ReversalOutcome.REVERSED
