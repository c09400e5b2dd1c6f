"""Contacts of merchants."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import Actor
from citizencard.keys.vault import SoftwareVault
from citizencard.merchants.contacts import (
    REMEMBERED,
    NewContact,
    contact_by_id,
    contacts_to_tell,
    current_contact,
    lock_merchant,
    masked_contact,
    seal_contact,
    set_contact,
    unsealed_contact,
)
from citizencard.merchants.errors import MerchantContactInvalid, UnknownMerchant, UnknownMerchantContact
from citizencard.merchants.models import MerchantNotice
from tests.citizencard.merchants.make_affairs import make_merchant

HOUR = timedelta(hours=1)


def test_who_was_the_contact_is_told_and_still_remembered(
    session: Session, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """A thief who changes the contact before the bank account warns the old one twice."""
    merchant = make_merchant(session, vault, now)
    old = current_contact(session, merchant)
    assert old is not None
    new = set_contact(session, seal_contact(vault, NewContact(merchant, "李示例", "13000002222")), clerk, now + HOUR)
    session.refresh(old)
    assert old.replaced_at == now + HOUR
    found = current_contact(session, merchant)
    assert found is new
    told = session.scalars(select(MerchantNotice).where(MerchantNotice.kind == "contact_changed")).all()
    assert [(notice.contact_id, notice.subject) for notice in told] == [(old.id, new.id)]
    assert contacts_to_tell(session, merchant, now + 2 * HOUR) == [old.id, new.id]
    assert contacts_to_tell(session, merchant, now + 2 * HOUR + REMEMBERED) == [new.id]


def test_contact_is_encrypted_and_shown_masked(session: Session, vault: SoftwareVault, now: datetime) -> None:
    """A look at the table tells nobody whom to call; a page shows the family name and four digits."""
    contact = current_contact(session, make_merchant(session, vault, now))
    assert contact is not None
    assert b"1300000" not in contact.phone + contact.name
    masked, clear = masked_contact(vault, contact), unsealed_contact(vault, contact)
    assert (masked.name, masked.phone) == ("王*", "····1111")
    assert (clear.name, clear.phone) == ("王示例", "13000001111")
    assert "1300" not in repr(clear) + repr(contact)
    assert contact_by_id(session, contact.id) is contact


def test_what_cannot_be_a_contact_is_refused(
    session: Session, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """Neither a number that nobody answers nor a merchant that is not there; what was typed is not repeated."""
    with pytest.raises(MerchantContactInvalid) as refused:
        seal_contact(vault, NewContact("mer_none", "x" * 41, "call me"))
    assert str(refused.value).count(";") == 1
    assert "call me" not in str(refused.value)
    with pytest.raises(UnknownMerchant):
        set_contact(session, seal_contact(vault, NewContact("mer_none", "x", "12345")), clerk, now)
    with pytest.raises(UnknownMerchant):
        lock_merchant(session, "mer_none")
    with pytest.raises(UnknownMerchantContact):
        contact_by_id(session, "mcon_none")
