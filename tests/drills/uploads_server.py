"""The real server in processes of its own, made to be killed: granian with its workers, as the image starts it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import requests

from tests.citizencard.keys.make_vault import PASSPHRASE, regression_vault
from tests.postgres import free_port

ROOT: Final = Path(__file__).parents[2]
READY_WITHIN_S: Final = 60
POLL_S: Final = 0.05
GRACE_S: Final = 2


def settings(url: str, folder: Path) -> dict[str, str]:
    """What the server is told, as environment variables; makes the vault that it opens."""
    passphrase = folder / "passphrase"
    regression_vault(folder)
    passphrase.touch(0o600)
    passphrase.write_text(PASSPHRASE)
    return {
        "CITIZENCARD_DATABASE_URL": url,
        "CITIZENCARD_VAULT_FILE": str(folder / "regression.vault"),
        "CITIZENCARD_VAULT_PASSPHRASE_FILE": str(passphrase),
        "CITIZENCARD_REALM": "test",
    }


class MortalServer:
    """A server that can be killed, whole or a worker of it.

    Args:
        environ: its settings.
        log: takes what it prints.
        workers: so many processes answer.
    """

    def __init__(self, environ: Mapping[str, str], log: Path, workers: int) -> None:
        self._environ = {**os.environ, **environ}
        self._log = log
        self._workers = workers
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it is ready.

        Raises:
            RuntimeError: it does not start; with the end of its log.
        """
        command = [sys.executable, "-m", "granian", "--interface=rsgi", "--host=127.0.0.1", f"--port={self.port}"]
        command += [f"--workers={self._workers}", "--no-ws", "--http1-header-read-timeout=10000", "api.wsgi:served"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until it answers that it is ready; one that ended by itself is started again.

        Raises:
            RuntimeError: it is not ready in time; with the end of its log.
        """
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                self.start()
                return
            try:
                if requests.get(f"{self.address}/readyz", timeout=2).ok:
                    return
            except requests.RequestException:
                pass  # not yet
            time.sleep(POLL_S)
        raise RuntimeError(f"the server was not ready: {self._log.read_text()[-2_000:]}")

    def kill(self) -> None:
        """All of its processes at once, as a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def kill_worker(self) -> None:
        """One process that answers; what is left of the server then is stopped, since nobody would start the worker again."""
        if self._process is None:
            return
        pid = self._process.pid
        children = [int(found) for found in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        workers = [child for child in children if "tracker" not in Path(f"/proc/{child}/cmdline").read_text()]
        os.kill(workers[0], signal.SIGKILL)
        time.sleep(2 * POLL_S)
        self._process.terminate()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()
