"""Empty places to restore a city into."""

from sqlalchemy import make_url

from citizencard.db import make_engine
from citizencard.migrations.grants import MIGRATOR
from tests import postgres


def new_database(port: int, name: str) -> str:
    """Make an empty PostgreSQL database that the migrator owns; returns its address for the migrator."""
    admin = make_engine(postgres.url(port, "postgres"))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} OWNER {MIGRATOR} TEMPLATE template0")
    admin.dispose()
    return postgres.url(port, name, MIGRATOR)


def drop_database(url: str) -> None:
    """Remove a PostgreSQL database with everything in it, whoever is connected."""
    parts = make_url(url)
    admin = make_engine(postgres.url(parts.port or 0, "postgres"))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"DROP DATABASE {parts.database} WITH (FORCE)")
    admin.dispose()
