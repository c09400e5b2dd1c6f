"""Databases for the drills, which run without pytest: an SQLite file, and a PostgreSQL of their own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import sessionmaker

from citizencard.db import Sessions, make_engine, make_sessions
from citizencard.migrations import upgrade
from citizencard.migrations.grants import APP, MIGRATOR, create_roles
from tests.postgres import Cluster

DATABASE = "drill"


@contextmanager
def both_databases() -> Iterator[dict[str, str]]:
    """Addresses by name of two empty databases at the newest revision; both are gone afterwards."""
    cluster = Cluster()
    cluster.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            sqlite = f"sqlite:///{Path(folder) / 'drill.db'}"
            _upgrade(sqlite)
            postgresql = migrated(cluster)
            yield {"SQLite": sqlite, "PostgreSQL": postgresql}
    finally:
        cluster.stop()


def migrated(cluster: Cluster) -> str:
    """Make an empty database at the newest revision in a cluster that runs; its address for the role of the app."""
    admin = make_engine(cluster.url("postgres"))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        create_roles(connection)
        connection.exec_driver_sql(f"CREATE DATABASE {DATABASE} OWNER {MIGRATOR}")
    admin.dispose()
    grantor = make_engine(cluster.url(DATABASE))
    with grantor.begin() as connection:
        connection.exec_driver_sql(f"GRANT ALL ON SCHEMA public TO {MIGRATOR}")
    grantor.dispose()
    _upgrade(cluster.url(DATABASE, MIGRATOR))
    return cluster.url(DATABASE, APP)


def _upgrade(url: str) -> None:
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()


@contextmanager
def undoable(url: str) -> Iterator[Sessions]:
    """Sessions whose commits last until the end of the block and no longer."""
    engine = make_engine(url)
    with engine.connect() as connection:
        outer = connection.begin()
        yield sessionmaker(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        outer.rollback()
    engine.dispose()


@contextmanager
def committing(url: str) -> Iterator[Sessions]:
    """Sessions whose commits are real."""
    engine = make_engine(url)
    yield make_sessions(engine)
    engine.dispose()
