"""`citizencard keys …` as custodians walk through it: people at a terminal, each with a password, a one-time code and an envelope.

One city is founded for all tests of this file; each command runs in a process of its own, at a terminal of its own.
"""

import json
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import Engine, select

from citizencard.audit import Actor
from citizencard.clock import now
from citizencard.custody.models import KeyJournalEntry
from citizencard.custody.record import is_genuine
from citizencard.db import make_engine, make_sessions, reading, transaction
from citizencard.keys.hsm import FieldContext, KeyRole
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.vault_file import KeyState
from citizencard.staff.flow import LoginSecrets, activate
from citizencard.staff.members import NewStaff, create_staff
from citizencard.staff.models import StaffMember
from citizencard.staff.permissions import Role
from citizencard.staff.totp import SealedInPlace
from tests.citizencard.cli.run_command import PASSPHRASE, Installation
from tests.citizencard.cli.terminal import Terminal
from tests.citizencard.keys.make_vault import random_vault
from tests.citizencard.staff.make_staff import CHEAP, PASSWORD

SETUP = Actor("system", "test")


@dataclass
class City:
    """An installation with custodians.

    Args:
        installation: its settings.
        engine: its database.
        codes: of each login: the secret of its authenticator.
    """

    installation: Installation
    engine: Engine
    codes: dict[str, str] = field(default_factory=dict)

    def vault(self) -> SoftwareVault:
        """The vault as it is on the disk."""
        return SoftwareVault.open(self.installation.vault_file, PASSPHRASE, "test")

    def custodian(self, login: str, person: str) -> None:
        """A login of somebody who may hold ceremonies."""
        sessions = make_sessions(self.engine)
        with transaction(sessions) as session:
            new = NewStaff(login, "Custodian", person, frozenset({Role.KEY_CUSTODIAN}))
            token = create_staff(session, new, SETUP, now()).one_time_token
        keys = LoginSecrets(SealedInPlace(self.vault(), FieldContext), CHEAP)
        self.codes[login] = activate(sessions, keys, token, PASSWORD, now()).totp_secret

    def run(self, *arguments: str) -> Terminal:
        """A command at a terminal."""
        return Terminal(self.installation.environ, ("keys", *arguments))

    def sign_in(self, terminal: Terminal, login: str) -> None:
        """Type login, password and the present code; each code is good once, so the counter is set back between commands."""
        terminal.wait_for("login")
        with transaction(make_sessions(self.engine)) as session:
            session.scalars(select(StaffMember).where(StaffMember.login == login)).one().totp_step = 0
        terminal.answer("", login)
        terminal.answer("password", PASSWORD)
        terminal.answer("one-time code", pyotp.TOTP(self.codes[login]).at(now()))
        terminal.wait_for("signed in")

    def stored(self) -> bytes:
        """The database's bytes, through a connection: whoever opens and closes the file itself lets go of SQLite's locks on it."""
        connection = self.engine.raw_connection()
        try:
            driver = connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            return driver.serialize()
        finally:
            connection.close()

    def journal(self) -> list[KeyJournalEntry]:
        """The journal, oldest first."""
        with reading(make_sessions(self.engine)) as session:
            return list(session.scalars(select(KeyJournalEntry).order_by(KeyJournalEntry.id)))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, clone_database: Callable[[str], str]) -> Iterator[City]:
    """A vault, a database and three logins of two people."""
    folder = tmp_path_factory.mktemp("ceremony")
    url = clone_database("sqlite")
    installation = Installation(folder, url)
    random_vault(folder, name=installation.vault_file.name)
    engine = make_engine(url)
    city = City(installation, engine)
    city.custodian("chen", "P-1")
    city.custodian("zhao", "P-2")
    city.custodian("chen.two", "P-1")
    yield city
    engine.dispose()


def test_two_people_bring_a_key(city: City, tmp_path: Path) -> None:
    """Envelopes are drawn, typed without echo, compared with their papers; the key is there, the record signed, nothing shown or kept."""
    papers = []
    for _ in range(2):
        terminal = city.run("component", "load")
        shown = terminal.wait_for("written down")
        component, check_value = re.findall(r": ([0-9A-F ]{6,})\n", shown)
        papers.append((component, check_value))
        terminal.answer("cleared", "")
        assert terminal.end() == 0
        assert "\033[2J" in terminal.shown
    record = tmp_path / "record.txt"
    terminal = city.run("ceremony", "load", "--record", str(record))
    for number, (login, (component, check_value)) in enumerate(zip(("chen", "zhao"), papers, strict=True)):
        city.sign_in(terminal, login)
        if number:
            terminal.answer("component (", component[:-1] + ("1" if component.endswith("0") else "0"))
            terminal.answer("check value on its paper", check_value)
            terminal.wait_for("type it again")
        terminal.answer("component (", component)
        terminal.answer("check value on its paper", check_value)
    terminal.answer("Is it the one on the paper", "y")
    assert terminal.end() == 0, terminal.shown
    expected = SecretKey(
        KeyAlgorithm.TRIPLE_DES,
        bytes(one ^ other for one, other in zip(*(bytes.fromhex(component) for component, _ in papers), strict=True)),
    )
    info = next(info for info in city.vault().inventory() if info.key_id == "load-01-v02")
    assert (info.state, info.check_value) == (KeyState.GENERATED, expected.check_value)
    assert is_genuine(record.read_text(), city.vault().head_signing_key())
    entry = city.journal()[-1]
    assert (entry.act, entry.people) == ("ceremony", ["P-1", "P-2"])
    stored = city.installation.vault_file.read_text() + record.read_text() + json.dumps([entry.detail, entry.reason])
    database = city.stored()
    for component, _ in papers:
        digits = component.replace(" ", "")
        for text in (terminal.shown.replace(" ", ""), stored):
            assert digits not in text.upper()
        assert bytes.fromhex(digits) not in database
        assert digits.encode() not in database.upper()
    assert PASSWORD not in terminal.shown


@pytest.mark.parametrize("how", ["same person", "interrupt", "no"])
def test_a_broken_ceremony_leaves_nothing(city: City, how: str) -> None:
    """One human with two logins, Ctrl-C in the middle, a no at the end: the vault is as before, to the byte, and no traceback is shown."""
    before, entries = city.installation.vault_file.read_bytes(), len(city.journal())
    component = SecretKey(KeyAlgorithm.AES_256, secrets.token_bytes(32))
    terminal = city.run("ceremony", "personal_data")
    city.sign_in(terminal, "chen")
    terminal.answer("component (", component.reveal().hex())
    terminal.answer("check value on its paper", component.check_value.hex())
    if how == "interrupt":
        terminal.wait_for("login")
        terminal.interrupt()
    elif how == "same person":
        city.sign_in(terminal, "chen.two")
    else:
        other = SecretKey(KeyAlgorithm.AES_256, secrets.token_bytes(32))
        city.sign_in(terminal, "zhao")
        terminal.answer("component (", other.reveal().hex())
        terminal.answer("check value on its paper", other.check_value.hex())
        terminal.answer("Is it the one on the paper", "n")
    assert terminal.end() == 1
    assert "Traceback" not in terminal.shown
    assert component.reveal().hex() not in terminal.shown
    assert city.installation.vault_file.read_bytes() == before
    assert len(city.journal()) == entries


def test_shares_bring_the_vault_back(city: City, tmp_path: Path) -> None:
    """The passphrase is lost: two of three holders type their papers, and the vault's copy opens under a new one."""
    city.custodian("qian", "P-3")
    terminal = city.run("shares", "--split", "2/3", "--record", str(tmp_path / "shares.txt"))
    for login in ("chen", "zhao"):
        city.sign_in(terminal, login)
    papers = []
    for login in ("qian", "zhao", "chen"):
        city.sign_in(terminal, login)
        papers.append(re.findall(r"share \d: ([0-9A-F ]+)\n", terminal.wait_for("written down"))[0])
        terminal.answer("cleared", "")
    assert terminal.end() == 0, terminal.shown
    record = (tmp_path / "shares.txt").read_text()
    assert is_genuine(record, city.vault().head_signing_key())
    assert all(paper not in record for paper in papers)
    assert city.journal()[-1].act == "shares"
    elsewhere = Installation(tmp_path, "sqlite:///none.db")
    elsewhere.vault_file.write_bytes(city.installation.vault_file.read_bytes())
    elsewhere.vault_file.chmod(0o600)
    (tmp_path / "passphrase").write_text("quite another passphrase")
    terminal = Terminal(elsewhere.environ, ("keys", "recover"))
    terminal.answer("share 1", papers[2][:-1])
    terminal.answer("type it again", papers[2].lower())
    terminal.answer("share 2", papers[0])
    assert terminal.end() == 0, terminal.shown
    assert all(paper not in terminal.shown for paper in papers)
    recovered = SoftwareVault.open(elsewhere.vault_file, "quite another passphrase", "test")
    assert recovered.inventory() == city.vault().inventory()
    place = FieldContext("person", "name", "per_1")
    assert recovered.decrypt(place, city.vault().encrypt(place, "张伟")) == "张伟"


def test_key_travels_under_a_transport_key(city: City, tmp_path: Path) -> None:
    """Two people type the transport key's components; the file is not secret, and the same house does not take its own key in."""
    file = tmp_path / "unload.json"
    components = [SecretKey(KeyAlgorithm.AES_256, secrets.token_bytes(32)) for _ in range(2)]
    for arguments, status in (
        (("export", "unload-01-v01", "--out", str(file)), 0),
        (("import", str(file), "--role", "unload"), 1),
    ):
        terminal = city.run(*arguments)
        for login, component in zip(("zhao", "chen"), components, strict=True):
            city.sign_in(terminal, login)
            terminal.answer("component (", component.reveal().hex())
            terminal.answer("check value on its paper", component.check_value.hex())
        terminal.answer("Is it the one on the paper", "y")
        assert terminal.end() == status, terminal.shown
    assert "same check value" in terminal.shown
    assert json.loads(file.read_text())["role"] == KeyRole.UNLOAD
    assert city.journal()[-1].act == "export"


def test_secrets_are_typed_at_a_terminal_only(city: City) -> None:
    """A script that pipes components in would leave them in a file: refused before anything is asked."""
    for arguments in (("component", "load"), ("ceremony", "load"), ("shares",), ("recover",), ("rotate", "load")):
        refused = city.installation.run("keys", *arguments)
        assert refused.returncode == 1
        assert "run it at a terminal" in refused.stderr
