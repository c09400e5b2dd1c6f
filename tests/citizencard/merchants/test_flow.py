"""Showing what is encrypted about merchants."""

from datetime import datetime

import pytest
from sqlalchemy import select

from citizencard.audit import Access, Actor, AuditEntry, ReasonUnfit
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.merchants.contacts import current_contact
from citizencard.merchants.errors import UnknownBankAccount, UnknownMerchantContact
from citizencard.merchants.flow import reveal_bank_account, reveal_contact
from tests.citizencard.merchants.make_affairs import make_merchant, proposed


def test_who_looks_and_why_is_written_down_before_anything_is_shown(
    sessions: Sessions, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """No reason, no look; and the trail holds neither number nor name."""
    with transaction(sessions) as session:
        merchant = make_merchant(session, vault, now)
        account_id = proposed(session, vault, merchant, "6200000000000001", now).id
        contact = current_contact(session, merchant)
        assert contact is not None
        contact_id = contact.id
    access = Access(clerk, "to pay by hand", now)
    assert reveal_bank_account(sessions, vault, account_id, access).number == "6200000000000001"
    assert reveal_contact(sessions, vault, contact_id, access).phone == "13000001111"
    with reading(sessions) as session:
        acts = select(AuditEntry.act, AuditEntry.reason).where(AuditEntry.act.like("%.reveal"))
        assert [tuple(row) for row in session.execute(acts.order_by(AuditEntry.id))] == [
            ("merchant_bank_account.reveal", "to pay by hand"),
            ("merchant_contact.reveal", "to pay by hand"),
        ]
    with pytest.raises(ReasonUnfit):
        reveal_bank_account(sessions, vault, account_id, Access(clerk, "", now))
    with pytest.raises(UnknownBankAccount):
        reveal_bank_account(sessions, vault, "mba_none", access)
    with pytest.raises(UnknownMerchantContact):
        reveal_contact(sessions, vault, "mcon_none", access)
