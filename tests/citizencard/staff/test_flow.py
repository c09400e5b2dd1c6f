"""Activating logins, signing in, and what a session is good for."""

import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median
from time import perf_counter

import pyotp
import pytest
from sqlalchemy import func, select

from citizencard.audit import AuditEntry
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import FieldContext
from citizencard.keys.vault import SoftwareVault
from citizencard.staff.errors import OneTimeTokenInvalid, PasswordUnfit, SessionEnded, SignInRefused
from citizencard.staff.flow import (
    ABSOLUTE_LIFE,
    IDLE_LIFE,
    LOCK_TIME,
    Credentials,
    LoginSecrets,
    SignedIn,
    activate,
    authenticate,
    confirm_code,
    sign_in,
    sign_out,
)
from citizencard.staff.members import disable, set_roles
from citizencard.staff.models import StaffMember, StaffSession
from citizencard.staff.passwords import Passwords
from citizencard.staff.permissions import Role
from citizencard.staff.totp import SealedInPlace
from tests.citizencard.dump import dump
from tests.citizencard.staff.make_staff import (
    BOOTSTRAP,
    CHEAP,
    PASSWORD,
    credentials,
    login_secrets,
    make_active_staff,
    make_staff,
)

MINUTE = timedelta(minutes=1)


def test_one_time_token_makes_one_login(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A new clerk activates the login once, with a password nobody else knows, and then works in the clerk's role."""
    secrets = login_secrets(vault)
    created = make_staff(sessions, now)
    with pytest.raises(PasswordUnfit):
        activate(sessions, secrets, created.one_time_token, "too short", now)
    activated = activate(sessions, secrets, created.one_time_token, PASSWORD, now + MINUTE)
    with pytest.raises(OneTimeTokenInvalid):
        activate(sessions, secrets, created.one_time_token, PASSWORD, now + MINUTE)
    signed_in = sign_in(sessions, secrets, credentials(activated, now + MINUTE), now + MINUTE)
    principal = authenticate(sessions, signed_in.token, now + MINUTE, "req-9")
    assert principal.roles == {Role.CLERK} == signed_in.roles
    assert (principal.actor.id, principal.actor.person_id) == (created.staff_id, "P-0001")
    assert (principal.actor.workstation, principal.actor.request_id) == ("counter-1", "req-9")
    assert activated.provisioning_uri.startswith("otpauth://totp/")


def test_one_time_token_lives_a_day(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A slip of paper found the day after opens nothing."""
    created = make_staff(sessions, now)
    with pytest.raises(OneTimeTokenInvalid):
        activate(sessions, login_secrets(vault), created.one_time_token, PASSWORD, now + timedelta(hours=24))


def test_two_who_hold_the_token_get_one_login(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A copied one-time token, used twice at the same moment, activates one login with one password."""
    secrets = login_secrets(vault)
    created = make_staff(committed, now)

    def attempt(index: int) -> bool:
        try:
            activate(committed, secrets, created.one_time_token, f"{PASSWORD} {index}", now)
        except OneTimeTokenInvalid:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_every_failure_has_one_answer(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A stranger learns neither which logins exist nor which half of the credentials was right."""
    secrets = login_secrets(vault)
    right = credentials(make_active_staff(sessions, vault, now), now)
    answers = set()
    for wrong in (
        replace(right, login="nobody"),
        replace(right, password="wrong password"),
        replace(right, code="000000" if right.code != "000000" else "000001"),
        replace(right, code=""),
    ):
        with pytest.raises(SignInRefused) as refusal:
            sign_in(sessions, secrets, wrong, now)
        answers.add((str(refusal.value), str(refusal.value.fields)))
    assert len(answers) == 1


def test_unknown_login_costs_the_computation_of_a_known_one(
    sessions: Sessions, vault: SoftwareVault, now: datetime
) -> None:
    """Whoever measures the answers cannot tell staff from strangers by the missing password hash."""
    secrets = LoginSecrets(SealedInPlace(vault, FieldContext), Passwords())
    right = credentials(activate(sessions, secrets, make_staff(sessions, now).one_time_token, PASSWORD, now), now)

    def cost(given: Credentials) -> float:
        times = []
        for _ in range(5):
            start = perf_counter()
            with pytest.raises(SignInRefused):
                sign_in(sessions, secrets, given, now)
            times.append(perf_counter() - start)
        return median(times)

    known = cost(replace(right, password="wrong password"))
    assert cost(replace(right, login="nobody")) > known / 3


def test_one_time_code_opens_one_session(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A code read over a shoulder is worth nothing once it was used, even in the same instant."""
    secrets = login_secrets(vault)
    right = credentials(make_active_staff(committed, vault, now), now)

    def attempt(_: int) -> bool:
        try:
            sign_in(committed, secrets, right, now)
        except SignInRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1
    with pytest.raises(SignInRefused):
        sign_in(committed, secrets, right, now)
    later = now + MINUTE
    assert sign_in(committed, secrets, replace(right, code=credentials_code(committed, vault, later)), later).token


def credentials_code(sessions: Sessions, vault: SoftwareVault, at: datetime) -> str:
    with reading(sessions) as session:
        staff_id, stored = session.execute(select(StaffMember.id, StaffMember.totp_secret)).one()
    assert stored is not None
    return pyotp.TOTP(SealedInPlace(vault, FieldContext).decrypt(staff_id, stored)).at(at)


def test_tenth_bad_try_locks_for_a_quarter_of_an_hour(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Guessing is over after ten tries, for the right password too, and the guessed clerk works again after 15 minutes."""
    secrets = login_secrets(vault)
    activated = make_active_staff(sessions, vault, now)
    for _ in range(10):
        with pytest.raises(SignInRefused):
            sign_in(sessions, secrets, credentials(activated, now, "wrong password"), now)
    with pytest.raises(SignInRefused):
        sign_in(sessions, secrets, credentials(activated, now), now)
    with reading(sessions) as session:
        locks = select(func.count()).select_from(AuditEntry).where(AuditEntry.act == "staff.lock")
        assert session.scalar(locks) == 1
    later = now + LOCK_TIME
    assert sign_in(sessions, secrets, credentials(activated, later), later).token


def test_success_clears_the_count(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A clerk who mistypes now and then is not locked out by the sum of a month."""
    secrets = login_secrets(vault)
    activated = make_active_staff(sessions, vault, now)
    for attempt in range(3):
        at = now + attempt * MINUTE
        for _ in range(9):
            with pytest.raises(SignInRefused):
                sign_in(sessions, secrets, credentials(activated, at, "wrong password"), at)
        assert sign_in(sessions, secrets, credentials(activated, at), at).token


def test_parallel_guesses_do_not_outrun_the_count(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Thirty guesses at once are counted like thirty in a row: none of those after the tenth is looked at."""
    secrets = login_secrets(vault)
    activated = make_active_staff(committed, vault, now)
    wrong = credentials(activated, now, "wrong password")

    def attempt(_: int) -> None:
        with pytest.raises(SignInRefused):
            sign_in(committed, secrets, wrong, now)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(attempt, range(30)))
    with reading(committed) as session:
        assert session.scalars(select(StaffMember.failed_count)).one() == 10
    with pytest.raises(SignInRefused):
        sign_in(committed, secrets, credentials(activated, now), now)


def signed_in_clerk(sessions: Sessions, vault: SoftwareVault, now: datetime) -> SignedIn:
    return sign_in(sessions, login_secrets(vault), credentials(make_active_staff(sessions, vault, now), now), now)


def test_session_ends_by_idleness_age_and_signing_out(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A screen left alone for 15 minutes is closed, a busy one after 12 hours, and signing out is final."""
    token = signed_in_clerk(sessions, vault, now).token
    with pytest.raises(SessionEnded):
        authenticate(sessions, token, now + IDLE_LIFE)
    at = now
    while at + 14 * MINUTE < now + ABSOLUTE_LIFE:
        at += 14 * MINUTE
        authenticate(sessions, token, at)
    with pytest.raises(SessionEnded):
        authenticate(sessions, token, now + ABSOLUTE_LIFE)
    sign_out(sessions, token, at)
    with pytest.raises(SessionEnded):
        authenticate(sessions, token, at)
    with pytest.raises(SessionEnded):
        authenticate(sessions, "made up", at)


def test_session_is_noted_once_a_minute(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A busy counter does not turn every look into a write."""
    token = signed_in_clerk(sessions, vault, now).token

    def seen_at() -> datetime:
        with reading(sessions) as session:
            return session.scalars(select(StaffSession.seen_at)).one()

    authenticate(sessions, token, now + timedelta(seconds=59))
    assert seen_at() == now
    authenticate(sessions, token, now + MINUTE)
    assert seen_at() == now + MINUTE


def test_changed_rights_end_the_sessions_of_old_ones(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Whoever loses a role or the job loses it now, not at the end of the shift."""
    signed_in = signed_in_clerk(sessions, vault, now)
    with transaction(sessions) as session:
        set_roles(session, signed_in.staff_id, frozenset({Role.SUPERVISOR}), BOOTSTRAP, now)
    with pytest.raises(SessionEnded):
        authenticate(sessions, signed_in.token, now)


def test_disabled_login_is_closed_everywhere(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A dismissed clerk has no session and gets none."""
    activated = make_active_staff(sessions, vault, now)
    signed_in = sign_in(sessions, login_secrets(vault), credentials(activated, now), now)
    with transaction(sessions) as session:
        disable(session, signed_in.staff_id, BOOTSTRAP, now)
    with pytest.raises(SessionEnded):
        authenticate(sessions, signed_in.token, now)
    later = now + MINUTE
    with pytest.raises(SignInRefused):
        sign_in(sessions, login_secrets(vault), credentials(activated, later), later)


def test_fresh_code_gives_a_new_token_and_no_longer_day(
    sessions: Sessions, vault: SoftwareVault, now: datetime
) -> None:
    """Rights that rise come with a new token; the old one is dead, and twelve hours stay twelve hours."""
    secrets = login_secrets(vault)
    activated = make_active_staff(sessions, vault, now)
    first = sign_in(sessions, secrets, credentials(activated, now), now)
    later = now + 10 * MINUTE
    with pytest.raises(SignInRefused):
        confirm_code(sessions, secrets, first.token, credentials(activated, now).code, later)
    second = confirm_code(sessions, secrets, first.token, credentials(activated, later).code, later)
    assert authenticate(sessions, second.token, later).code_at == later
    assert second.expires_at == first.expires_at == authenticate(sessions, second.token, later).expires_at
    with pytest.raises(SessionEnded):
        authenticate(sessions, first.token, later)


class SignsOutMeanwhile(SealedInPlace[FieldContext]):
    """Opens a TOTP secret just while the session is signed out at the other window."""

    def __init__(self, sessions: Sessions, vault: SoftwareVault, token: str, now: datetime) -> None:
        super().__init__(vault, FieldContext)
        self.window: tuple[Sessions, str, datetime] = (sessions, token, now)

    def decrypt(self, staff_id: str, stored: bytes) -> str:
        sign_out(*self.window)
        return super().decrypt(staff_id, stored)


def test_code_revives_no_session_that_ended_meanwhile(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Whoever signs out, or is signed out, while a one-time code is being compared stays out: the code opens no new session."""
    activated = make_active_staff(sessions, vault, now)
    first = sign_in(sessions, login_secrets(vault), credentials(activated, now), now)
    later = now + 10 * MINUTE
    racing = LoginSecrets(SignsOutMeanwhile(sessions, vault, first.token, later), CHEAP)
    with pytest.raises(SessionEnded):
        confirm_code(sessions, racing, first.token, credentials(activated, later).code, later)
    with reading(sessions) as session:
        assert session.scalars(select(StaffSession.token_hash).where(StaffSession.ended_at.is_(None))).all() == []


def test_no_secret_is_kept_or_shown(
    sessions: Sessions, vault: SoftwareVault, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    """Tokens, passwords and TOTP secrets are in no row in clear, in no log and in no repr."""
    caplog.set_level(logging.DEBUG)
    created = make_staff(sessions, now)
    activated = activate(sessions, login_secrets(vault), created.one_time_token, PASSWORD, now)
    given = credentials(activated, now)
    signed_in = sign_in(sessions, login_secrets(vault), given, now)
    with reading(sessions) as session:
        stored = dump(session)
        row = session.scalars(select(StaffMember)).one()
        shown = repr(row) + repr(session.scalars(select(StaffSession)).one())
    seen = "\n".join([stored, caplog.text, shown, *map(repr, (created, activated, given, signed_in))])
    for secret in (created.one_time_token, PASSWORD, activated.totp_secret, signed_in.token):
        assert secret not in seen
    assert given.code not in repr(given)
    assert hashlib.sha256(signed_in.token.encode()).hexdigest() in stored
