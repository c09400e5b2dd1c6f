"""Processes that see keys."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import citizencard

# A process of its own: this one must stay debuggable. The child aborts after hardening, as a crash would.
CRASHING = """
import ctypes, os, resource, sys
from citizencard.keys.hardening import harden_process
harden_process()
harden_process()
dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
print(resource.getrlimit(resource.RLIMIT_CORE), dumpable, flush=True)
os.abort()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="non-dumpable processes exist on Linux only")
def test_crash_leaves_no_memory_behind(tmp_path: object) -> None:
    """A server that crashes with keys in its memory writes no core file, and nobody of its own user can attach to it."""
    done = subprocess.run(
        [sys.executable, "-c", CRASHING], cwd=str(tmp_path), env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout == "(0, 0) 0\n", done.stderr
    assert done.returncode == -6


def test_refusal_of_the_system_is_not_ignored() -> None:
    """Where the system does not switch core dumps off, the process does not go on to open a vault."""
    limited = """
import resource
from citizencard.keys import hardening
from citizencard.keys.errors import ProcessNotHardened
def refuse(*_):
    raise ValueError("not allowed")
resource.setrlimit = refuse
try:
    hardening.harden_process()
except ProcessNotHardened as refusal:
    print(refusal.code)
"""
    done = subprocess.run(
        [sys.executable, "-c", limited], env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout == "process_not_hardened\n", done.stderr


COMMAND = """
import atexit, ctypes, resource, sys
def tell():
    print("memory", *resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
atexit.register(tell)
from citizencard.cli import main
sys.argv[1:] = {arguments!r}
main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="non-dumpable processes exist on Linux only")
@pytest.mark.parametrize(
    "arguments",
    [["keys", "list"], ["keys", "make-blank-transport-keys", "--out", "keys", "00" * 8], ["backup", "restore", "."]],
)
def test_commands_that_see_keys_hide_their_memory_first(arguments: list[str], tmp_path: Path) -> None:
    """Before it has read a passphrase, here a missing one, a command of an administrator can be neither dumped nor looked into."""
    environ = {
        "PYTHONPATH": ":".join(sys.path),
        "CITIZENCARD_DATABASE_URL": "sqlite:///none.db",
        "CITIZENCARD_VAULT_FILE": str(tmp_path / "none.vault"),
        "CITIZENCARD_VAULT_PASSPHRASE_FILE": str(tmp_path / "none"),
        "CITIZENCARD_REALM": "test",
    }
    done = subprocess.run(
        [sys.executable, "-c", COMMAND.format(arguments=arguments)],
        cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert done.stdout.splitlines()[-1:] == ["memory 0 0 0"], done.stderr


def test_nobody_opens_keys_but_through_the_door_that_hardens() -> None:
    """Server and commands open keys by `citizencard.keys.start`; the one that cannot, the restore, hardens its process itself."""
    opening = re.compile(r"SoftwareVault\.(open|create)|TokenVault\.(open|create)|token_store\(")
    root = Path(citizencard.__file__).parent.parent
    files = [file for package in ("api", "citizencard") for file in (root / package).rglob("*.py")]
    found = {str(file.relative_to(root)) for file in files if opening.search(file.read_text())}
    assert {name for name in found if not name.startswith("citizencard/keys/")} == {
        "citizencard/cli/backups/restoring.py"
    }
