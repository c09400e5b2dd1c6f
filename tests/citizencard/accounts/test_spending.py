"""What keeps a card from its account is told as a purchase tells it; what nobody expected is not hidden behind a verdict."""

import pytest

from citizencard.accounts.models import PurchaseReason
from citizencard.accounts.spending import LEDGER_REASONS, reason_of
from ledger.errors import AccountClosed, AccountFrozen, BalanceTooLow, LedgerStopped


def test_ledger_refusals_become_verdicts() -> None:
    """Too little, frozen, closed: a verdict. A ledger that is stopped is a fault, not the card's."""
    said = [reason_of(refusal("no", account="wallet:a")) for refusal in (BalanceTooLow, AccountFrozen, AccountClosed)]
    assert (
        said
        == [
            PurchaseReason.INSUFFICIENT_FUNDS,
            PurchaseReason.ACCOUNT_FROZEN,
            PurchaseReason.ACCOUNT_CLOSED,
        ]
        == list(LEDGER_REASONS.values())
    )
    with pytest.raises(LedgerStopped):
        reason_of(LedgerStopped("a difference was found"))
