"""`citizencard keys …` as an administrator and the demo's card maker use it.

Each command runs in a process of its own, since it hardens its process for good.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from citizencard.keys.hsm import CardKeyHolder, KeyRole
from citizencard.keys.vault import SoftwareVault
from hardware.card import crypto
from tests.citizencard.cli.forks import Forks

PASSPHRASE = "a passphrase for tests"
CHIP = "0000000011223344"


class Desk:
    """A folder with the settings of one installation."""

    def __init__(self, folder: Path, realm: str = "test") -> None:
        self.folder = folder
        self.realm = realm
        self.vault_file = folder / "vault.json"
        passphrase = folder / "passphrase"
        passphrase.write_text(PASSPHRASE)
        passphrase.chmod(0o600)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command."""
        environ = {
            "PYTHONPATH": ":".join(sys.path),
            "CITIZENCARD_DATABASE_URL": "sqlite:///unused.db",
            "CITIZENCARD_VAULT_FILE": str(self.vault_file),
            "CITIZENCARD_VAULT_PASSPHRASE_FILE": str(self.folder / "passphrase"),
            "CITIZENCARD_REALM": self.realm,
        }
        return Forks.shared().run(("keys", *arguments), environ, self.folder)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An installation of the test realm with its vault."""
    desk = Desk(tmp_path)
    made = desk.run("create-vault", "--realm", "test")
    assert made.returncode == 0, made.stderr
    return desk


def test_keys_are_listed_by_check_value(desk: Desk) -> None:
    """A custodian compares the check values with his paper; the list holds nothing that is a key."""
    listed = desk.run("list", "--json")
    rows = json.loads(listed.stdout)["keys"]
    vault = SoftwareVault.open(desk.folder / "vault.json", PASSPHRASE)
    assert [(row["id"], row["check_value"]) for row in rows] == [
        (info.key_id, info.check_value.hex().upper()) for info in vault.inventory()
    ]
    assert {len(row["check_value"]) for row in rows} == {6}
    text = desk.run("list").stdout
    assert all(row["id"] in text and row["check_value"] in text for row in rows)


def test_card_maker_gets_his_transport_keys(desk: Desk) -> None:
    """The demo's card maker makes blanks that the city can open; the file is his alone and is not overwritten."""
    made = desk.run("make-blank-transport-keys", "--out", "blanks.json", CHIP, "00000000AABBCCDD")
    assert made.returncode == 0, made.stderr
    path = desk.folder / "blanks.json"
    assert path.stat().st_mode & 0o777 == 0o600
    content = json.loads(path.read_text())
    assert content["realm"] == "test"
    assert [blank["chip_serial"] for blank in content["blanks"]] == [CHIP, "00000000AABBCCDD"]
    key = bytes.fromhex(content["blanks"][0]["transport_key"])
    vault = SoftwareVault.open(desk.folder / "vault.json", PASSPHRASE)
    holder = CardKeyHolder(bytes.fromhex(CHIP))
    assert vault.authentication(KeyRole.TRANSPORT, holder, bytes(8)) == crypto.triple_des_encrypt(key, bytes(8))
    assert content["blanks"][0]["transport_key"] not in made.stdout + made.stderr
    again = desk.run("make-blank-transport-keys", "--out", "blanks.json", CHIP)
    assert again.returncode == 1
    assert "exists already" in again.stderr


@pytest.mark.parametrize("serial", ["1122", "zz00000011223344", "00000000 11223344", ""])
def test_wrong_chip_serial(desk: Desk, serial: str) -> None:
    """A mistyped chip serial makes no blank that nobody could open."""
    refused = desk.run("make-blank-transport-keys", "--out", "blanks.json", serial)
    assert refused.returncode == 2
    assert not (desk.folder / "blanks.json").exists()


def test_second_founding_is_refused(desk: Desk) -> None:
    """The vault of a living city is never overwritten; the refusal is one line and no traceback."""
    before = (desk.folder / "vault.json").read_bytes()
    refused = desk.run("create-vault", "--realm", "test")
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "exists already" in refused.stderr
    assert (desk.folder / "vault.json").read_bytes() == before


def test_missing_folder(tmp_path: Path) -> None:
    """A wrong path in the settings is a plain refusal."""
    desk = Desk(tmp_path)
    desk.vault_file = tmp_path / "nowhere" / "vault.json"
    refused = desk.run("create-vault", "--realm", "test")
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "does not exist" in refused.stderr


def test_realm_must_be_the_installations(tmp_path: Path) -> None:
    """Nobody makes a test vault in production by mistake, and production blanks come from the card maker only."""
    production = Desk(tmp_path, "production")
    refused = production.run("create-vault", "--realm", "test")
    assert refused.returncode == 1
    assert not (tmp_path / "vault.json").exists()
    assert production.run("create-vault", "--realm", "production").returncode == 0
    blanks = production.run("make-blank-transport-keys", "--out", "blanks.json", CHIP)
    assert blanks.returncode == 1
    assert not (tmp_path / "blanks.json").exists()


def test_missing_keys_are_added_and_nothing_else_changes(desk: Desk) -> None:
    """After an upgrade an administrator runs one command, twice if in doubt."""
    before = desk.run("list", "--json").stdout
    for _ in range(2):
        done = desk.run("add-missing")
        assert done.returncode == 0, done.stderr
        assert "nothing was changed" in done.stdout
    assert desk.run("list", "--json").stdout == before
