"""Making logins and giving roles."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import Actor, AuditEntry
from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.staff.errors import (
    LoginTaken,
    LoginUnfit,
    OneTimeTokenInvalid,
    OutletUnknown,
    OwnRolesRefused,
    RolesExcluded,
    StaffUnknown,
)
from citizencard.staff.flow import activate
from citizencard.staff.members import (
    NewStaff,
    create_staff,
    disable,
    has_administrator,
    reset,
    roles_of,
    set_roles,
)
from citizencard.staff.permissions import Role
from tests.citizencard.staff.make_staff import BOOTSTRAP, PASSWORD, login_secrets, make_active_staff, make_staff

CLERK = frozenset({Role.CLERK})


def new(login: str = "clerk.li", person_id: str = "P-0001", roles: frozenset[Role] = CLERK) -> NewStaff:
    return NewStaff(login, "Li", person_id, roles)


@pytest.mark.parametrize(
    ("staff", "field"),
    [
        (new(login="Li"), "login"),
        (new(login="1li"), "login"),
        (new(login="x" * 33), "login"),
        (NewStaff("clerk.li", " ", "P-1", CLERK), "name"),
        (new(person_id=""), "person_id"),
        (new(person_id="11010519491231002X"), "person_id"),
    ],
)
def test_unusable_login_is_refused(session: Session, now: datetime, staff: NewStaff, field: str) -> None:
    """Logins are plain, and nobody is named by a citizen's number."""
    with pytest.raises(LoginUnfit) as refusal:
        create_staff(session, staff, BOOTSTRAP, now)
    assert refusal.value.public_fields() == {"field": field}


def test_login_is_made_once(session: Session, now: datetime) -> None:
    """Two people never share a login, and nobody works at an outlet that is not there."""
    create_staff(session, new(), BOOTSTRAP, now)
    with pytest.raises(LoginTaken):
        create_staff(session, new(person_id="P-0002"), BOOTSTRAP, now)
    with pytest.raises(OutletUnknown):
        create_staff(session, NewStaff("clerk.wu", "Wu", "P-3", CLERK, "out_nowhere"), BOOTSTRAP, now)


def test_excluded_roles_stay_apart_under_two_logins(session: Session, now: datetime) -> None:
    """One human cannot be auditor with one login and system admin with another, unless the first one is closed."""
    first = create_staff(session, new(roles=frozenset({Role.AUDITOR})), BOOTSTRAP, now)
    admin = new("admin.li", roles=frozenset({Role.SYSTEM_ADMIN}))
    with pytest.raises(RolesExcluded), session.begin_nested():
        create_staff(session, admin, BOOTSTRAP, now)
    disable(session, first.staff_id, BOOTSTRAP, now)
    assert roles_of(session, create_staff(session, admin, BOOTSTRAP, now).staff_id) == {Role.SYSTEM_ADMIN}


def test_excluded_roles_stay_apart_in_a_race(committed: Sessions, now: datetime) -> None:
    """Two administrators who give one human the two halves of an excluded pair at once do not both succeed."""
    roles = (Role.AUDITOR, Role.SYSTEM_ADMIN)

    def attempt(index: int) -> bool:
        staff = new(f"login.{index}", roles=frozenset({roles[index % 2]}))
        try:
            with transaction(committed) as session:
                create_staff(session, staff, BOOTSTRAP, now)
        except RolesExcluded:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(attempt, range(4)))
    assert done in ([True, False, True, False], [False, True, False, True])


def test_nobody_gives_himself_roles(session: Session, now: datetime) -> None:
    """An administrator can neither widen his own login nor make a second one for himself."""
    created = create_staff(session, new("admin.li", roles=frozenset({Role.SECURITY_ADMIN})), BOOTSTRAP, now)
    admin = Actor("staff", created.staff_id, "P-0001", Role.SECURITY_ADMIN)
    with pytest.raises(OwnRolesRefused), session.begin_nested():
        set_roles(session, created.staff_id, frozenset({Role.FINANCE}), admin, now)
    with pytest.raises(OwnRolesRefused), session.begin_nested():
        create_staff(session, new("other.li"), admin, now)
    assert create_staff(session, new("clerk.wu", person_id="P-0002"), admin, now).staff_id


def test_lost_password_is_replaced_by_a_one_time_token(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A reset takes the old password and authenticator away at once, is on record, and its token works once."""
    secrets = login_secrets(vault)
    activated = make_active_staff(sessions, vault, now)
    with transaction(sessions) as session:
        token = reset(session, activated.login, BOOTSTRAP, now).one_time_token
        assert session.scalars(select(AuditEntry.actor_id).where(AuditEntry.act == "staff.reset")).all() == [
            "bootstrap"
        ]
    assert activate(sessions, secrets, token, PASSWORD, now).totp_secret != activated.totp_secret
    with pytest.raises(OneTimeTokenInvalid):
        activate(sessions, secrets, token, PASSWORD, now)


def test_unknown_staff_is_refused(session: Session, now: datetime) -> None:
    """Nothing is done to a login that is not there."""
    with pytest.raises(StaffUnknown):
        reset(session, "nobody", BOOTSTRAP, now)
    with pytest.raises(StaffUnknown):
        set_roles(session, "stf_nobody", CLERK, BOOTSTRAP, now)
    with pytest.raises(StaffUnknown):
        disable(session, "stf_nobody", BOOTSTRAP, now)


def test_city_knows_whether_it_has_an_administrator(sessions: Sessions, now: datetime) -> None:
    """The first administrator is made once; a clerk is not one."""
    make_staff(sessions, now)
    with transaction(sessions) as session:
        assert not has_administrator(session)
        create_staff(session, new("admin", "P-9", frozenset({Role.SECURITY_ADMIN})), BOOTSTRAP, now)
        assert has_administrator(session)
