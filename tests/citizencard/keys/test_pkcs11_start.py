"""A server and an administrator whose settings name a token."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from citizencard.config import Settings, TokenPlace
from citizencard.errors import SettingsInvalid
from citizencard.keys.errors import TokenModuleMissing, VaultMissing
from citizencard.keys.keyring import STORED_ROLES
from citizencard.keys.start import open_vault_file, token_store
from tests.citizencard.keys.softhsm import PIN, SoftHsm

# A process of its own, since opening hardens the process for good; one for all steps, since starting it is what costs.
STEPS = """
import json, os, resource, sys
from click.testing import CliRunner
from citizencard.cli.keys import keys
from citizencard.config import Settings
from citizencard.errors import CitizencardError
from citizencard.keys.start import open_vault
def opened(realm):
    try:
        vault = open_vault(Settings.from_env({**os.environ, "CITIZENCARD_REALM": realm}))
        return [vault.realm, resource.getrlimit(resource.RLIMIT_CORE)]
    except CitizencardError as refusal:
        return refusal.code
def told(*arguments):
    result = CliRunner().invoke(keys, arguments)
    return [result.exit_code, result.output]
making = ("create-vault", "--realm", "test")
steps = [opened("test"), told(*making), opened("test"), told(*making), told("list", "--json"), opened("production")]
steps.append(told("make-blank-transport-keys", "0000000011223344", "--out", sys.argv[1]))
print(json.dumps(steps))
"""


def test_city_begins_in_a_token(softhsm: SoftHsm, tmp_path: Path) -> None:
    """Keys are made in an empty token, listed by check value, and opened by a hardened server of the right realm."""
    environ = {
        "PYTHONPATH": ":".join(sys.path),
        "CITIZENCARD_DATABASE_URL": "sqlite:///unused.db",
        **softhsm.environ(softhsm.token("start")),
    }
    blanks = tmp_path / "blanks"
    done = subprocess.run(
        [sys.executable, "-c", STEPS, str(blanks)], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    empty, made, opened, again, listed, foreign, out = json.loads(done.stdout)
    assert (empty, opened, foreign) == ("token_empty", ["test", [0, 0]], "realm_refused")
    assert made == [0, f"start: {len(STORED_ROLES)} keys, realm test\n"]
    assert again[0] == 1
    assert "holds a city's keys already" in again[1]
    assert {row["role"] for row in json.loads(listed[1])["keys"]} == {str(role) for role in STORED_ROLES}
    assert out[0] == 0
    assert len(json.loads(blanks.read_text())["blanks"][0]["transport_key"]) == 32
    assert PIN not in done.stdout + done.stderr


def test_settings_of_a_token(softhsm: SoftHsm) -> None:
    """The PIN is named by its file and never stands in a setting; what is missing is said all at once."""
    place = TokenPlace(Path("/opt/maker/p11.so"), "city", Path("/run/credentials/pin"))
    environ = {"CITIZENCARD_DATABASE_URL": "sqlite:///x", **softhsm.environ(place, "production")}
    settings = Settings.from_env(environ)
    assert settings.token == place
    with pytest.raises(VaultMissing, match="token"):
        open_vault_file(settings)
    for name in ("CITIZENCARD_PKCS11_PIN_FILE", "CITIZENCARD_PKCS11_MODULE"):
        del environ[name]
    with pytest.raises(SettingsInvalid) as refused:
        Settings.from_env({**environ, "CITIZENCARD_PKCS11_PIN": "1234"})
    for fault in ("PKCS11_PIN_FILE is missing", "PKCS11_MODULE is missing", "PKCS11_PIN is not a setting"):
        assert fault in str(refused.value)
    with pytest.raises(SettingsInvalid, match="HSM must be"):
        Settings.from_env({**environ, "CITIZENCARD_HSM": "smartcard"})


def test_missing_binding_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names a token without the optional part of the product learns what to install."""
    monkeypatch.setitem(sys.modules, "citizencard.keys.pkcs11.vault", None)
    with pytest.raises(TokenModuleMissing, match=r"citizencard\[hsm\]"):
        token_store(TokenPlace(Path("/x.so"), "x", Path("/pin")), "test")
