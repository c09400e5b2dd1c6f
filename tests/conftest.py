"""What every test stands on: two real databases, made by the migrations, and sessions that leave no trace."""

import contextlib
import importlib
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import pytest
from sqlalchemy import URL, Engine, text
from sqlalchemy.orm import Session, sessionmaker

from citizencard.db import Sessions, make_engine, make_sessions, transaction
from citizencard.migrations import upgrade
from citizencard.migrations.grants import APP, MIGRATOR, create_roles
from tests import postgres
from tests.citizencard.keys.softhsm import SoftHsm
from tests.memory import folder_in_memory

TEMPLATE = "citizencard_template"
LOOPBACK = ("127.", "::1", "localhost")
DRILL_SIZE = "drill_size"
"""Under this name a drill records how much it tried."""


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process starts PostgreSQL once and makes the template by the migrations; workers are told its port."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    cluster = postgres.Cluster(many=True)
    cluster.start()
    config.stash[CLUSTER] = cluster
    config.add_cleanup(cluster.stop)
    _make_template(cluster.port)


CLUSTER = pytest.StashKey[postgres.Cluster]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a parallel worker where the one PostgreSQL of this run is."""
    node.workerinput["postgres_port"] = node.config.stash[CLUSTER].port


def pytest_collection(session: pytest.Session) -> None:
    """Let each parallel worker of a whole run import the test modules beginning at another place.

    pytest rewrites the assertions of every module, which takes longer than importing it, and keeps what it has made. Workers that went
    the same way at the same pace would all rewrite everything.
    """
    worker, here = os.environ.get("PYTEST_XDIST_WORKER"), Path(__file__).parent
    if worker is None or [Path(argument).name for argument in session.config.args] != [here.name]:
        return
    found = (path.relative_to(here.parent).with_suffix("") for path in here.rglob("test_*.py"))
    names = sorted(".".join(path.parts) for path in found)
    begin = len(names) * int(worker.removeprefix("gw")) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for name in names[begin:] + names[:begin]:
        # What cannot be imported is told by the collection itself, with its reason.
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow files.

    They wait for servers that they start and kill, so one worker has them while the others keep the processors busy; who is done
    early takes tests over, from the end.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: not _is_slow(item.path))


SLOW = ("drills", "browser", "journeys/test_demo_day.py", "citizencard/cli/test_nightly.py")
"""Folders and files, below that of the tests, whose tests take many seconds each."""


def _is_slow(path: Path) -> bool:
    return path.relative_to(Path(__file__).parent).as_posix().startswith(SLOW)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at what size the drills ran: a short run must not be taken for the full one."""
    said = [
        f"{report.nodeid.rpartition('::')[2]}: {value}"
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == DRILL_SIZE
    ]
    if said:
        terminalreporter.section("drills at reduced size (bin/drill NAME for the full one)")
        terminalreporter.write_line("\n".join(sorted(said)))


def _make_template(port: int) -> None:
    admin = make_engine(postgres.url(port, "postgres"))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        create_roles(connection)
        connection.exec_driver_sql(f"CREATE DATABASE {TEMPLATE} OWNER {MIGRATOR}")
    admin.dispose()
    grantor = make_engine(postgres.url(port, TEMPLATE))
    with grantor.begin() as connection:
        connection.exec_driver_sql(f"GRANT ALL ON SCHEMA public TO {MIGRATOR}")
    grantor.dispose()
    engine = make_engine(postgres.url(port, TEMPLATE, MIGRATOR))
    upgrade(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def softhsm() -> Iterator[SoftHsm]:
    """This worker's PKCS#11 tokens, in memory where there is such a folder; without SoftHSM the run fails and says how to get it."""
    memory = Path("/dev/shm")  # noqa: S108 # a folder of its own in it, which is removed: tokens write each object to the disk
    with TemporaryDirectory(prefix="softhsm", dir=memory if memory.is_dir() else None) as folder:
        yield SoftHsm.start(Path(folder))


@pytest.fixture(scope="session")
def postgres_port(request: pytest.FixtureRequest) -> int:
    """Port of the run's PostgreSQL."""
    if hasattr(request.config, "workerinput"):
        port: int = request.config.workerinput["postgres_port"]
        return port
    return request.config.stash[CLUSTER].port


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database made by the migrations, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.commit()
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr] # sqlite3
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Which of the two databases the test runs on: both, one after the other."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def clone_database(postgres_port: int, sqlite_template: Path, worker_id_text: str) -> Iterator[Callable[[str], str]]:
    """Make a fresh database of a kind, by copying the template; returns its address for the role of the app."""
    made: list[str] = []
    admin = make_engine(postgres.url(postgres_port, "postgres"))

    def clone(kind: str) -> str:
        if kind == "sqlite":
            path = Path(mkdtemp(dir=folder)) / "city.db"
            shutil.copy(sqlite_template, path)
            return f"sqlite:///{path}"
        name = f"citizencard_{worker_id_text}_{len(made)}"
        made.append(name)
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # CREATE DATABASE refuses while another worker copies the template: an advisory lock makes them take turns.
            connection.execute(text("SELECT pg_advisory_lock(1)"))
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
            connection.execute(text("SELECT pg_advisory_unlock(1)"))
        return postgres.url(postgres_port, name, APP)

    with TemporaryDirectory(prefix="citizencard-sqlite-", dir=folder_in_memory()) as folder:
        yield clone
    admin.dispose()


@pytest.fixture(scope="session")
def worker_id_text(request: pytest.FixtureRequest) -> str:
    """Name of this test process, usable in a database name."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "main"))


@pytest.fixture(scope="session")
def shared_engines(clone_database: Callable[[str], str]) -> Iterator[Callable[[str], Engine]]:
    """One database of each kind for all tests that leave no trace."""
    engines: dict[str, Engine] = {}

    def engine_of(kind: str) -> Engine:
        if kind not in engines:
            engines[kind] = make_engine(clone_database(kind))
        return engines[kind]

    yield engine_of
    for engine in engines.values():
        engine.dispose()


@pytest.fixture
def sessions(database: str, shared_engines: Callable[[str], Engine]) -> Iterator[Sessions]:
    """Sessions whose commits last until the end of the test and no longer."""
    with shared_engines(database).connect() as connection:
        outer = connection.begin()
        yield sessionmaker(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        outer.rollback()


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    """One session on a database that is rolled back afterwards."""
    with transaction(sessions) as session:
        yield session


@pytest.fixture
def committed(database: str, clone_database: Callable[[str], str], postgres_port: int) -> Iterator[Sessions]:
    """A database of one's own with real commits, for races and for what is read by other processes; it goes with the test."""
    engine = make_engine(clone_database(database))
    yield make_sessions(engine)
    engine.dispose()
    _drop(engine.url, postgres_port)


def _drop(url: URL, port: int) -> None:
    if url.get_backend_name() == "sqlite":
        shutil.rmtree(Path(str(url.database)).parent)
        return
    admin = make_engine(postgres.url(port, "postgres"))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"DROP DATABASE {url.database} WITH (FORCE)")
    admin.dispose()


@pytest.fixture
def now() -> datetime:
    """A fixed instant: a Saturday morning in Beijing."""
    return datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks to anything outside this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
