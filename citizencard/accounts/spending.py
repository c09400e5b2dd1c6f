"""What speaks against a card that wants to use its account, before money is asked for; the same for holds, enquiries and loads."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from citizencard.accounts.models import PurchaseReason
from citizencard.accounts.purchases import CLOCK_WINDOW, SPENDABLE
from citizencard.cards.as_of import hotlisted_at
from citizencard.cards.models import Card, CardState
from ledger.errors import AccountClosed, AccountFrozen, BalanceTooLow, LedgerError

LEDGER_REASONS: Final[Mapping[type[LedgerError], PurchaseReason]] = MappingProxyType(
    {
        BalanceTooLow: PurchaseReason.INSUFFICIENT_FUNDS,
        AccountFrozen: PurchaseReason.ACCOUNT_FROZEN,
        AccountClosed: PurchaseReason.ACCOUNT_CLOSED,
    }
)
"""What the ledger refuses, as the verdict that a terminal is told."""


def objection(
    session: Session, card: Card | None, happened_at: datetime, now: datetime, *, is_proved: bool
) -> PurchaseReason | None:
    """The first objection, or none. Without a proof a terminal learns nothing about the card's state."""
    if card is None:
        return PurchaseReason.UNKNOWN_CARD
    if not is_proved:
        return PurchaseReason.BAD_PROOF
    if abs(happened_at - now) > CLOCK_WINDOW:
        return PurchaseReason.CLOCK
    if CardState(card.state) not in SPENDABLE:
        return PurchaseReason.CARD_STATE
    if hotlisted_at(session, [card.serial], [now])[0]:
        return PurchaseReason.HOTLISTED
    return None


def reason_of(refusal: LedgerError) -> PurchaseReason:
    """The verdict's reason for a refusal of the ledger; any other refusal is raised again."""
    reason = LEDGER_REASONS.get(type(refusal))
    if reason is None:
        raise refusal
    return reason
