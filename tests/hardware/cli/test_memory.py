"""Programs that see keys of cards or devices."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent.parent
STARTED = """
import atexit, ctypes, resource, sys
def tell():
    dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
    print("memory", *resource.getrlimit(resource.RLIMIT_CORE), dumpable)
atexit.register(tell)
import {module}
sys.argv[1:] = {arguments!r}
{module}.{name}()
"""


def started(entry: str, *arguments: str) -> list[str]:
    """What a program, started as its script starts it, says of its memory at its end."""
    module, _, name = entry.partition(":")
    code = STARTED.format(module=module, name=name, arguments=list(arguments))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    return [line for line in done.stdout.splitlines() if line.startswith("memory ")]


@pytest.mark.skipif(sys.platform != "linux", reason="non-dumpable processes exist on Linux only")
def test_programs_that_see_keys_leave_no_memory_behind(tmp_path: Path) -> None:
    """Every script of the house but the server's, which tests of its own look at, hides its memory before it opens anything."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    arguments = {
        "citizencard-card": ("read", str(tmp_path / "nothing.json")),
        "citizencard-terminal": ("--device", str(tmp_path / "nothing"), "outbox"),
        "citizencard-agent": ("run", "--folder", str(tmp_path / "agent"), "--emulate", str(tmp_path)),
    }
    assert set(scripts) == {*arguments, "citizencard"}
    for name, words in arguments.items():
        assert started(scripts[name], *words) == ["memory 0 0 0"], name
