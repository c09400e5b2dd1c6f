"""The databases of a run: PostgreSQL with every durable setting on, and SQLite; both made by our own migrations."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from citizencard.db import check_durability, make_engine
from citizencard.migrations import upgrade
from citizencard.migrations.grants import APP, MIGRATOR, create_roles
from tests import postgres

TEMPLATE = "bench_template"
SETTINGS = {
    # Room as on a server of its own; what is durable stays as PostgreSQL is delivered, and is checked.
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "autovacuum_naptime": "5s",
    "jit": "off",
}
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


class Server(postgres.Cluster):
    """A PostgreSQL of our own, with the memory of a server and every durable setting on."""

    def start(self) -> None:
        """Start, set, start again, and make the template by our migrations."""
        super().start()
        admin = make_engine(self.url("postgres"))
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for name, value in SETTINGS.items():
                connection.exec_driver_sql(f"ALTER SYSTEM SET {name} = '{value}'")
            create_roles(connection)
        admin.dispose()
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "restart")
        check_durability(admin)
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {TEMPLATE} OWNER {MIGRATOR}")
        admin.dispose()
        grantor = make_engine(self.url(TEMPLATE))
        with grantor.begin() as connection:
            connection.exec_driver_sql(f"GRANT ALL ON SCHEMA public TO {MIGRATOR}")
        grantor.dispose()
        migrator = make_engine(self.url(TEMPLATE, MIGRATOR))
        upgrade(migrator)
        migrator.dispose()

    def copy(self, name: str, of: str = TEMPLATE) -> str:
        """A new database like another one that nobody uses; its address for the role of the app."""
        admin = make_engine(self.url("postgres"))
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {of} OWNER {MIGRATOR}")
        admin.dispose()
        return self.url(name, APP)

    def settle(self, name: str) -> None:
        """After a large fill: gather statistics, and write out what is dirty, so that it does not fall into a measurement."""
        owner = make_engine(self.url(name))
        with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
            connection.execute(text("CHECKPOINT"))
        owner.dispose()

    def pgbench(
        self, database: str, script: Path, variables: dict[str, object], *, clients: int, seconds: float
    ) -> float:
        """Transactions a second of a script by pgbench, prepared.

        Raises:
            RuntimeError: pgbench failed; with its words.
        """
        command = [
            str(self.binaries / "pgbench"),
            "-n",
            "-M",
            "prepared",
            "-c",
            str(clients),
            "-j",
            str(min(clients, 2)),
        ]
        command += [
            "-T",
            str(max(1, round(seconds))),
            "-f",
            str(script),
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            APP,
        ]
        for name, value in variables.items():
            command += ["-D", f"{name}={value}"]
        done = subprocess.run([*command, database], check=False, capture_output=True, text=True)  # noqa: S603 # PostgreSQL's own program
        found = _TPS.search(done.stdout)
        if done.returncode or found is None:
            raise RuntimeError(f"pgbench failed: {done.stderr[-2_000:]}")
        return float(found[1])


@contextmanager
def server() -> Iterator[Server]:
    """A server, started, and gone afterwards with all that is on it."""
    started = Server()
    try:
        started.start()
        yield started
    finally:
        started.stop()


def make_sqlite(folder: Path, name: str) -> str:
    """An empty SQLite database made by our migrations; its address."""
    address = f"sqlite:///{folder / name}.db"
    engine = make_engine(address)
    upgrade(engine)
    engine.dispose()
    return address
