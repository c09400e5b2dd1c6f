"""Activating a login, signing in and out, and recognising a session.

Passwords are hashed and secrets decrypted with no transaction open: these flows open their own short ones.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.audit import Actor
from citizencard.db import Sessions, reading, transaction
from citizencard.staff.errors import OneTimeTokenInvalid, SessionEnded, SignInRefused
from citizencard.staff.members import end_sessions, roles_of
from citizencard.staff.models import StaffMember, StaffSession
from citizencard.staff.passwords import Passwords, check_password
from citizencard.staff.permissions import Principal, Role
from citizencard.staff.tokens import hash_token, new_token
from citizencard.staff.totp import TotpCipher, new_secret, provisioning_uri, step_of

IDLE_LIFE: Final = timedelta(minutes=15)
ABSOLUTE_LIFE: Final = timedelta(hours=12)
TOUCH_AFTER: Final = timedelta(minutes=1)
MAX_FAILURES: Final = 10
LOCK_TIME: Final = timedelta(minutes=15)
WORKSTATION_CHARS: Final = 64


@dataclass(frozen=True, slots=True)
class LoginSecrets:
    """What keeps the secrets of logins: the cipher of TOTP secrets, and the costs of password hashing."""

    totp: TotpCipher
    passwords: Passwords = field(default_factory=Passwords)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody types to sign in."""

    login: str
    password: str = field(repr=False)
    code: str = field(repr=False)
    workstation: str = ""


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """What somebody types to get another password: the old one, the new one, and a one-time code."""

    old: str = field(repr=False)
    new: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Activated:
    """An activated login, with the TOTP secret for the authenticator: shown once."""

    login: str
    totp_secret: str = field(repr=False)
    provisioning_uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session. The token is known to the client only."""

    staff_id: str
    token: str = field(repr=False)
    expires_at: datetime
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class _Attempt:
    staff_id: str
    password_hash: str
    totp_secret: bytes
    totp_step: int


def activate(sessions: Sessions, secrets: LoginSecrets, one_time_token: str, password: str, now: datetime) -> Activated:
    """Turn a one-time token into a login with a password of its owner's choice and a TOTP secret.

    Raises:
        OneTimeTokenInvalid: unknown, used or older than 24 hours.
        PasswordUnfit: see `check_password`; the token stays usable.
    """
    token_hash = hash_token(one_time_token)
    with reading(sessions) as session:
        found = session.execute(
            select(StaffMember.id, StaffMember.login).where(
                StaffMember.one_time_hash == token_hash,
                StaffMember.one_time_expires_at > now,
                StaffMember.disabled_at.is_(None),
            )
        ).one_or_none()
    if found is None:
        raise OneTimeTokenInvalid("the one-time token is unknown, used or expired")
    staff_id, login = found
    check_password(password, login)
    password_hash = secrets.passwords.hash(password)
    totp_secret = new_secret()
    stored_secret = secrets.totp.encrypt(staff_id, totp_secret)
    with transaction(sessions) as session:
        taken = session.scalars(
            update(StaffMember)
            .where(StaffMember.id == staff_id, StaffMember.one_time_hash == token_hash)
            .values(
                password_hash=password_hash,
                totp_secret=stored_secret,
                totp_step=0,
                failed_count=0,
                locked_until=None,
                one_time_hash=None,
                one_time_expires_at=None,
            )
            .returning(StaffMember.person_id)
        ).one_or_none()
        if taken is None:
            raise OneTimeTokenInvalid("the one-time token was used a moment ago")
        end_sessions(session, staff_id, now)
        audit.record(session, Actor("staff", staff_id, taken), "staff.activate", staff_id, now=now)
    return Activated(login, totp_secret, provisioning_uri(totp_secret, login))


def sign_in(sessions: Sessions, secrets: LoginSecrets, given: Credentials, now: datetime) -> SignedIn:
    """Open a session for the right login, password and one-time code.

    The attempt is counted before anything is compared, so parallel guesses cannot outrun the count: the tenth attempt in a row that
    fails locks the login for 15 minutes, in the database. Every failure has the same answer, and an unknown login costs the same
    computation as a wrong password.

    Raises:
        SignInRefused: login, password or code is wrong, or the login is locked. It is not said which.
    """
    attempt = _count_attempt(sessions, given, now)
    right = secrets.passwords.matches(attempt.password_hash if attempt else None, given.password)
    if attempt is None or not right:
        raise SignInRefused("login, password or one-time code is wrong")
    secret = secrets.totp.decrypt(attempt.staff_id, attempt.totp_secret)
    step = step_of(secret, given.code, attempt.totp_step, now)
    if step is None:
        raise SignInRefused("login, password or one-time code is wrong")
    password_hash = attempt.password_hash
    if secrets.passwords.is_outdated(password_hash):
        password_hash = secrets.passwords.hash(given.password)
    with transaction(sessions) as session:
        _take_step(session, attempt, step, password_hash)
        return _open_session(session, attempt.staff_id, given.workstation, now)


def confirm_code(sessions: Sessions, secrets: LoginSecrets, token: str, code: str, now: datetime) -> SignedIn:
    """Enter a new one-time code in a session, for acts that need a fresh one. The session continues under a new token.

    A wrong code counts like a failed sign-in.

    Raises:
        SessionEnded: no such session any more.
        SignInRefused: the code is wrong or used, or the login is locked.
    """
    principal = authenticate(sessions, token, now)
    with reading(sessions) as session:
        login, workstation, started_at = session.execute(
            select(StaffMember.login, StaffSession.workstation, StaffSession.started_at)
            .join(StaffSession, StaffSession.staff_id == StaffMember.id)
            .where(StaffSession.token_hash == hash_token(token))
        ).one()
    attempt = _count_attempt(sessions, Credentials(login, "", code), now)
    if attempt is None:
        raise SignInRefused("the one-time code is wrong")
    step = step_of(secrets.totp.decrypt(attempt.staff_id, attempt.totp_secret), code, attempt.totp_step, now)
    if step is None:
        raise SignInRefused("the one-time code is wrong")
    with transaction(sessions) as session:
        _take_step(session, attempt, step, attempt.password_hash)
        if not _end(session, token, now):
            raise SessionEnded("the session ended meanwhile")
        signed_in = _open_session(session, principal.actor.id, workstation, now)
        # A fresh code does not make a working day longer than twelve hours.
        session.execute(
            update(StaffSession)
            .where(StaffSession.token_hash == hash_token(signed_in.token))
            .values(started_at=started_at)
        )
    return replace(signed_in, expires_at=started_at + ABSOLUTE_LIFE)


def authenticate(sessions: Sessions, token: str, now: datetime, request_id: str = "") -> Principal:
    """Recognise a session by its token. Reads only, but for noting once a minute that the session is in use.

    Raises:
        SessionEnded: unknown, signed out, idle for 15 minutes, 12 hours old, or the login was disabled.
    """
    token_hash = hash_token(token)
    with reading(sessions) as session:
        row = session.execute(
            select(StaffSession, StaffMember)
            .join(StaffMember, StaffMember.id == StaffSession.staff_id)
            .where(StaffSession.token_hash == token_hash)
        ).one_or_none()
        session.expunge_all()
        roles = roles_of(session, row[1].id) if row else frozenset()
    if row is None:
        raise SessionEnded("there is no such session, or it has ended")
    found, member = row
    expires_at = found.started_at + ABSOLUTE_LIFE
    over = found.ended_at is not None or now >= expires_at or now - found.seen_at >= IDLE_LIFE
    if over or member.disabled_at is not None:
        raise SessionEnded("there is no such session, or it has ended")
    if now - found.seen_at >= TOUCH_AFTER:
        with transaction(sessions) as session:
            session.execute(
                update(StaffSession)
                .where(StaffSession.token_hash == token_hash, StaffSession.seen_at < now)
                .values(seen_at=now)
            )
    role = str(next(iter(roles))) if len(roles) == 1 else ""
    actor = Actor("staff", member.id, member.person_id, role, found.workstation, request_id)
    return Principal(actor, roles, member.outlet_id, found.totp_at, expires_at, member.name)


def change_password(
    sessions: Sessions, secrets: LoginSecrets, token: str, change: PasswordChange, now: datetime
) -> None:
    """Give oneself another password. Every session of the login ends, this one too; what is typed wrong counts like a failed sign-in.

    Raises:
        SessionEnded: no such session any more.
        PasswordUnfit: the new one cannot be used; nothing was counted.
        SignInRefused: the old password or the code is wrong, or the login is locked. It is not said which.
    """
    actor = authenticate(sessions, token, now).actor
    with reading(sessions) as session:
        login = session.scalars(select(StaffMember.login).where(StaffMember.id == actor.id)).one()
    check_password(change.new, login)
    attempt = _count_attempt(sessions, Credentials(login, "", "", actor.workstation), now)
    right = secrets.passwords.matches(attempt.password_hash if attempt else None, change.old)
    if attempt is None or not right:
        raise SignInRefused("the old password or the one-time code is wrong")
    secret = secrets.totp.decrypt(attempt.staff_id, attempt.totp_secret)
    step = step_of(secret, change.code, attempt.totp_step, now)
    if step is None:
        raise SignInRefused("the old password or the one-time code is wrong")
    password_hash = secrets.passwords.hash(change.new)
    with transaction(sessions) as session:
        _take_step(session, attempt, step, password_hash)
        end_sessions(session, attempt.staff_id, now)
        audit.record(session, actor, "staff.change_password", attempt.staff_id, now=now)


def sign_out(sessions: Sessions, token: str, now: datetime) -> None:
    """End a session. Ending one that has ended already changes nothing."""
    with transaction(sessions) as session:
        _end(session, token, now)


def _count_attempt(sessions: Sessions, given: Credentials, now: datetime) -> _Attempt | None:
    with transaction(sessions) as session:
        member = session.scalar(select(StaffMember).where(StaffMember.login == given.login).with_for_update())
        if member is None or member.disabled_at is not None or member.totp_secret is None:
            return None
        if member.locked_until is not None and member.locked_until > now:
            return None
        if member.locked_until is not None:
            member.locked_until = None
            member.failed_count = 0
        member.failed_count += 1
        if member.failed_count >= MAX_FAILURES:
            member.locked_until = now + LOCK_TIME
            actor = Actor("staff", member.id, member.person_id, workstation=given.workstation[:WORKSTATION_CHARS])
            audit.record(session, actor, "staff.lock", member.id, now=now)
        if member.password_hash is None:
            return None
        return _Attempt(member.id, member.password_hash, member.totp_secret, member.totp_step)


def _take_step(session: Session, attempt: _Attempt, step: int, password_hash: str) -> None:
    # The conditions make a code good for one session only, and a password changed meanwhile good for none.
    taken = session.scalars(
        update(StaffMember)
        .where(
            StaffMember.id == attempt.staff_id,
            StaffMember.totp_step < step,
            StaffMember.password_hash == attempt.password_hash,
            StaffMember.disabled_at.is_(None),
        )
        .values(totp_step=step, failed_count=0, locked_until=None, password_hash=password_hash)
        .returning(StaffMember.id)
    ).one_or_none()
    if taken is None:
        raise SignInRefused("login, password or one-time code is wrong")


def _open_session(session: Session, staff_id: str, workstation: str, now: datetime) -> SignedIn:
    token = new_token()
    workstation = workstation[:WORKSTATION_CHARS]
    opened = StaffSession(
        token_hash=hash_token(token),
        staff_id=staff_id,
        workstation=workstation,
        started_at=now,
        seen_at=now,
        totp_at=now,
    )
    session.add(opened)
    person_id = session.scalar(select(StaffMember.person_id).where(StaffMember.id == staff_id))
    actor = Actor("staff", staff_id, person_id, workstation=workstation)
    audit.record(session, actor, "staff.sign_in", staff_id, now=now)
    return SignedIn(staff_id, token, now + ABSOLUTE_LIFE, roles_of(session, staff_id))


def _end(session: Session, token: str, now: datetime) -> bool:
    ended = session.scalars(
        update(StaffSession)
        .where(StaffSession.token_hash == hash_token(token), StaffSession.ended_at.is_(None))
        .values(ended_at=now)
        .returning(StaffSession.staff_id)
    )
    return ended.one_or_none() is not None
