"""Staff for tests: cheap password hashing, and an authenticator."""

from datetime import datetime

import pyotp

from citizencard.audit import Actor
from citizencard.db import Sessions, transaction
from citizencard.keys.hsm import FieldContext
from citizencard.keys.vault import SoftwareVault
from citizencard.staff.flow import Activated, Credentials, LoginSecrets, activate
from citizencard.staff.members import CreatedStaff, NewStaff, create_staff
from citizencard.staff.passwords import Passwords
from citizencard.staff.permissions import Role
from citizencard.staff.totp import SealedInPlace

PASSWORD = "correct horse battery"
CHEAP = Passwords(memory_kib=8, rounds=1)
BOOTSTRAP = Actor("system", "bootstrap")


def login_secrets(vault: SoftwareVault) -> LoginSecrets:
    return LoginSecrets(SealedInPlace(vault, FieldContext), CHEAP)


def make_staff(
    sessions: Sessions,
    now: datetime,
    login: str = "clerk.li",
    person_id: str = "P-0001",
    roles: frozenset[Role] = frozenset({Role.CLERK}),
) -> CreatedStaff:
    with transaction(sessions) as session:
        return create_staff(session, NewStaff(login, "Li", person_id, roles), BOOTSTRAP, now)


def make_active_staff(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Activated:
    created = make_staff(sessions, now)
    return activate(sessions, login_secrets(vault), created.one_time_token, PASSWORD, now)


def credentials(activated: Activated, at: datetime, password: str = PASSWORD) -> Credentials:
    code = pyotp.TOTP(activated.totp_secret).at(at)
    return Credentials(activated.login, password, code, "counter-1")
