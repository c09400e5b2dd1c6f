"""Starting the server."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from citizencard.clock import now
from citizencard.db import make_engine
from tests.citizencard.keys.make_vault import PASSPHRASE, random_vault

ROOT = Path(__file__).parent.parent.parent
SCRIPT = """
import api.wsgi, ctypes, json, resource
dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
print("memory", *resource.getrlimit(resource.RLIMIT_CORE), dumpable)
print(json.dumps(api.wsgi.application.test_client().get('/readyz').get_json()))
"""


def start(folder: Path, database_url: str, **more: str) -> subprocess.CompletedProcess[str]:
    passphrase = folder / "passphrase"
    if not passphrase.exists():
        random_vault(folder, name="vault")
        passphrase.write_text(PASSPHRASE)
        passphrase.chmod(0o600)
    environ = {
        **os.environ,
        "CITIZENCARD_DATABASE_URL": database_url,
        "CITIZENCARD_VAULT_FILE": str(folder / "vault"),
        "CITIZENCARD_VAULT_PASSPHRASE_FILE": str(passphrase),
        "CITIZENCARD_REALM": "test",
        **more,
    }
    return subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60
    )


def test_server_starts_on_a_city_that_is_whole(clone_database: Callable[[str], str], tmp_path: Path) -> None:
    """Settings, vault, database and clock in order: the server is ready."""
    done = start(tmp_path, clone_database("sqlite"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"status": "ready"}
    assert "memory 0 0 0" in done.stdout.splitlines(), "whoever serves sees keys: no core dump, no debugger"


def test_server_refuses_to_start_with_wrong_settings(clone_database: Callable[[str], str], tmp_path: Path) -> None:
    """A misspelt setting is told at the start, not found out on the first bus ride."""
    done = start(tmp_path, clone_database("sqlite"), CITIZENCARD_RELAM="test")
    assert done.returncode != 0
    assert "CITIZENCARD_RELAM is not a setting" in done.stderr


def test_server_refuses_to_start_with_a_clock_that_is_behind(
    clone_database: Callable[[str], str], tmp_path: Path
) -> None:
    """A server whose battery died does not book into the past."""
    url = clone_database("sqlite")
    engine = make_engine(url)
    with engine.begin() as connection:
        later = (now() + timedelta(hours=1)).isoformat(timespec="microseconds")
        columns = "recorded_at, actor_kind, actor_id, role, workstation, act, subject, reason, request_id"
        connection.execute(
            text(f"INSERT INTO audit_entry ({columns}) VALUES (:at, 'system', 'x', '', '', 'x', 'x', '', '')"),  # noqa: S608 # constants
            {"at": later},
        )
    engine.dispose()
    done = start(tmp_path, url)
    assert done.returncode != 0
    assert "ClockWrong" in done.stderr
