"""`citizencard staff …`."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from citizencard.audit import AuditEntry
from citizencard.clock import now as present
from citizencard.db import make_engine, make_sessions, reading
from citizencard.keys.vault import SoftwareVault
from citizencard.staff.errors import SignInRefused
from citizencard.staff.flow import activate, sign_in
from tests.citizencard.cli.run_command import Installation
from tests.citizencard.staff.make_staff import PASSWORD, credentials, login_secrets, make_active_staff


def test_lost_authenticator_is_replaced(
    tmp_path: Path, database: str, clone_database: Callable[[str], str], vault: SoftwareVault, now: datetime
) -> None:
    """The administrator of the machine gives a clerk a new one-time token; the old password is dead, and it is on record."""
    url = clone_database(database)
    engine = make_engine(url)
    sessions = make_sessions(engine)
    old = make_active_staff(sessions, vault, now)
    done = Installation(tmp_path, url).run("staff", "reset", "--login", old.login, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    with pytest.raises(SignInRefused):
        sign_in(sessions, login_secrets(vault), credentials(old, now), now)
    assert activate(sessions, login_secrets(vault), answer["one_time_token"], PASSWORD, present()).login == old.login
    with reading(sessions) as session:
        actors = session.scalars(select(AuditEntry.actor_id).where(AuditEntry.act == "staff.reset")).all()
    assert actors == ["cli:staff-reset"]
    engine.dispose()


def test_unknown_login_is_said_in_one_sentence(tmp_path: Path, clone_database: Callable[[str], str]) -> None:
    """A mistyped login changes nothing."""
    refused = Installation(tmp_path, clone_database("sqlite")).run("staff", "reset", "--login", "nobody")
    assert refused.returncode == 1
    assert refused.stderr == ("Error: There is no such staff member: there is no such login, or it is disabled\n")
