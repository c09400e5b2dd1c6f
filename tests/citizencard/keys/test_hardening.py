"""Processes that see keys."""

import subprocess
import sys

import pytest

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
