"""Staff who change their own passwords."""

from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select

from citizencard.audit import AuditEntry
from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from citizencard.staff.errors import PasswordUnfit, SessionEnded, SignInRefused
from citizencard.staff.flow import LOCK_TIME, MAX_FAILURES, PasswordChange, authenticate, change_password, sign_in
from tests.citizencard.staff.make_staff import PASSWORD, credentials, login_secrets, make_active_staff

STEP = timedelta(seconds=30)
NEW = "an entirely new password"


def test_password_change_ends_every_session_at_once(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A clerk who thinks that somebody has watched changes the password, and whoever is in with the old one is out."""
    secrets, activated = login_secrets(vault), make_active_staff(sessions, vault, now)
    first = sign_in(sessions, secrets, credentials(activated, now), now).token
    second = sign_in(sessions, secrets, credentials(activated, now + STEP), now + STEP).token
    code = pyotp.TOTP(activated.totp_secret).at(now + 2 * STEP)
    change_password(sessions, secrets, first, PasswordChange(PASSWORD, NEW, code), now + 2 * STEP)
    for token in (first, second):
        with pytest.raises(SessionEnded):
            authenticate(sessions, token, now + 2 * STEP)
    later = now + 3 * STEP
    with pytest.raises(SignInRefused):
        sign_in(sessions, secrets, credentials(activated, later), later)
    sign_in(sessions, secrets, credentials(activated, later, NEW), later)
    with reading(sessions) as session:
        assert "staff.change_password" in list(session.scalars(select(AuditEntry.act)))


def test_change_needs_the_old_password_a_new_code_and_a_fit_word(
    sessions: Sessions, vault: SoftwareVault, now: datetime
) -> None:
    """Whoever finds a desk unlocked changes nothing, and guesses no more often than at the door."""
    secrets, activated = login_secrets(vault), make_active_staff(sessions, vault, now)
    token = sign_in(sessions, secrets, credentials(activated, now), now).token
    later = now + STEP
    used, fresh = (pyotp.TOTP(activated.totp_secret).at(at) for at in (now, later))
    for change, refusal in (
        (PasswordChange(PASSWORD, "short", fresh), PasswordUnfit),
        (PasswordChange(PASSWORD, f"{activated.login} and more", fresh), PasswordUnfit),
        (PasswordChange("not the old password", NEW, fresh), SignInRefused),
        (PasswordChange(PASSWORD, NEW, used), SignInRefused),
        (PasswordChange(PASSWORD, NEW, "000000"), SignInRefused),
        (PasswordChange(PASSWORD, NEW, "a word"), SignInRefused),
    ):
        with pytest.raises(refusal):
            change_password(sessions, secrets, token, change, later)
    for _ in range(MAX_FAILURES - 4):
        with pytest.raises(SignInRefused):
            change_password(sessions, secrets, token, PasswordChange("a wrong password", NEW, fresh), later)
    with pytest.raises(SignInRefused):
        change_password(sessions, secrets, token, PasswordChange(PASSWORD, NEW, fresh), later)
    unlocked = later + LOCK_TIME
    with pytest.raises(SessionEnded):
        change_password(sessions, secrets, token, PasswordChange(PASSWORD, NEW, fresh), unlocked)
    sign_in(sessions, secrets, credentials(activated, unlocked), unlocked)
    assert NEW not in repr(PasswordChange(PASSWORD, NEW, fresh))
