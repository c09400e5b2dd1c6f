"""A one-time token once more."""

from datetime import datetime

import pytest

from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.staff.errors import OneTimeTokenInvalid, StaffUnknown
from citizencard.staff.flow import activate
from citizencard.staff.invitations import invite_again
from citizencard.staff.members import disable
from tests.citizencard.staff.make_staff import BOOTSTRAP, PASSWORD, login_secrets, make_staff


def test_lost_token_is_replaced_until_it_was_used(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Whoever lost the token gets another one, the lost one opens nothing, and an activated login is never thrown back."""
    created = make_staff(sessions, now)
    with transaction(sessions) as session:
        second = invite_again(session, created.staff_id, BOOTSTRAP, now)
    assert second is not None
    with pytest.raises(OneTimeTokenInvalid):
        activate(sessions, login_secrets(vault), created.one_time_token, PASSWORD, now)
    activate(sessions, login_secrets(vault), second, PASSWORD, now)
    with transaction(sessions) as session:
        assert invite_again(session, created.staff_id, BOOTSTRAP, now) is None


def test_nobody_is_invited_who_left(sessions: Sessions, now: datetime) -> None:
    """A closed login stays closed."""
    created = make_staff(sessions, now)
    with transaction(sessions) as session:
        disable(session, created.staff_id, BOOTSTRAP, now)
        assert invite_again(session, created.staff_id, BOOTSTRAP, now) is None
        with pytest.raises(StaffUnknown):
            invite_again(session, "stf_none", BOOTSTRAP, now)
