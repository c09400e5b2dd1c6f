"""The statements of a batch in two round trips to PostgreSQL: look, and write; with work of ours while the server does its own.

Elsewhere (SQLite, a transaction of another isolation) the same is asked by the statements of `writing.py`, one after the other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import namedtuple_row
from sqlalchemy.orm import Session

from ledger import barrier, wire, writing
from ledger.arrays import Column, given, listed, rows
from ledger.verdicts import Books, Decision, Known

_DRAWN: Sequence[Column] = (("id", "bigint"), *writing.NEW)


@dataclass(frozen=True, slots=True)
class Look:
    """What a batch is about to be decided on: the books, those of its references that are in them, and ids in the order of the batch.

    Without ids the statement that writes draws them.
    """

    books: writing.OpenBooks
    known: dict[str, Known]
    ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a batch has to be looked up for.

    Args:
        codes: of its accounts.
        references: of its transfers.
        transfers: how many ids may be needed.
    """

    codes: Iterable[str]
    references: Iterable[str]
    transfers: int = 0


def look(session: Session, asked: Asked, now: datetime, meanwhile: Callable[[], None]) -> Look:
    """Enter the barrier, open the books, and then find the references; on PostgreSQL in one round trip, with work of ours meanwhile.

    The references are looked up after the accounts are locked: a copy of one of these transfers that touches a locked account has then
    either been committed, and is found, or waits for our lock. So are the ids drawn: the transfers of a locked account have theirs in the
    order in which it was locked.

    Raises:
        NoOpenDay: no business day was ever opened.
    """
    driver = wire.usual(session)
    if driver is None:
        barrier.enter(session)
        books = writing.open_books(session, asked.codes, now)
        known = writing.find(session, asked.references)
        meanwhile()
        return Look(books, known)
    with wire.told(session.connection(), _TEXT_OPENING), driver.pipeline():
        driver.execute(barrier.ENTERING)
        opened = driver.execute(_TEXT_OPENING, {"codes": listed(session, set(asked.codes)), "now": now})
        found = driver.cursor(row_factory=namedtuple_row).execute(
            _TEXT_FINDING, {"references": listed(session, set(asked.references))}
        )
        drawn = driver.execute(_DRAWING, (asked.transfers,)) if asked.transfers else None
        meanwhile()
    return Look(
        writing.opened(session, opened.fetchall(), now),
        writing.known(found.fetchall()),
        [row[0] for row in drawn.fetchall()] if drawn else (),
    )


@dataclass(frozen=True, slots=True)
class Written:
    """What is to be written: new transfers and their ids, and the accounts that they move."""

    new: Sequence[Decision]
    ids: Sequence[int]
    accounts: Mapping[str, Books]
    day: date
    now: datetime


def send(session: Session, written: Written, meanwhile: Callable[[], None]) -> bool:
    """Write as `writing.write` does, transfers that have their ids already, with work of ours meanwhile; whether all went in."""
    driver = wire.usual(session)
    if driver is None:
        raise ValueError("ids are drawn beforehand on PostgreSQL only")
    new_rows = [
        (number, *writing.row(decision, written.accounts))
        for number, decision in zip(written.ids, written.new, strict=True)
    ]
    values = {
        **given(session, _DRAWN, new_rows),
        **given(session, writing.MOVED, writing.moves(written.accounts.values())),
        "business_date": written.day,
        "recorded_at": written.now,
    }
    either = any(decision.order.reverses is not None for decision in written.new)
    statement = _TEXT_INSERTING[either]
    with wire.told(session.connection(), statement), driver.pipeline():
        done = driver.execute(statement, values)
        meanwhile()
    return done.rowcount == len(written.new)


def _drawn(conflict: str) -> str:
    names = ", ".join(name for name, _ in _DRAWN)
    return wire.spelled(
        f"WITH moved AS ({writing.MOVE} FROM {rows('postgresql', writing.MOVED, 'moves')} WHERE ledger_account.id = moves.account_id)"  # noqa: S608 # our own names
        f" INSERT INTO ledger_transfer ({names}, business_date, recorded_at) OVERRIDING SYSTEM VALUE"
        f" SELECT {names}, :business_date, :recorded_at FROM {rows('postgresql', _DRAWN)} ORDER BY reference"
        f" ON CONFLICT {conflict} DO NOTHING"
    )


_TEXT_OPENING = wire.spelled(str(writing.opening("postgresql")))
_TEXT_FINDING = wire.spelled(str(writing.finding("postgresql")))
_TEXT_INSERTING = {True: _drawn(""), False: _drawn("(reference)")}
"""By whether a transfer of the batch is a reversal."""
_DRAWING = "SELECT nextval('ledger_transfer_id_seq') FROM generate_series(1, %s)"
