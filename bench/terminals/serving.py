"""The real server: granian with worker processes, as its image starts it, and what it costs in memory and on the processors."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.postgres import free_port

READY_S: Final = 60
STOP_S: Final = 20
ROOT: Final = Path(__file__).parent.parent.parent
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that answers.

    Args:
        port: on 127.0.0.1.
        pid: of granian, whose children are the workers.
        log: what it prints.
    """

    port: int
    pid: int
    log: Path

    def workers(self) -> list[int]:
        """Process ids of the workers: the children that have the application, so not granian's own helpers."""
        found = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(pid) for pid in found if "tracker" not in Path(f"/proc/{pid}/cmdline").read_text()]

    def peak_mb(self) -> float:
        """The most memory that any worker has needed so far (VmHWM of /proc/PID/status)."""
        return max(_status_kb(pid, "VmHWM") for pid in self.workers()) / 1024

    def cpu_s(self) -> float:
        """Time of all workers on a processor so far, in seconds."""
        return sum(map(cpu_s, self.workers()))


@contextmanager
def serving(environ: Mapping[str, str], folder: Path, workers: int) -> Iterator[Serving]:
    """The server on a free port, for the length of a block.

    Raises:
        RuntimeError: it does not start; with the end of its log.
    """
    port, log = free_port(), folder / f"server-{workers}.log"
    command = image_command({"--host": "127.0.0.1", "--port": str(port), "--workers": str(workers)})
    with log.open("ab") as file:
        process = subprocess.Popen(  # noqa: S603 # our own server
            command,
            cwd=ROOT,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, port, log)
        yield Serving(port, process.pid, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def image_command(changed: Mapping[str, str]) -> list[str]:
    """How the image starts the server, with other values for some of its options.

    Raises:
        ValueError: the image does not start granian, or has no such option.
    """
    lines = (ROOT / "api" / "Dockerfile").read_text().splitlines()
    found = [line for line in lines if line.startswith('CMD ["granian"')]
    if not found:
        raise ValueError("the image does not start granian")
    words: list[str] = json.loads(found[0].removeprefix("CMD "))
    for option, value in changed.items():
        words[words.index(option) + 1] = value
    return [sys.executable, "-m", *words]


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {log.read_text()[-2_000:]}")


def cpu_s(pid: int) -> float:
    """Time of a process on a processor so far, in seconds (utime and stime of /proc/PID/stat)."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS


def _status_kb(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])
