"""The commands of backup and restoration, as an administrator runs them."""

import itertools
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from citizencard.audit import Actor
from citizencard.cli import main
from citizencard.cli.backups.manifest import digest_of
from citizencard.clock import now
from citizencard.db import make_engine, make_sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.migrations.grants import APP, MIGRATOR
from citizencard.people.models import Person
from citizencard.people.registry import NewPerson, register, seal, unsealed
from ledger import prove, trial_balance
from tests import postgres
from tests.citizencard.cli.run_command import PASSPHRASE, Installation
from tests.citizencard.keys.make_vault import random_vault
from tests.citizencard.settlement.make import begin, day_of_rides
from tests.empty_places import new_database

NUMBER = "11010519491231002X"
"""GB 11643-1999's own sample."""
NAMES = itertools.count()


@dataclass
class Town:
    """A small city with a backup, and empty places to restore it into.

    Args:
        kind: of its database.
        home: its settings.
        folder: of the backup.
        port: of the tests' PostgreSQL.
    """

    kind: str
    home: Installation
    folder: Path
    port: int
    person_id: str

    @property
    def database(self) -> Path:
        """The part with the database."""
        return self.folder / "database"

    @property
    def vault(self) -> Path:
        """The part with the vault."""
        return self.folder / "vault"

    @property
    def dump(self) -> Path:
        """The file in it."""
        return self.database / ("city.sqlite" if self.kind == "sqlite" else "city.pgdump")

    def empty_place(self) -> tuple[str, Path]:
        """Address of an empty database, and a place for a vault."""
        name = f"restored_{os.getpid()}_{next(NAMES)}"
        place = self.folder.parent / name
        place.mkdir()
        if self.kind == "sqlite":
            return f"sqlite:///{place / 'city.db'}", place / "vault.json"
        return new_database(self.port, name), place / "vault.json"

    def restore(self, url: str, vault_file: Path, *more: str) -> tuple[int, str, str]:
        """Run the command; exit code and both outputs."""
        places = more or (str(self.folder),)
        done = self.home.run("backup", "restore", *places, "--database", url, "--vault-file", str(vault_file))
        return done.returncode, done.stdout, done.stderr

    def refused(self, *more: str) -> str:
        """What is said when a restoration is refused; both places are as empty as before."""
        url, vault_file = self.empty_place()
        code, said, error = self.restore(url, vault_file, *more)
        assert (code, said) == (1, "")
        assert error.count("\n") == 1
        assert list(vault_file.parent.iterdir()) == []
        assert self.restore_is_possible(url)
        return error

    def restore_is_possible(self, url: str) -> bool:
        """Whether the database is still empty."""
        if self.kind == "sqlite":
            return True
        engine = make_engine(url)
        with engine.connect() as connection:
            tables = connection.exec_driver_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").scalar()
        engine.dispose()
        return tables == 0


TOWNS: dict[str, Town] = {}


@pytest.fixture
def make_town(
    tmp_path: Path,
    clone_database: Callable[[str], str],
    postgres_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Town]:
    """Cities with a day of money, one resident, and a backup of both parts; the test has a copy of the backup to itself."""

    def make(kind: str) -> Town:
        if kind not in TOWNS:
            TOWNS[kind] = _found(tmp_path_factory.mktemp("town"), kind, clone_database(kind), postgres_port)
        return replace(TOWNS[kind], folder=shutil.copytree(TOWNS[kind].folder, tmp_path / "backup"))

    return make


@pytest.fixture
def town(make_town: Callable[[str], Town], database: str) -> Town:
    """On each of the two databases."""
    return make_town(database)


@pytest.fixture
def village(make_town: Callable[[str], Town]) -> Town:
    """On SQLite, for what does not depend on the database."""
    return make_town("sqlite")


def _found(folder: Path, kind: str, url: str, port: int) -> Town:
    home = Installation(folder, url)
    vault = random_vault(folder, name="vault.json")
    engine = make_engine(url)
    with transaction(make_sessions(engine)) as session:
        day_of_rides(session, begin(session, now()), now())
        sealed = seal(vault, NewPerson(NUMBER, "张示例", "13000000103"), now().date())
        person = register(session, sealed, Actor("system", "test"), now())
    engine.dispose()
    made = home.run("backup", "create", "--to", str(folder / "backup"))
    assert (made.returncode, made.stderr) == (0, ""), made.stderr
    assert "passphrase is in neither part" in made.stdout
    return Town(kind, home, folder / "backup", port, person.id)


def manifest_of(part: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((part / "manifest.json").read_text())
    return found


def rewrite(part: Path, **changes: object) -> None:
    (part / "manifest.json").write_text(json.dumps({**manifest_of(part), **changes}))


def flip(path: Path, place: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= 0x01
    path.write_bytes(raw)


def test_city_comes_back_from_its_two_parts(town: Town) -> None:
    """From nothing but the two parts and the passphrase: the same books, proved; the resident's name readable again."""
    checked = town.home.run("backup", "check", str(town.folder))
    assert (checked.returncode, checked.stderr) == (0, "")
    url, vault_file = town.empty_place()
    code, said, error = town.restore(url, vault_file)
    assert (code, error) == (0, "")
    assert "6 transfers" in said
    assert "the books are proved" in said
    assert "3 values" in said
    assert vault_file.stat().st_mode & 0o777 == 0o600
    books, restored = books_of(town.home.environ["CITIZENCARD_DATABASE_URL"]), books_of(url)
    assert restored == books
    engine = make_engine(url)
    with reading(make_sessions(engine)) as session:
        person = session.get_one(Person, town.person_id)
        assert unsealed(SoftwareVault.open(vault_file, PASSPHRASE), person).name == "张示例"
    engine.dispose()


def books_of(url: str) -> object:
    engine = make_engine(url)
    with reading(make_sessions(engine)) as session:
        proof = prove(session)
        found = proof.proved, proof.transfers, trial_balance(session)
    engine.dispose()
    return found


def test_restored_database_has_its_roles_rights_and_owner(make_town: Callable[[str], Town]) -> None:
    """After a restoration the server may work and may not rewrite history, whether the owner restored or the administrator."""
    town = make_town("postgresql")
    for user in (MIGRATOR, postgres.SUPERUSER):
        url, vault_file = town.empty_place()
        code, _, error = town.restore(url.replace(f"{MIGRATOR}@", f"{user}@"), vault_file)
        assert (code, error) == (0, "")
        engine = make_engine(url.replace(f"{MIGRATOR}@", f"{APP}@"))
        with engine.connect() as connection:
            rights = connection.exec_driver_sql(
                "SELECT has_table_privilege('ledger_transfer', 'INSERT'), has_table_privilege('ledger_transfer', 'UPDATE'),"
                " has_table_privilege('citizencard_auditor', 'ledger_transfer', 'SELECT'),"
                " (SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname = 'public')"
            ).one()
        engine.dispose()
        assert tuple(rights) == (True, False, True, MIGRATOR)
        served = Installation(vault_file.parent, url.replace(f"{MIGRATOR}@", f"{APP}@"))
        assert served.run("ledger", "prove").returncode == 0


def test_parts_go_to_two_hands_and_name_each_other_only_by_digest(town: Town, tmp_path: Path) -> None:
    """Neither hand can read the other's part, no file holds the passphrase, and nobody else may read any of them."""
    hands = tmp_path / "usb-1" / "tuesday", tmp_path / "usb-2" / "tuesday"
    made = town.home.run("backup", "create", "--database-to", str(hands[0]), "--vault-to", str(hands[1]))
    assert (made.returncode, made.stderr) == (0, "")
    database, vault = (manifest_of(hand) for hand in hands)
    assert (database["part"], vault["part"]) == ("database", "vault")
    assert database["other_sha256"] == vault["sha256"] == digest_of(hands[1] / "vault.json")
    assert vault["other_sha256"] == database["sha256"] == digest_of(hands[0] / town.dump.name)
    assert database["rows"]["person"] == 1
    assert database["transfers"] == database["rows"]["ledger_transfer"] == 6
    files = [path for hand in hands for path in hand.rglob("*")]
    assert len(files) == 4
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600
        assert PASSPHRASE.encode() not in path.read_bytes()
    assert all(hand.stat().st_mode & 0o777 == 0o700 for hand in hands)
    sealed = json.loads((hands[1] / "vault.json").read_text())["keys"][0]["ciphertext"]
    assert sealed.encode() not in (hands[0] / town.dump.name).read_bytes()
    url, vault_file = town.empty_place()
    assert town.restore(url, vault_file, *map(str, hands))[0] == 0


@pytest.mark.parametrize("place", [4_000, -1])
def test_altered_byte_is_refused(town: Town, place: int) -> None:
    """One byte of the database's part, wherever it is: refused before anything is touched, by `check` as well."""
    flip(town.dump, place)
    assert "altered" in town.refused()
    assert town.home.run("backup", "check", str(town.folder)).returncode == 1


def test_who_rewrites_part_and_manifest_is_found_by_the_other_hand(village: Town) -> None:
    """A forger with one part alone makes a consistent one of it; the part in the other hand names what it really was."""
    with sqlite3.connect(village.dump) as forged:
        forged.execute("UPDATE merchant SET name = 'Somebody else'")
    forged.close()
    rewrite(village.database, sha256=digest_of(village.dump), size_bytes=village.dump.stat().st_size)
    assert village.home.run("backup", "check", str(village.database)).returncode == 0
    assert "not made together" in village.refused()


def test_books_that_do_not_balance_are_not_put_in_place(village: Town) -> None:
    """Even where every digest was forged: a balance that its transfers do not explain ends the restoration, and nothing is left."""
    with sqlite3.connect(village.dump) as forged:
        forged.execute("UPDATE ledger_account SET posted_debits_fen = posted_debits_fen + 1 WHERE code = 'till:1'")
    forged.close()
    digest = digest_of(village.dump)
    rewrite(village.database, sha256=digest, size_bytes=village.dump.stat().st_size)
    rewrite(village.vault, other_sha256=digest)
    assert "trial balance" in village.refused()


def test_vault_of_another_city_is_refused_in_one_sentence(town: Town, tmp_path: Path) -> None:
    """Its keys would make every name unreadable and every card dead: said before anything is touched, even of parts made apart."""
    (tmp_path / "other").mkdir()
    random_vault(tmp_path / "other", name="vault.json")
    shutil.copy(tmp_path / "other" / "vault.json", town.vault / "vault.json")
    document = json.loads((town.vault / "vault.json").read_text())
    rewrite(
        town.vault,
        sha256=digest_of(town.vault / "vault.json"),
        size_bytes=(town.vault / "vault.json").stat().st_size,
        keys={key["id"]: key["check_value"] for key in document["keys"]},
    )
    for more in ((str(town.folder),), (str(town.folder), "--apart")):
        assert "The vault is not the one of this database" in town.refused(*more)


def test_parts_of_two_nights_are_joined_only_by_request(village: Town, tmp_path: Path) -> None:
    """The vault's holder has an older copy: the keys decide whether it serves, and only when the administrator says so."""
    later = tmp_path / "later"
    assert village.home.run("backup", "create", "--to", str(later)).returncode == 0
    mixed = str(later / "database"), str(village.vault)
    assert "not made together" in village.refused(*mixed)
    url, vault_file = village.empty_place()
    code, _, error = village.restore(url, vault_file, *mixed, "--apart")
    assert (code, error) == (0, "")


def test_backup_of_a_newer_version_is_refused(village: Town) -> None:
    """An old program does not guess what a newer one meant."""
    rewrite(village.database, revision="9999_future")
    assert "newer version" in village.refused()


def test_nothing_is_restored_over_something(town: Town) -> None:
    """A living city is never overwritten, neither its database nor its vault."""
    url, vault_file = town.empty_place()
    living = town.home.environ["CITIZENCARD_DATABASE_URL"].replace(f"{APP}@", f"{MIGRATOR}@")
    code, _, error = town.restore(living, vault_file)
    assert code == 1
    assert "not empty" in error
    code, _, error = town.restore(url, town.home.vault_file)
    assert code == 1
    assert "not empty" in error
    assert books_of(town.home.environ["CITIZENCARD_DATABASE_URL"])


def test_wrong_passphrase_touches_nothing(village: Town, tmp_path: Path) -> None:
    """Without the third hand there is no city."""
    wrong = tmp_path / "wrong"
    wrong.write_text("another passphrase")
    wrong.chmod(0o600)
    assert "passphrase does not open" in village.refused(str(village.folder), "--passphrase-file", str(wrong))


def test_backup_with_another_citys_vault_is_not_made(village: Town, tmp_path: Path) -> None:
    """A backup of two things that do not belong together would be found out on the worst day; it is found out on the first."""
    mixed = Installation(tmp_path, village.home.environ["CITIZENCARD_DATABASE_URL"])
    random_vault(tmp_path, name="vault.json")
    refused = mixed.run("backup", "create", "--to", str(tmp_path / "again"))
    assert refused.returncode == 1
    assert "does not open what is encrypted" in refused.stderr
    assert list((tmp_path / "again").iterdir()) == []


def test_place_that_is_taken_is_not_written_to(village: Town) -> None:
    """Yesterday's backup is not lost to today's."""
    before = {path: digest_of(path) for path in village.folder.rglob("*") if path.is_file()}
    refused = village.home.run("backup", "create", "--to", str(village.folder))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert {path: digest_of(path) for path in village.folder.rglob("*") if path.is_file()} == before


def test_wrong_use_is_status_two(village: Town) -> None:
    """Scripts tell a slip of the pen from a refusal."""
    for arguments in (
        ("create",),
        ("create", "--to", "x", "--database-to", "x/vault"),
        ("check",),
        ("check", str(village.folder / "nowhere")),
    ):
        assert CliRunner().invoke(main, ["backup", *arguments]).exit_code == 2, arguments
    assert village.home.run("backup", "check", str(village.folder.parent)).returncode == 1


def test_password_of_the_database_is_in_no_argument(
    tmp_path: Path, clone_database: Callable[[str], str], postgres_port: int
) -> None:
    """Whoever lists the processes of the machine sees no password, and who lacks `pg_dump` is told the package."""
    url = clone_database("postgresql").replace(f"{APP}@", f"{APP}:a-secret-password@")
    programs = tmp_path / "programs"
    programs.mkdir()
    spy = programs / "pg_dump"
    spy.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/arguments\nexec /usr/bin/pg_dump "$@"\n')
    spy.chmod(0o755)
    home = Installation(tmp_path, url)
    random_vault(tmp_path, name="vault.json")
    home.environ["PATH"] = f"{programs}:/usr/bin:/bin"
    made = home.run("backup", "create", "--to", str(tmp_path / "backup"))
    assert (made.returncode, made.stderr) == (0, "")
    arguments = (tmp_path / "arguments").read_text()
    assert "--snapshot=" in arguments
    assert f"port={postgres_port}" in arguments
    assert "a-secret-password" not in arguments + (tmp_path / "backup" / "database" / "manifest.json").read_text()
