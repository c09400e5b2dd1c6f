"""A city's first minute."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from citizencard.audit import Actor, AuditEntry
from citizencard.cli.bootstrap import begin_city
from citizencard.db import Sessions, make_engine, make_sessions, reading
from citizencard.keys.hsm import FieldContext
from citizencard.keys.vault import SoftwareVault
from citizencard.staff.flow import LoginSecrets, activate, authenticate, sign_in
from citizencard.staff.members import NewStaff
from citizencard.staff.models import StaffMember
from citizencard.staff.permissions import Permission, Role, require
from citizencard.staff.totp import SealedInPlace
from ledger import open_day, open_first_day
from ledger.errors import InvalidDay
from tests.citizencard.cli.run_command import PASSPHRASE, Installation
from tests.citizencard.keys.softhsm import SoftHsm
from tests.citizencard.staff.make_staff import CHEAP, PASSWORD, credentials

FIRST = NewStaff("admin", "First administrator", "first-administrator", frozenset({Role.SECURITY_ADMIN}))
ACTOR = Actor("system", "cli:bootstrap")
DAY = date(2026, 11, 21)


def test_first_administrator_signs_in_with_the_printed_token(
    tmp_path: Path, database: str, clone_database: Callable[[str], str], now: datetime
) -> None:
    """One command gives an empty database a vault, a business day and one person who can make logins; again, nothing."""
    url = clone_database(database)
    city = Installation(tmp_path, url)
    done = city.run("bootstrap", "--json", "--login", "chief", "--day", "2026-11-21")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer.keys() == {"already", "login", "one_time_token"}
    again = city.run("bootstrap", "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, {"already": True})
    vault = SoftwareVault.open(city.vault_file, PASSPHRASE, "test")
    engine = make_engine(url)
    sessions = make_sessions(engine)
    with reading(sessions) as session:
        assert open_day(session) == DAY
        created_at = session.scalars(select(StaffMember.created_at)).one()
        assert session.scalars(select(AuditEntry.actor_id)).all() == ["cli:bootstrap"]
    secrets = LoginSecrets(SealedInPlace(vault, FieldContext), CHEAP)
    activated = activate(sessions, secrets, answer["one_time_token"], PASSWORD, created_at)
    token = sign_in(sessions, secrets, credentials(activated, now), now).token
    assert require(authenticate(sessions, token, now), Permission.STAFF_MANAGE)
    engine.dispose()


def test_living_city_without_its_vault_is_not_given_a_new_one(
    tmp_path: Path, clone_database: Callable[[str], str]
) -> None:
    """A lost vault is brought back from its backup; a new one could read nothing and would know no card."""
    city = Installation(tmp_path, clone_database("sqlite"))
    assert city.run("bootstrap").returncode == 0
    city.vault_file.unlink()
    refused = city.run("bootstrap")
    assert refused.returncode == 1
    assert "bring it back from its backup" in refused.stderr
    assert not city.vault_file.exists()


def test_passphrase_that_others_can_read_is_refused(tmp_path: Path, clone_database: Callable[[str], str]) -> None:
    """A vault is not made under a passphrase that lies open, and the city is not begun."""
    city = Installation(tmp_path, clone_database("sqlite"))
    (tmp_path / "passphrase").chmod(0o644)
    refused = city.run("bootstrap", "--json")
    assert refused.returncode == 1
    assert (refused.stdout, city.vault_file.exists()) == ("", False)
    assert PASSPHRASE not in refused.stderr


def test_city_begins_in_a_token_and_is_not_given_another(
    tmp_path: Path, softhsm: SoftHsm, clone_database: Callable[[str], str]
) -> None:
    """With keys in a token the same command fills an empty one; a living city whose token was exchanged is told so."""
    city = Installation(tmp_path, clone_database("sqlite"))
    place = softhsm.token("bootstrap")
    city.environ.update(softhsm.environ(place))
    done = city.run("bootstrap")
    assert done.returncode == 0, done.stderr
    assert not city.vault_file.exists()
    city.environ.update(softhsm.environ(softhsm.token("exchanged")))
    refused = city.run("bootstrap")
    assert refused.returncode == 1
    assert "the key set of the token exchanged is missing" in refused.stderr


def test_city_is_begun_once_by_many_at_once(committed: Sessions, now: datetime) -> None:
    """Four that bootstrap one database at the same moment make one administrator."""

    def attempt(_: int) -> bool:
        return begin_city(committed, FIRST, DAY, ACTOR, now) is not None

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1
    with reading(committed) as session:
        assert session.scalar(select(func.count()).select_from(StaffMember)) == 1


def test_books_begun_by_somebody_else_are_not_taken_over(sessions: Sessions, now: datetime) -> None:
    """A database whose books already run on another day is refused whole: no day, no administrator."""
    with sessions.begin() as session:
        open_first_day(session, date(2026, 1, 1), now=now)
    with pytest.raises(InvalidDay):
        begin_city(sessions, FIRST, DAY, ACTOR, now)
    with reading(sessions) as session:
        assert session.scalar(select(func.count()).select_from(StaffMember)) == 0
