"""How alembic runs here: one transaction a migration, one runner at a time, no waiting for ever behind a busy table."""

import importlib
import pkgutil

from alembic import context
from sqlalchemy import Engine

import citizencard
from citizencard.db import Base
from citizencard.migrations.grants import grant_roles

ADVISORY_LOCK = 0x434152444D4947
LOCK_TIMEOUT = "5s"


def _know_all_models() -> None:
    """Import every context's models, so that the metadata is whole when models and database are compared."""
    for module in pkgutil.walk_packages(citizencard.__path__, "citizencard."):
        if module.name.rpartition(".")[2] in ("models", "audit"):
            importlib.import_module(module.name)


def run(engine: Engine) -> None:
    """Apply what was asked for on the engine's database."""
    _know_all_models()
    is_postgresql = engine.dialect.name == "postgresql"
    with engine.connect() as connection:
        if is_postgresql:
            connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({ADVISORY_LOCK})")
            connection.commit()
        else:
            # A dropped or rebuilt table must not cascade into others while it is away; the pragma works outside transactions only.
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr] # sqlite3
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            transactional_ddl=True,
            compare_type=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()
        if is_postgresql:
            grant_roles(connection)
            connection.commit()
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({ADVISORY_LOCK})")
            connection.commit()
        else:
            # Back to the pool it would go without its foreign keys: the next user gets a new connection.
            connection.invalidate()


run(context.config.attributes["engine"])
