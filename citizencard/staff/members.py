"""Logins: made, given roles, given a one-time token, taken away. Every change ends the sessions that stood on the old rights."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.audit import Actor
from citizencard.db import is_postgresql, new_id
from citizencard.staff.errors import LoginTaken, LoginUnfit, OutletUnknown, OwnRolesRefused, StaffUnknown
from citizencard.staff.models import NAME_CHARS, Outlet, StaffMember, StaffRole, StaffSession
from citizencard.staff.permissions import Role, check_roles
from citizencard.staff.tokens import hash_token, new_token

ONE_TIME_LIFE: Final = timedelta(hours=24)
LOGIN_FORM: Final = re.compile(r"[a-z][a-z0-9._-]{2,31}")
PERSON_FORM: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
ROLES_LOCK: Final = 0x524F4C4553
"""Roles of one person may stand under several logins, so changes of roles take turns."""


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A login to be made.

    Args:
        login: 3 to 32 characters: small letters, digits, `._-`, a letter first.
        name: as on the badge, 1 to 64 characters.
        person_id: personnel number or a resident's id: names the human, the same for all of that human's logins.
        roles: roles of staff.
        outlet_id: where the person works, or None.
    """

    login: str
    name: str
    person_id: str
    roles: frozenset[Role]
    outlet_id: str | None = None


@dataclass(frozen=True, slots=True)
class CreatedStaff:
    """A login and the one-time token that its owner activates it with, within 24 hours. The token is shown once and never again."""

    staff_id: str
    login: str
    one_time_token: str = field(repr=False)


def create_staff(session: Session, new: NewStaff, actor: Actor, now: datetime) -> CreatedStaff:
    """Make a login that can be activated once with the returned token.

    Raises:
        LoginUnfit: login, name or person is not of the right form; names the field.
        LoginTaken: the login exists.
        OutletUnknown: no such outlet.
        RoleUnfit, RolesExcluded: the roles cannot be held, or not together with those under the person's other logins.
        OwnRolesRefused: the actor would make a second login for himself.
    """
    _check_form(new)
    if session.scalar(select(StaffMember.id).where(StaffMember.login == new.login)):
        raise LoginTaken(f"the login {new.login} is taken", login=new.login)
    if new.outlet_id is not None and session.get(Outlet, new.outlet_id) is None:
        raise OutletUnknown("there is no such outlet")
    member = StaffMember(
        id=new_id("stf"),
        login=new.login,
        name=new.name,
        person_id=new.person_id,
        outlet_id=new.outlet_id,
        totp_step=0,
        failed_count=0,
        created_at=now,
    )
    session.add(member)
    session.flush()
    _give_roles(session, member, new.roles, actor)
    token = _give_token(member, now)
    after = {"roles": sorted(new.roles), "outlet": new.outlet_id, "person": new.person_id}
    audit.record(session, actor, "staff.create", member.id, after=after, now=now)
    return CreatedStaff(member.id, member.login, token)


def reset(session: Session, login: str, actor: Actor, now: datetime) -> CreatedStaff:
    """Take a password and TOTP secret away and give a new one-time token, for somebody who lost them.

    Raises:
        StaffUnknown: no such login, or it is disabled.
    """
    member = session.scalar(select(StaffMember).where(StaffMember.login == login).with_for_update())
    if member is None or member.disabled_at is not None:
        raise StaffUnknown("there is no such login, or it is disabled")
    member.password_hash = None
    member.totp_secret = None
    token = _give_token(member, now)
    end_sessions(session, member.id, now)
    audit.record(session, actor, "staff.reset", member.id, now=now)
    return CreatedStaff(member.id, member.login, token)


def set_roles(session: Session, staff_id: str, roles: frozenset[Role], actor: Actor, now: datetime) -> None:
    """Replace the roles of a staff member and end his sessions.

    Raises:
        StaffUnknown, RoleUnfit, RolesExcluded, OwnRolesRefused: as in `create_staff`.
    """
    member = _member(session, staff_id)
    before = sorted(roles_of(session, staff_id))
    session.execute(delete(StaffRole).where(StaffRole.staff_id == staff_id))
    _give_roles(session, member, roles, actor)
    end_sessions(session, staff_id, now)
    audit.record(session, actor, "staff.set_roles", staff_id, before=before, after=sorted(roles), now=now)


def disable(session: Session, staff_id: str, actor: Actor, now: datetime) -> None:
    """Close a login for good and end its sessions; the row stays, since audit rows point at it.

    Raises:
        StaffUnknown: no such staff member.
    """
    member = _member(session, staff_id)
    member.disabled_at = now
    member.password_hash = None
    member.totp_secret = None
    member.one_time_hash = None
    end_sessions(session, staff_id, now)
    audit.record(session, actor, "staff.disable", staff_id, now=now)


def end_sessions(session: Session, staff_id: str, now: datetime) -> None:
    """End every session of a staff member."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def roles_of(session: Session, staff_id: str) -> frozenset[Role]:
    """The roles that a staff member holds."""
    return frozenset(
        Role(role) for role in session.scalars(select(StaffRole.role).where(StaffRole.staff_id == staff_id))
    )


def has_administrator(session: Session) -> bool:
    """Whether anybody can make logins: a city is bootstrapped once."""
    found = select(StaffRole.staff_id).where(StaffRole.role == Role.SECURITY_ADMIN).limit(1)
    return session.scalar(found) is not None


def _check_form(new: NewStaff) -> None:
    if not LOGIN_FORM.fullmatch(new.login):
        raise LoginUnfit("a login has 3 to 32 small letters, digits or ._- and begins with a letter", field="login")
    if not 1 <= len(new.name.strip()) <= NAME_CHARS:
        raise LoginUnfit(f"a name has 1 to {NAME_CHARS} characters", field="name")
    if not PERSON_FORM.fullmatch(new.person_id) or audit.ID_NUMBER_OR_MOBILE.search(new.person_id):
        raise LoginUnfit(
            "the person is named by a personnel number or an id, never by a citizen's number", field="person_id"
        )


def _member(session: Session, staff_id: str) -> StaffMember:
    member = session.get(StaffMember, staff_id, with_for_update=True)
    if member is None:
        raise StaffUnknown("there is no such staff member")
    return member


def _give_roles(session: Session, member: StaffMember, roles: Iterable[Role], actor: Actor) -> None:
    if actor.kind == "staff" and actor.person_id == member.person_id:
        raise OwnRolesRefused("nobody gives roles to himself")
    if is_postgresql(session):
        session.execute(select(func.pg_advisory_xact_lock(ROLES_LOCK)))
    elsewhere = session.scalars(
        select(StaffRole.role)
        .join(StaffMember, StaffMember.id == StaffRole.staff_id)
        .where(
            StaffMember.person_id == member.person_id,
            StaffMember.id != member.id,
            StaffMember.disabled_at.is_(None),
        )
    )
    wanted = frozenset(roles)
    check_roles(wanted | {Role(role) for role in elsewhere})
    session.add_all(StaffRole(staff_id=member.id, role=str(role)) for role in sorted(wanted))
    session.flush()


def _give_token(member: StaffMember, now: datetime) -> str:
    token = new_token()
    member.one_time_hash = hash_token(token)
    member.one_time_expires_at = now + ONE_TIME_LIFE
    member.failed_count = 0
    member.locked_until = None
    return token
