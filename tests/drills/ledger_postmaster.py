"""A PostgreSQL whose postmaster is killed as a power cut would, and started again on what is left."""

import os
import signal
import time
from typing import Final

from tests.postgres import Cluster

AGAIN_WITHIN_S: Final = 60
POLL_S: Final = 0.05


class MortalCluster(Cluster):
    """A cluster that can be killed."""

    def kill(self) -> None:
        """Kill the postmaster; its children notice by themselves, and finish or break off what they are doing."""
        os.kill(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def start_again(self) -> None:
        """Start on what the killed one has left, with the options that it had; it recovers by its log.

        Raises:
            RuntimeError: it does not start.
        """
        deadline = time.monotonic() + AGAIN_WITHIN_S
        while True:
            try:
                self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "restart")
            except RuntimeError:
                # A child of the killed one still holds the shared memory.
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_S)
            else:
                return
