"""Registering with the card, signing in and out, and recognising a session of a resident.

Passwords are hashed and the vault is asked with no transaction open: these flows open their own short ones. Whoever has the card and
nobody else can make a login for its holder; the same proof makes a new password, whatever became of the old one.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.audit import Actor
from citizencard.db import Sessions, flush_unique, new_id, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.people.models import Person
from citizencard.residents import proofs
from citizencard.residents.errors import ResidentLoginTaken, ResidentSessionEnded, ResidentSignInRefused
from citizencard.residents.models import Resident, ResidentSession
from citizencard.residents.proofs import ChallengeGiven, Holder, ProvedCard, Purpose
from citizencard.staff.errors import LoginUnfit
from citizencard.staff.members import LOGIN_FORM
from citizencard.staff.passwords import Passwords, check_password
from citizencard.staff.tokens import hash_token, new_token

IDLE_LIFE: Final = timedelta(minutes=15)
ABSOLUTE_LIFE: Final = timedelta(hours=12)
TOUCH_AFTER: Final = timedelta(minutes=1)
MAX_FAILURES: Final = 10
LOCK_TIME: Final = timedelta(minutes=15)
ROLE: Final = "resident"


@dataclass(frozen=True, slots=True)
class NewLogin:
    """What a resident chooses.

    Args:
        login: 3 to 32 small letters, digits or `._-`, a letter first; no citizen's or telephone number.
        password: 12 to 128 characters without the login.
    """

    login: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedInResident:
    """A new session. The token is known to the client only."""

    resident_id: str
    person_id: str
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ResidentPrincipal:
    """A resident who was recognised: ids, and no word of personal data."""

    resident_id: str
    person_id: str
    actor: Actor
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Attempt:
    resident_id: str
    person_id: str
    password_hash: str


def begin_proof(sessions: Sessions, card_serial: bytes | None, purpose: Purpose | str, now: datetime) -> ChallengeGiven:
    """Ask a card to prove itself, within two minutes and once; see `proofs.begin`.

    Raises:
        ValueError: no such purpose.
    """
    return proofs.begin(sessions, card_serial, Purpose(purpose), now)


def register(  # noqa: PLR0913, PLR0917 # what registering stands on, and the instant
    sessions: Sessions, hsm: Hsm, passwords: Passwords, proved: ProvedCard, new: NewLogin, now: datetime
) -> SignedInResident:
    """Give the holder of the card that has proved itself a login, or the one he has a new name and password; and sign him in.

    Every session that stood on the old password ends. The challenge is used up only if all of it succeeds.

    Raises:
        CardProofRefused: the proof is not good; nothing is said about people and logins.
        LoginUnfit, PasswordUnfit: they cannot be used.
        ProvedCardUnusable: the card is reported lost, blocked, or not handed out.
        ResidentLoginTaken: another resident has the login.
    """
    holder = proofs.check(sessions, hsm, proved, now)
    _check_login(new.login)
    check_password(new.password, new.login)
    password_hash = passwords.hash(new.password)
    with transaction(sessions) as session:
        proofs.use(session, holder, now)
        resident, act = _given_login(session, holder, new.login, password_hash, now)
        _end_sessions(session, resident.id, now)
        audit.record(
            session, _actor(resident.id, holder.person_id), act, resident.id, after={"card": holder.card_id}, now=now
        )
        return _open_session(session, resident.id, holder.person_id, now)


def sign_in(sessions: Sessions, passwords: Passwords, login: str, password: str, now: datetime) -> SignedInResident:
    """Open a session for the right login and password.

    The attempt is counted before anything is compared: the tenth in a row that fails locks the login for 15 minutes, in the database.
    Every failure has the same answer, and an unknown or locked login costs the same computation as a wrong password. Capitals and
    blanks around the login, which telephones like to add, do not matter.

    Raises:
        ResidentSignInRefused: login or password is wrong, or the login is locked. It is not said which.
    """
    attempt = _count_attempt(sessions, Resident.login == _typed(login), now)
    right = passwords.matches(attempt.password_hash if attempt else None, password)
    if attempt is None or not right:
        raise ResidentSignInRefused("the login or the password is wrong")
    password_hash = attempt.password_hash
    if passwords.is_outdated(password_hash):
        password_hash = passwords.hash(password)
    with transaction(sessions) as session:
        _accept(session, attempt, password_hash)
        audit.record(
            session, _actor(attempt.resident_id, attempt.person_id), "resident.sign_in", attempt.resident_id, now=now
        )
        return _open_session(session, attempt.resident_id, attempt.person_id, now)


def authenticate(
    sessions: Sessions, token: str, now: datetime, request_id: str = "", *, is_use: bool = True
) -> ResidentPrincipal:
    """Recognise a session by its token. Reads only, but for noting once a minute that the session is in use.

    Args:
        sessions: opens transactions.
        token: of the session.
        now: when.
        request_id: for the audit.
        is_use: somebody asks; not a page that looks again by itself, which must not keep an unwatched session open.

    Raises:
        ResidentSessionEnded: unknown, signed out, idle for 15 minutes, 12 hours old, or the password was changed.
    """
    token_hash = hash_token(token)
    with reading(sessions) as session:
        row = session.execute(
            select(ResidentSession, Resident.person_id)
            .join(Resident, Resident.id == ResidentSession.resident_id)
            .where(ResidentSession.token_hash == token_hash)
        ).one_or_none()
        session.expunge_all()
    if row is None:
        raise ResidentSessionEnded("there is no such session, or it has ended")
    found, person_id = row
    expires_at = found.started_at + ABSOLUTE_LIFE
    if found.ended_at is not None or now >= expires_at or now - found.seen_at >= IDLE_LIFE:
        raise ResidentSessionEnded("there is no such session, or it has ended")
    if is_use and now - found.seen_at >= TOUCH_AFTER:
        with transaction(sessions) as session:
            session.execute(
                update(ResidentSession)
                .where(ResidentSession.token_hash == token_hash, ResidentSession.seen_at < now)
                .values(seen_at=now)
            )
    actor = Actor("resident", found.resident_id, person_id, ROLE, request_id=request_id)
    return ResidentPrincipal(found.resident_id, person_id, actor, expires_at)


def sign_out(sessions: Sessions, token: str, now: datetime) -> None:
    """End a session. Ending one that has ended already changes nothing."""
    with transaction(sessions) as session:
        session.execute(
            update(ResidentSession)
            .where(ResidentSession.token_hash == hash_token(token), ResidentSession.ended_at.is_(None))
            .values(ended_at=now)
        )


def change_password(  # noqa: PLR0913, PLR0917 # what a change of password stands on, and the instant
    sessions: Sessions, passwords: Passwords, token: str, old: str, new: str, now: datetime
) -> None:
    """Give oneself another password. Every session ends, this one too; a wrong old password counts like a failed sign-in.

    Raises:
        ResidentSessionEnded: no such session any more.
        PasswordUnfit: the new one cannot be used; nothing was counted.
        ResidentSignInRefused: the old password is wrong, or the login is locked.
    """
    who = authenticate(sessions, token, now)
    with reading(sessions) as session:
        login = session.scalars(select(Resident.login).where(Resident.id == who.resident_id)).one()
    check_password(new, login)
    attempt = _count_attempt(sessions, Resident.id == who.resident_id, now)
    right = passwords.matches(attempt.password_hash if attempt else None, old)
    if attempt is None or not right:
        raise ResidentSignInRefused("the old password is wrong")
    password_hash = passwords.hash(new)
    with transaction(sessions) as session:
        _accept(session, attempt, password_hash)
        _end_sessions(session, who.resident_id, now)
        audit.record(session, who.actor, "resident.change_password", who.resident_id, now=now)


def _typed(login: str) -> str:
    """The login that somebody means; empty, which nobody has, for what cannot be one."""
    meant = login.strip().lower()
    return meant if LOGIN_FORM.fullmatch(meant) else ""


def _check_login(login: str) -> None:
    if not LOGIN_FORM.fullmatch(login) or audit.ID_NUMBER_OR_MOBILE.search(login):
        raise LoginUnfit(
            "a login has 3 to 32 small letters, digits or ._-, begins with a letter and holds no person's number",
            field="login",
        )


def _given_login(
    session: Session, holder: Holder, login: str, password_hash: str, now: datetime
) -> tuple[Resident, str]:
    # Two cards of one person at once take turns here, so that they end as one login.
    session.scalars(select(Person.id).where(Person.id == holder.person_id).with_for_update(key_share=True)).one()
    taken = ResidentLoginTaken("another resident has this login", login=login)
    owner = session.scalar(select(Resident.person_id).where(Resident.login == login))
    if owner not in {None, holder.person_id}:
        raise taken
    resident = session.scalar(
        select(Resident).where(Resident.person_id == holder.person_id), execution_options={"populate_existing": True}
    )
    act = "resident.reset" if resident else "resident.register"
    if resident is None:
        resident = Resident(id=new_id("res"), person_id=holder.person_id, registered_at=now)
        session.add(resident)
    resident.login = login
    resident.password_hash = password_hash
    resident.failed_count = 0
    resident.locked_until = None
    flush_unique(session, taken)
    return resident, act


def _count_attempt(sessions: Sessions, which: ColumnElement[bool], now: datetime) -> _Attempt | None:
    with transaction(sessions) as session:
        resident = session.scalar(select(Resident).where(which).with_for_update())
        if resident is None or (resident.locked_until is not None and resident.locked_until > now):
            return None
        if resident.locked_until is not None:
            resident.locked_until = None
            resident.failed_count = 0
        resident.failed_count += 1
        if resident.failed_count >= MAX_FAILURES:
            resident.locked_until = now + LOCK_TIME
            audit.record(session, _actor(resident.id, resident.person_id), "resident.lock", resident.id, now=now)
        return _Attempt(resident.id, resident.person_id, resident.password_hash)


def _accept(session: Session, attempt: _Attempt, password_hash: str) -> None:
    # A password that was changed while this one was compared is good for nothing.
    taken = session.scalars(
        update(Resident)
        .where(Resident.id == attempt.resident_id, Resident.password_hash == attempt.password_hash)
        .values(failed_count=0, locked_until=None, password_hash=password_hash)
        .returning(Resident.id)
    ).one_or_none()
    if taken is None:
        raise ResidentSignInRefused("the login or the password is wrong")


def _open_session(session: Session, resident_id: str, person_id: str, now: datetime) -> SignedInResident:
    token = new_token()
    session.add(ResidentSession(token_hash=hash_token(token), resident_id=resident_id, started_at=now, seen_at=now))
    return SignedInResident(resident_id, person_id, token, now + ABSOLUTE_LIFE)


def _end_sessions(session: Session, resident_id: str, now: datetime) -> None:
    session.execute(
        update(ResidentSession)
        .where(ResidentSession.resident_id == resident_id, ResidentSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def _actor(resident_id: str, person_id: str) -> Actor:
    return Actor("resident", resident_id, person_id, ROLE)
