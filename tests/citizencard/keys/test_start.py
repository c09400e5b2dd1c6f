"""A server process that opens its vault unattended."""

import subprocess
import sys
from pathlib import Path

from tests.citizencard.keys.make_vault import PASSPHRASE, random_vault

# A process of its own, since opening hardens the process for good.
OPENING = """
import os, sys
from citizencard.config import Settings
from citizencard.errors import CitizencardError
from citizencard.keys.start import open_vault
try:
    vault = open_vault(Settings.from_env(os.environ))
    import resource
    print(vault.realm, resource.getrlimit(resource.RLIMIT_CORE))
except CitizencardError as refusal:
    print(refusal.code)
"""


def _open(folder: Path, realm: str) -> str:
    environ = {
        "PYTHONPATH": ":".join(sys.path),
        "CITIZENCARD_DATABASE_URL": "sqlite:///unused.db",
        "CITIZENCARD_VAULT_FILE": str(folder / "random.vault"),
        "CITIZENCARD_VAULT_PASSPHRASE_FILE": str(folder / "passphrase"),
        "CITIZENCARD_REALM": realm,
    }
    done = subprocess.run(
        [sys.executable, "-c", OPENING], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_server_opens_its_vault_hardened(tmp_path: Path) -> None:
    """A server starts by itself with its passphrase file, protected against dumps, in its own realm only."""
    random_vault(tmp_path)
    assert _open(tmp_path, "test") == "vault_missing"
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")
    (tmp_path / "passphrase").chmod(0o644)
    assert _open(tmp_path, "test") == "vault_exposed"
    (tmp_path / "passphrase").chmod(0o600)
    assert _open(tmp_path, "test") == "test (0, 0)"
    assert _open(tmp_path, "production") == "realm_refused"
