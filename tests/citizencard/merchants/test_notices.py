"""What merchants are to be told."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from citizencard.audit import Actor
from citizencard.keys.vault import SoftwareVault
from citizencard.merchants.contacts import current_contact
from citizencard.merchants.errors import NoticeSent, UnknownNotice
from citizencard.merchants.models import NoticeKind
from citizencard.merchants.notices import Notice, make_notices, mark_sent, notices_of, unsent_notices
from tests.citizencard.merchants.make_affairs import make_merchant


def test_a_notice_is_unsent_until_somebody_says_how_it_was_told(
    session: Session, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """Nothing counts as told because it was written down; who told it, how and when is kept, once."""
    merchant = make_merchant(session, vault, now)
    contact = current_contact(session, merchant)
    assert contact is not None
    made = [
        make_notices(session, Notice(merchant, NoticeKind.BANK_ACCOUNT_CHANGES, f"mba_{n}"), [contact.id], now)[0].id
        for n in range(2)
    ]
    page = unsent_notices(session, limit=1)
    assert sorted(made) == [notice.id for notice in [*page, *unsent_notices(session, after=page[0].id)]]
    later = now + timedelta(hours=1)
    told = mark_sent(session, made[0], "phone", clerk, later)
    assert (told.sent_at, told.sent_by, told.way) == (later, clerk.id, "phone")
    assert [notice.id for notice in unsent_notices(session)] == [made[1]]
    assert {notice.id for notice in notices_of(session, merchant)} == set(made)
    with pytest.raises(NoticeSent):
        mark_sent(session, made[0], "letter", clerk, later)
    with pytest.raises(UnknownNotice):
        mark_sent(session, "mnot_none", "phone", clerk, now)
    with pytest.raises(ValueError, match="way"):
        mark_sent(session, made[1], "smoke", clerk, now)
