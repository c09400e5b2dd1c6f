"""One table: which roles may do what. What is not in it is refused."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations
from typing import Final

from citizencard.audit import Actor
from citizencard.staff.errors import FreshCodeNeeded, PermissionDenied, RolesExcluded, RoleUnfit

FRESH_CODE: Final = timedelta(minutes=5)


class Role(StrEnum):
    """Parts that people and devices play."""

    RESIDENT = "resident"
    CLERK = "clerk"
    SUPERVISOR = "supervisor"
    STOCK_KEEPER = "stock_keeper"
    FINANCE = "finance"
    KEY_CUSTODIAN = "key_custodian"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDITOR = "auditor"
    MERCHANT = "merchant"
    TERMINAL = "terminal"


STAFF_ROLES: Final = frozenset(Role) - {Role.RESIDENT, Role.MERCHANT, Role.TERMINAL}

EXCLUDED_PAIRS: Final = frozenset(
    {
        frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}),
        frozenset({Role.SYSTEM_ADMIN, Role.AUDITOR}),
        frozenset({Role.SECURITY_ADMIN, Role.AUDITOR}),
        frozenset({Role.KEY_CUSTODIAN, Role.SYSTEM_ADMIN}),
    }
)
"""No person holds both roles of a pair, not even under two logins."""


class Permission(StrEnum):
    """What can be permitted."""

    STAFF_MANAGE = "staff.manage"
    OUTLETS_MANAGE = "outlets.manage"
    AUDIT_READ = "audit.read"
    APPROVALS_READ = "approvals.read"
    APPROVALS_DECIDE = "approvals.decide"
    PEOPLE_REGISTER = "people.register"
    PEOPLE_READ = "people.read"
    PEOPLE_REVEAL = "people.reveal"
    SOCIAL_SECURITY_LINK = "social_security.link"
    MERCHANTS_MANAGE = "merchants.manage"
    MERCHANTS_READ = "merchants.read"
    MERCHANTS_REVEAL = "merchants.reveal"
    BANK_ACCOUNTS_TAKE_BACK = "bank_accounts.take_back"
    TARIFFS_PROPOSE = "tariffs.propose"
    TARIFFS_READ = "tariffs.read"
    TERMINALS_MANAGE = "terminals.manage"
    TERMINALS_BIND = "terminals.bind"
    DEVICE_LISTS_MANAGE = "device_lists.manage"
    TERMINALS_READ = "terminals.read"
    TERMINALS_DISABLE = "terminals.disable"
    PSAMS_PERSONALISE = "psams.personalise"
    STOCK_RECEIVE = "stock.receive"
    CARDS_APPLY = "cards.apply"
    CARDS_PERSONALISE = "cards.personalise"
    CARDS_ACTIVATE = "cards.activate"
    CARDS_READ = "cards.read"
    CARDS_REPORT_LOSS = "cards.report_loss"
    READER_AGENTS_MANAGE = "reader_agents.manage"
    READER_AGENTS_CONFIRM = "reader_agents.confirm"
    LOADS_TAKE = "loads.take"
    LOADS_READ = "loads.read"
    LOADS_GIVE_BACK = "loads.give_back"
    UNLOADS_TAKE = "unloads.take"
    UNLOADS_READ = "unloads.read"
    UNLOADS_PAY_OUT = "unloads.pay_out"
    ACCOUNTS_OPEN = "accounts.open"
    TOP_UPS_TAKE = "top_ups.take"
    TAPS_READ = "taps.read"
    FINDINGS_READ = "findings.read"
    FINDINGS_DECIDE = "findings.decide"
    LIMITS_RELEASE = "limits.release"
    CARDS_REPLACE = "cards.replace"
    PAYMENTS_READ = "payments.read"
    REFUNDS_PROPOSE = "refunds.propose"
    DAYS_CLOSE = "days.close"
    SETTLEMENT_READ = "settlement.read"
    LEDGER_READ = "ledger.read"
    LEDGER_PROVE = "ledger.prove"
    KEYS_CEREMONY = "keys.ceremony"
    BILLS_MANAGE = "bills.manage"
    BILLS_READ = "bills.read"
    TERMINAL_UPLOAD = "terminal.upload"
    TERMINAL_PARAMETERS = "terminal.parameters"


_COUNTER: Final = frozenset({Role.CLERK, Role.SUPERVISOR})
_BOOKS: Final = frozenset({Role.FINANCE, Role.AUDITOR})

GRANTS: Final[dict[Permission, frozenset[Role]]] = {
    Permission.STAFF_MANAGE: frozenset({Role.SECURITY_ADMIN}),
    Permission.OUTLETS_MANAGE: frozenset({Role.SYSTEM_ADMIN}),
    Permission.AUDIT_READ: frozenset({Role.AUDITOR}),
    Permission.APPROVALS_READ: STAFF_ROLES - {Role.CLERK},
    Permission.APPROVALS_DECIDE: frozenset({Role.SUPERVISOR, Role.FINANCE}),
    Permission.PEOPLE_REGISTER: _COUNTER,
    Permission.PEOPLE_READ: _COUNTER,
    Permission.PEOPLE_REVEAL: frozenset({Role.SUPERVISOR}),
    Permission.SOCIAL_SECURITY_LINK: _COUNTER,
    Permission.MERCHANTS_MANAGE: frozenset({Role.FINANCE}),
    Permission.MERCHANTS_READ: _BOOKS | {Role.SUPERVISOR, Role.STOCK_KEEPER},
    Permission.MERCHANTS_REVEAL: frozenset({Role.FINANCE, Role.SUPERVISOR}),
    Permission.BANK_ACCOUNTS_TAKE_BACK: frozenset({Role.FINANCE, Role.SUPERVISOR}),
    Permission.TARIFFS_PROPOSE: frozenset({Role.FINANCE}),
    Permission.TARIFFS_READ: STAFF_ROLES,
    Permission.TERMINALS_MANAGE: frozenset({Role.STOCK_KEEPER}),
    Permission.TERMINALS_BIND: frozenset({Role.STOCK_KEEPER}),
    Permission.DEVICE_LISTS_MANAGE: frozenset({Role.STOCK_KEEPER, Role.SUPERVISOR}),
    Permission.TERMINALS_READ: _BOOKS | {Role.SUPERVISOR, Role.STOCK_KEEPER},
    Permission.TERMINALS_DISABLE: frozenset({Role.SUPERVISOR, Role.STOCK_KEEPER}),
    Permission.PSAMS_PERSONALISE: frozenset({Role.STOCK_KEEPER, Role.KEY_CUSTODIAN}),
    Permission.STOCK_RECEIVE: frozenset({Role.STOCK_KEEPER}),
    Permission.CARDS_APPLY: _COUNTER,
    Permission.CARDS_PERSONALISE: _COUNTER | {Role.STOCK_KEEPER},
    Permission.CARDS_ACTIVATE: _COUNTER,
    Permission.CARDS_READ: _COUNTER | _BOOKS | {Role.STOCK_KEEPER},
    Permission.CARDS_REPORT_LOSS: _COUNTER,
    Permission.READER_AGENTS_MANAGE: _COUNTER,
    Permission.READER_AGENTS_CONFIRM: frozenset({Role.SUPERVISOR}),
    Permission.LOADS_TAKE: _COUNTER,
    Permission.LOADS_READ: _COUNTER | _BOOKS,
    Permission.LOADS_GIVE_BACK: frozenset({Role.SUPERVISOR}),
    Permission.UNLOADS_TAKE: _COUNTER,
    Permission.UNLOADS_READ: _COUNTER | _BOOKS,
    Permission.UNLOADS_PAY_OUT: frozenset({Role.SUPERVISOR}),
    Permission.ACCOUNTS_OPEN: _COUNTER,
    Permission.TOP_UPS_TAKE: _COUNTER,
    Permission.TAPS_READ: _COUNTER | _BOOKS,
    Permission.FINDINGS_READ: _BOOKS | {Role.SUPERVISOR},
    Permission.FINDINGS_DECIDE: frozenset({Role.FINANCE, Role.SUPERVISOR}),
    Permission.LIMITS_RELEASE: frozenset({Role.FINANCE, Role.SUPERVISOR}),
    Permission.CARDS_REPLACE: _COUNTER,
    Permission.PAYMENTS_READ: _COUNTER | _BOOKS,
    Permission.REFUNDS_PROPOSE: _COUNTER,
    Permission.DAYS_CLOSE: frozenset({Role.FINANCE}),
    Permission.SETTLEMENT_READ: _BOOKS | {Role.SUPERVISOR},
    Permission.LEDGER_READ: _BOOKS,
    Permission.LEDGER_PROVE: _BOOKS,
    Permission.KEYS_CEREMONY: frozenset({Role.KEY_CUSTODIAN}),
    Permission.BILLS_MANAGE: frozenset({Role.FINANCE}),
    Permission.BILLS_READ: _COUNTER | {Role.FINANCE},
    Permission.TERMINAL_UPLOAD: frozenset({Role.TERMINAL}),
    Permission.TERMINAL_PARAMETERS: frozenset({Role.TERMINAL}),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who was recognised, and what is known about the session.

    Args:
        actor: for the audit.
        roles: all roles held.
        outlet_id: where the person works; None means nowhere in particular.
        code_at: when a one-time code was last entered; None for devices.
        expires_at: when the session ends at the latest.
        name: how colleagues call the person, for pages.
    """

    actor: Actor
    roles: frozenset[Role]
    outlet_id: str | None = None
    code_at: datetime | None = None
    expires_at: datetime | None = None
    name: str = field(default="", repr=False)


def require(principal: Principal, permission: Permission, *, outlet_id: str | None = None) -> Actor:
    """Let somebody do something, or refuse.

    Args:
        principal: who asks.
        permission: for what.
        outlet_id: the outlet whose things are touched; somebody who belongs to an outlet may touch those of no other one.

    Returns:
        The actor, in the role that permits it, for the audit.

    Raises:
        PermissionDenied: no role of the principal permits it, or it is another outlet's.
    """
    granting = sorted(principal.roles & GRANTS.get(permission, frozenset()))
    elsewhere = outlet_id is not None and principal.outlet_id is not None and outlet_id != principal.outlet_id
    if not granting or elsewhere:
        raise PermissionDenied(f"{permission} is not permitted here", permission=str(permission))
    return replace(principal.actor, role=str(granting[0]))


def require_fresh_code(principal: Principal, now: datetime) -> None:
    """Refuse unless a one-time code was entered within the last five minutes: for approving, giving money back, revealing, exporting.

    Raises:
        FreshCodeNeeded: it was longer ago.
    """
    if principal.code_at is None or now - principal.code_at > FRESH_CODE:
        seconds = int(FRESH_CODE.total_seconds())
        raise FreshCodeNeeded("enter a new one-time code for this", max_age_s=seconds)


def check_roles(roles: Iterable[Role]) -> None:
    """Refuse roles that staff cannot hold, and pairs that no person may hold together.

    Raises:
        RoleUnfit: a role of residents, merchants or terminals.
        RolesExcluded: names the pair.
    """
    held = frozenset(roles)
    for role in sorted(held - STAFF_ROLES):
        raise RoleUnfit(f"{role} is not a role of staff", role=str(role))
    for pair in combinations(sorted(held), 2):
        if frozenset(pair) in EXCLUDED_PAIRS:
            raise RolesExcluded(f"one person may not be {pair[0]} and {pair[1]}", roles=[str(role) for role in pair])
