"""The processes of the demo city: the server, started, watched, killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

HEALTHY_WITHIN_S = 30
STOP_WITHIN_S = 15
POLL_S = 0.05
ROOT = Path(__file__).parent.parent


class ServerDied(Exception):
    """The server ended by itself; its log says why."""


class PortTaken(Exception):
    """Another program answers on the port."""


class Server:
    """The product's own server, in its own process, on a loopback port.

    Args:
        port: TCP port on 127.0.0.1.
        environ: the settings, as environment variables.
        log: file that takes what the server prints.
    """

    def __init__(self, port: int, environ: Mapping[str, str], log: Path) -> None:
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self._environ = {**os.environ, **environ}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it says that it is ready.

        Raises:
            PortTaken: somebody else holds the port.
            ServerDied: it ended before it was ready.
        """
        if not self._port_is_free():
            raise PortTaken(f"port {self.port} on 127.0.0.1 is taken by another program")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "granian",
                    "--interface=rsgi",
                    "--host=127.0.0.1",
                    f"--port={self.port}",
                    "--workers=1",
                    "--no-ws",
                    "--http1-header-read-timeout=10000",
                    "api.wsgi:served",
                ],
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + HEALTHY_WITHIN_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ServerDied(f"the server ended with exit code {self._process.returncode}; see {self._log}")
            if self._is_ready():
                return
            time.sleep(POLL_S)
        self.stop()
        raise ServerDied(f"the server was not ready within {HEALTHY_WITHIN_S} s; see {self._log}")

    def _port_is_free(self) -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                return False
        return True

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.address}/readyz", timeout=2).ok
        except requests.RequestException:
            return False

    def kill(self) -> None:
        """Kill the server and its workers at once, as a power cut would (`kill -9`)."""
        self._signal(signal.SIGKILL)
        # The workers die with their parent, but a moment later: until then they hold the port.
        deadline = time.monotonic() + STOP_WITHIN_S
        while not self._port_is_free() and time.monotonic() < deadline:
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Ask the server to finish what it is doing and end."""
        if self._process is None or self._process.poll() is not None:
            return
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return
        if number == signal.SIGKILL:
            self._process.wait()


def command(environ: Mapping[str, str], *arguments: str) -> str:
    """Run one of the product's own commands to its end and return what it prints.

    Raises:
        CommandFailed: it ended with another exit code than 0; carries what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "citizencard", *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandFailed(f"citizencard {' '.join(arguments[:2])}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def sweep(environ: Mapping[str, str]) -> str:
    """Run the sweep of on-line payments (`citizencard payments sweep`) and return what it prints; it says itself what is left."""
    done = subprocess.run(
        [sys.executable, "-m", "citizencard", "payments", "sweep"],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


class CommandFailed(Exception):
    """A command of the product refused; the message is what it said."""
