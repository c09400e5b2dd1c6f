"""The first command that a newcomer runs, on machines that lack something."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OLD_PYTHON = 'case "$1" in --version) echo "Python 3.9.2";; *) exit 1;; esac'
Answer = subprocess.CompletedProcess[str]


@pytest.fixture
def set_up(tmp_path: Path) -> Callable[..., Answer]:
    """Run bin/setup in a copy of its own, on a machine whose programs are those given; it never gets as far as a download."""
    checkout, programs = tmp_path / "checkout", tmp_path / "programs"
    (checkout / "bin").mkdir(parents=True)
    programs.mkdir()
    shutil.copy(ROOT / "bin" / "setup", checkout / "bin")
    shutil.copy(ROOT / "requirements-demo.lock", checkout)

    def run(**scripts: str) -> Answer:
        for name, script in scripts.items():
            program = programs / name.replace("_", "-")
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
        return subprocess.run(
            ["/bin/bash", str(checkout / "bin" / "setup")],
            env={"PATH": f"{programs}:/usr/bin:/bin", "BASH_ENV": str(programs / "bash-env")},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return run


def test_who_may_not_install_is_told_what_is_missing_and_why(set_up: Callable[..., Answer]) -> None:
    """Each missing package by name, what it is for, and the one command that somebody with the right has to run."""
    done = set_up(id="echo 1000", sudo="exit 1", python3=OLD_PYTHON)
    assert done.returncode == 1
    assert "  python3-venv: Python's own virtual environments" in done.stderr
    assert done.stderr.endswith("Please run: sudo apt-get install python3-venv\n")


def test_system_that_has_no_newer_python_is_told_so(set_up: Callable[..., Answer]) -> None:
    """Where the distribution's newest Python is too old, the set-up ends with that sentence and not somewhere in a library."""
    done = set_up(id="echo 0", apt_get="exit 0", python3=OLD_PYTHON)
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed; Python 3.9.2 is what is here" in done.stderr.splitlines()[-1]


def test_receipts_are_asked_for_but_not_needed(set_up: Callable[..., Answer]) -> None:
    """Without the libraries of PDFs and without the right to install them the set-up says so in one line and goes on."""
    old_python_with_venv = 'case "$*" in --version) echo "Python 3.9.2";; *ensurepip*) exit 0;; *) exit 1;; esac'
    nothing_found = "compgen() { return 1; }"
    done = set_up(id="echo 1000", sudo="exit 1", fc_list="exit 0", python3=old_python_with_venv, bash_env=nothing_found)
    packages = "libpango-1.0-0 libpangoft2-1.0-0 fonts-wqy-microhei"
    said = f"Receipts as PDF need {packages} (sudo apt-get install {packages}); everything else works without."
    first, then = done.stderr.splitlines()
    assert first == said
    assert then.startswith("Python 3.11 or newer is needed")
