"""Peers in Python by their own API, in an environment of their own that is made from `bench/peers.lock`."""

import hashlib
import subprocess
import sys
from pathlib import Path

from bench.figure import Figure, tell
from bench.ledger.servers import Server
from bench.ledger.sizes import Sizes

HERE = Path(__file__).parents[1]
LOCK = HERE / "peers.lock"
ENVIRONMENT = HERE.parent / ".venv-peers"
PATIENCE_S = 300
SAID_CHARS = 400


def measure_peers(server: Server, size: Sizes, ours: float) -> tuple[list[Figure], list[str]]:
    """How fast each peer is beside our ordinary door; one that cannot be built or run is told of, never left out silently."""
    try:
        python = _environment()
    except RuntimeError as error:
        return [], [f"django-hordak and python-accounting could not be built: {error}"]
    figures, notes = [], []
    for name, script, count in (
        ("django-hordak", "hordak_books.py", size.hordak),
        ("python-accounting", "accounting_books.py", size.accounting),
    ):
        tell(f"{name}: {count} transfers")
        database = name.replace("-", "_")
        server.create_database(database)
        try:
            rate = float(_said(str(python), str(HERE / "peers" / script), server.url(database), str(count)).split()[-1])
        except RuntimeError as error:
            notes.append(f"{name} could not be run: {error}")
            continue
        figures.append(Figure(f"{name}, PostgreSQL, one process", rate, "our ordinary door, one process", ours, None))
    tell("")
    return figures, notes


def _environment() -> Path:
    """Python of the peers' environment, made anew when the lock has changed.

    Raises:
        RuntimeError: it could not be built.
    """
    python, stamp = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "installed"
    want = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != want:
        tell("building the environment of the peers")
        _said(sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT))
        # The lock leaves out drivers of databases that are not used here: they would need a compiler.
        pip = [
            str(python),
            "-m",
            "pip",
            "--disable-pip-version-check",
            "-q",
            "install",
            "--require-hashes",
            "--no-deps",
        ]
        _said(*pip, "-r", str(LOCK))
        stamp.write_text(want)
    return python


def _said(*command: str) -> str:
    """What a program printed.

    Raises:
        RuntimeError: it failed, or took too long; with the end of what it said.
    """
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_S)  # noqa: S603 # ours and the lock's
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(str(error)) from error
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-SAID_CHARS:])
    return done.stdout
