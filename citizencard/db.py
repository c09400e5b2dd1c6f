"""The database: one metadata, one way to open a transaction, the same promises on SQLite and PostgreSQL."""

import secrets
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Engine, Integer, Text, TypeDecorator, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeEngine

from citizencard.errors import DatabaseUnsafe
from ledger.models import metadata as ledger_metadata

Sessions = sessionmaker[Session]

BUSY_TIMEOUT_MS = 15_000
LOCK_TIMEOUT_MS = 10_000
CACHE_KIB = 32_768
"""Of a SQLite connection, filled as it is needed: indexes whose keys are drawn by lot are touched all over."""
CHECKPOINT_PAGES = 8_192
"""SQLite moves what is in its log, and on the disk since its commit, into the database after so many pages: 32 MB."""
POOL_SIZE = 10
"""Connections to PostgreSQL that a process keeps once it has needed them: as many as a server's worker has threads. One beyond is closed as
soon as it is given back, and opening it, with its statements to be prepared and planned, costs as much as a hundred requests."""
POOL_OVERFLOW = 5
TRUSTED_S = 30
"""A connection that was idle for longer is asked whether it still lives before it is used: its network may have gone without a word."""
READING = "citizencard_reading"
_IDLE_SINCE = "citizencard_idle_since"
ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_LENGTH = 20

BigId = BigInteger().with_variant(Integer, "sqlite")
"""Serial numbers: 64 bits; SQLite numbers only columns of type INTEGER by itself."""

Json = JSON().with_variant(JSONB(), "postgresql")
"""Structured state that no statement searches."""


class Base(DeclarativeBase):
    """Every table of the city, in the one metadata that it shares with the ledger."""

    metadata = ledger_metadata


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant. SQLite has no such type: there it is kept as text in UTC with microseconds, which sorts like the instant."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's type on one database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Refuse an instant without a time zone, and write the others in UTC.

        Raises:
            ValueError: the instant has no time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value.isoformat(timespec="microseconds") if dialect.name == "sqlite" else value

    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:  # noqa: ARG002 # SQLAlchemy's signature
        """Read the instant back, aware, in UTC."""
        if value is None:
            return None
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(instant, datetime):
            raise TypeError(f"not an instant: {type(value).__name__}")
        return instant.astimezone(UTC)


def new_id(prefix: str) -> str:
    """A row's opaque name, such as `card_7h…`: 100 random bits, safe to show, telling nothing."""
    return f"{prefix}_" + "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))


def is_postgresql(session: Session) -> bool:
    """Whether the session talks to PostgreSQL; otherwise it is SQLite."""
    return session.get_bind().dialect.name == "postgresql"


def make_engine(url: str) -> Engine:
    """Connect to a database with the settings that durability needs.

    READ COMMITTED on PostgreSQL. On SQLite: WAL, `synchronous=FULL`, foreign keys, `recursive_triggers` (without it INSERT OR REPLACE
    slips past a trigger that refuses DELETE), and transactions that take the write lock when they begin.
    """
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        connect_args={"options": f"-c lock_timeout={LOCK_TIMEOUT_MS} -c timezone=UTC"},
    )
    event.listen(engine, "checkin", _note_idle)
    event.listen(engine, "checkout", partial(_renew, engine.dialect))
    return engine


def make_sessions(engine: Engine) -> Sessions:
    """The factory that `transaction()` and `reading()` open sessions from."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(sessions: Sessions) -> Iterator[Session]:
    """A unit of work: committed when the block ends, rolled back by any exception."""
    with sessions.begin() as session:
        yield session


@contextmanager
def reading(sessions: Sessions) -> Iterator[Session]:
    """A look at the data that cannot change it and holds up no writer."""
    bind = sessions.kw["bind"]
    if isinstance(bind, Engine):
        bind = bind.execution_options(**{READING: True, "postgresql_readonly": bind.dialect.name == "postgresql"})
    with sessions(bind=bind) as session:
        yield session


def flush_unique(session: Session, refusal: Exception) -> None:
    """Write what is pending; refuse when another transaction took the same unique key at the same moment.

    Raises:
        refusal: the key is taken. The transaction cannot be used any more: let it end.
    """
    try:
        session.flush()
    except IntegrityError:
        raise refusal from None


def check_durability(engine: Engine) -> None:
    """Refuse a database that may forget what it acknowledged.

    Raises:
        DatabaseUnsafe: names each setting that is too weak.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            found = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("synchronous", "journal_mode", "foreign_keys", "recursive_triggers")
            }
            wanted: dict[str, object] = {
                "synchronous": 2,
                "journal_mode": "wal",
                "foreign_keys": 1,
                "recursive_triggers": 1,
            }
        else:
            names = ("fsync", "synchronous_commit", "full_page_writes")
            found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names}
            wanted = dict.fromkeys(names, "on")
    weak = [f"{name} is {found[name]}, not {value}" for name, value in wanted.items() if found[name] != value]
    if weak:
        raise DatabaseUnsafe("; ".join(weak), weak=weak)


def _note_idle(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info[_IDLE_SINCE] = time.monotonic()


def _renew(dialect: Dialect, connection: DBAPIConnection, record: ConnectionPoolEntry, _fairy: object) -> None:
    """Let the pool replace connections that the server has closed. Asking each time would cost every transaction a round trip.

    A server that ends says so, and hardly anything else is sent to a connection that asked nothing: one with something to read is asked.
    """
    idle_since = record.info.get(_IDLE_SINCE)
    if idle_since is None or (time.monotonic() - idle_since < TRUSTED_S and not _is_readable(connection)):
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def _is_readable(connection: DBAPIConnection) -> bool:
    if connection.closed:
        return True
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    return bool(watch.poll(0))


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling begins late and ends early; we begin and end ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA recursive_triggers=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reading_only = bool(connection.get_execution_options().get(READING))
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading_only else 'OFF'}")
    connection.exec_driver_sql("BEGIN DEFERRED" if reading_only else "BEGIN IMMEDIATE")
