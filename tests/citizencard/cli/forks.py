"""Commands as processes that start quickly: one interpreter imports the program once and forks for each command.

A command still has its own process, environment, folder, outputs, exit status and end of the interpreter. Only the second of imports
before each is saved.
"""

import atexit
import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

from citizencard.cli import main

TIMEOUT_S = 300
"""So long only a command that hangs takes, however busy the machine is."""


class Forks:
    """The interpreter that forks; it ends with the test process."""

    def __init__(self) -> None:
        # The environment of the forks is given with each command; this one is what Python itself starts from.
        environ = {"PYTHONPATH": ":".join(sys.path), "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tests.citizencard.cli.forks"]
        self._process = subprocess.Popen(
            command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._one_at_a_time = Lock()
        atexit.register(self._end)

    @classmethod
    @functools.cache
    def shared(cls) -> "Forks":
        """The one of this test process."""
        return cls()

    def run(
        self, arguments: Sequence[str], environ: Mapping[str, str], cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """One command, from the present folder if none is given; killed if it hangs."""
        assert self._process.stdin
        assert self._process.stdout
        with TemporaryDirectory(prefix="command") as folder, self._one_at_a_time:
            out, err = Path(folder, "out"), Path(folder, "err")
            asked = {
                "arguments": list(arguments),
                "environ": dict(environ),
                "folder": str(cwd or Path.cwd()),
                "outputs": [str(out), str(err)],
            }
            print(json.dumps(asked), file=self._process.stdin, flush=True)
            status = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(list(arguments), status, out.read_text(), err.read_text())

    def _end(self) -> None:
        self._process.communicate(timeout=TIMEOUT_S)


def serve() -> None:
    """Fork for each line that comes, and say how each fork ended; in a fork, become the command."""
    with os.fdopen(os.dup(0)) as requests, os.fdopen(os.dup(1), "w") as answers:
        while line := requests.readline():
            child = os.fork()
            if not child:
                break
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
    if line:
        _become(json.loads(line))
        main(prog_name="python -m citizencard")


def _become(asked: dict[str, Any]) -> None:
    signal.alarm(TIMEOUT_S)
    os.environ.clear()
    os.environ.update(asked["environ"])
    os.chdir(asked["folder"])
    sys.argv[1:] = asked["arguments"]
    nowhere = os.open(os.devnull, os.O_RDONLY)
    outputs = (os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) for path in asked["outputs"])
    for place, opened in enumerate((nowhere, *outputs)):
        os.dup2(opened, place)
        os.close(opened)


if __name__ == "__main__":
    serve()
