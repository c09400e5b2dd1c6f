"""Running the server's commands as an administrator does: in a process of their own, with settings in the environment."""

import subprocess
import sys
from pathlib import Path

from tests.citizencard.cli.forks import Forks

PASSPHRASE = "a passphrase for tests"


class Installation:
    """A folder with the settings of one city.

    Args:
        folder: for vault and passphrase.
        database_url: its database.
    """

    def __init__(self, folder: Path, database_url: str) -> None:
        passphrase = folder / "passphrase"
        passphrase.write_text(PASSPHRASE)
        passphrase.chmod(0o600)
        self.vault_file = folder / "vault.json"
        self.environ = {
            "PYTHONPATH": ":".join(sys.path),
            "CITIZENCARD_DATABASE_URL": database_url,
            "CITIZENCARD_VAULT_FILE": str(self.vault_file),
            "CITIZENCARD_VAULT_PASSPHRASE_FILE": str(passphrase),
            "CITIZENCARD_REALM": "test",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command; a stack trace is never among what it says."""
        done = Forks.shared().run(arguments, self.environ)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def run_from_the_start(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command as an interpreter of its own that imports everything anew: slow, the same otherwise."""
        done = subprocess.run(
            [sys.executable, "-m", "citizencard", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done
