"""Who may do what."""

from datetime import datetime, timedelta
from itertools import combinations

import pytest

from citizencard.audit import Actor
from citizencard.staff.errors import FreshCodeNeeded, PermissionDenied, RolesExcluded, RoleUnfit
from citizencard.staff.permissions import (
    EXCLUDED_PAIRS,
    GRANTS,
    STAFF_ROLES,
    Permission,
    Principal,
    Role,
    check_roles,
    require,
    require_fresh_code,
)

ACTOR = Actor("staff", "stf_1", "P-0001")


def principal(*roles: Role, outlet_id: str | None = None, code_at: datetime | None = None) -> Principal:
    return Principal(ACTOR, frozenset(roles), outlet_id, code_at)


def test_every_permission_is_somebodys_and_none_is_everybodys() -> None:
    """The table has a row for each permission; nothing is granted by being forgotten."""
    assert set(GRANTS) == set(Permission)
    for permission, roles in GRANTS.items():
        assert roles, permission
        assert roles != frozenset(Role), permission


def test_roles_do_what_the_table_says_and_nothing_else() -> None:
    """For each role and permission the answer is the table's; no role at all may do nothing."""
    for permission in Permission:
        with pytest.raises(PermissionDenied):
            require(principal(), permission)
        for role in Role:
            if role in GRANTS[permission]:
                assert require(principal(role), permission).role == role
            else:
                with pytest.raises(PermissionDenied) as refusal:
                    require(principal(role), permission)
                assert refusal.value.public_fields() == {"permission": permission}


def test_outside_parties_hold_no_right_of_staff() -> None:
    """Residents and merchants get their rights by their own faces; a terminal may only speak for itself."""
    for permission, roles in GRANTS.items():
        if roles & {Role.RESIDENT, Role.MERCHANT, Role.TERMINAL}:
            assert permission.startswith("terminal."), permission
            assert roles == {Role.TERMINAL}


def test_no_money_role_makes_logins() -> None:
    """Whoever makes logins can touch neither money nor people nor keys, so that he cannot be his own second pair of eyes."""
    granted = {permission for permission, roles in GRANTS.items() if Role.SECURITY_ADMIN in roles}
    assert granted == {Permission.STAFF_MANAGE, Permission.APPROVALS_READ, Permission.TARIFFS_READ}


def test_clerk_of_one_outlet_does_not_touch_anothers_till() -> None:
    """A clerk works at his own outlet; the head office is bound to none."""
    clerk = principal(Role.CLERK, outlet_id="out_a")
    assert require(clerk, Permission.LOADS_TAKE, outlet_id="out_a")
    with pytest.raises(PermissionDenied):
        require(clerk, Permission.LOADS_TAKE, outlet_id="out_b")
    assert require(principal(Role.SUPERVISOR), Permission.LOADS_TAKE, outlet_id="out_b")


def test_approving_needs_a_code_of_the_last_five_minutes(now: datetime) -> None:
    """An unlocked screen is not enough to approve."""
    require_fresh_code(principal(code_at=now - timedelta(minutes=5)), now)
    for code_at in (now - timedelta(minutes=5, seconds=1), None):
        with pytest.raises(FreshCodeNeeded):
            require_fresh_code(principal(code_at=code_at), now)


def test_admins_and_auditor_are_three_people() -> None:
    """System admin, security admin and auditor exclude each other, and a key custodian runs no system (三员分立)."""
    triple = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)
    excluded = {frozenset(pair) for pair in combinations(triple, 2)} | {
        frozenset({Role.KEY_CUSTODIAN, Role.SYSTEM_ADMIN})
    }
    assert excluded == EXCLUDED_PAIRS
    for pair in combinations(sorted(STAFF_ROLES), 2):
        if frozenset(pair) in excluded:
            with pytest.raises(RolesExcluded):
                check_roles(pair)
        else:
            check_roles(pair)


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.MERCHANT, Role.TERMINAL])
def test_staff_cannot_be_residents_or_devices(role: Role) -> None:
    """The roles of outside parties are not given to staff."""
    with pytest.raises(RoleUnfit):
        check_roles({role})
