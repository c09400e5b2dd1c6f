"""A real PostgreSQL for one test run: started in a temporary folder, by a user who is not root, stopped at the end."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from tests.memory import folder_in_memory

SUPERUSER = "postgres"
START_TIMEOUT_S = 60
MANY_DATABASES = ("-c", "autovacuum_naptime=1h", "-c", "max_wal_size=512MB")
"""A run of the tests makes hundreds of databases: nobody goes round them with a broom each minute. Durability stays as it is in a city."""


class Cluster:
    """A database cluster of our own on a loopback port.

    Args:
        many: for a run of the tests with its hundreds of databases: in memory where there is room.
    """

    def __init__(self, *, many: bool = False) -> None:
        self.binaries = _find_binaries()
        self.more = MANY_DATABASES if many else ()
        self.folder = Path(tempfile.mkdtemp(prefix="citizencard-pg-", dir=folder_in_memory() if many else None))
        self.as_user: list[str] = []
        if os.geteuid() == 0:
            # initdb refuses to run as root; Debian's package brings the user postgres.
            shutil.chown(self.folder, "postgres", "postgres")
            self.as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.port = free_port()

    def start(self) -> None:
        """Make the cluster and wait until it answers."""
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-k")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c max_connections=200"
        options = " ".join((options, *self.more))
        self._run(
            "pg_ctl",
            "-D",
            data,
            "-w",
            "-t",
            str(START_TIMEOUT_S),
            "-l",
            str(self.folder / "log"),
            "-o",
            options,
            "start",
        )

    def stop(self) -> None:
        """Stop at once and remove the folder."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def create_database(self, name: str) -> None:
        """Make an empty database."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER, name)

    def url(self, database: str, user: str = SUPERUSER) -> str:
        """Address of one of the cluster's databases."""
        return url(self.port, database, user)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self.as_user, str(self.binaries / program), *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            text=True,
        )
        if done.returncode:
            log = self.folder / "log"
            raise RuntimeError(f"{program} failed: {done.stdout or (log.read_text() if log.exists() else '')}")


def url(port: int, database: str, user: str = SUPERUSER) -> str:
    """Address of a database on a loopback port."""
    return f"postgresql://{user}@127.0.0.1:{port}/{database}"


def _find_binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise RuntimeError(
            "PostgreSQL is missing and the tests need a real one: apt-get install postgresql (bin/setup does it)"
        )
    return Path(on_path).resolve().parent


def free_port() -> int:
    """A TCP port on loopback that nobody holds just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
