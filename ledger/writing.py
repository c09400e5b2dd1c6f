"""The statements of posting: a fixed number of them, whatever the size of the batch."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, String, TextClause, TextualSelect, bindparam, column, text
from sqlalchemy.orm import Session

from ledger import reservations
from ledger.arrays import Column, Value, among, dialect, given, is_postgresql, listed, rows
from ledger.errors import NoOpenDay
from ledger.instants import Instant, in_utc
from ledger.models import AccountState, AccountType
from ledger.reservations import Placed
from ledger.transfers import Posted, Transfer, canonical_metadata
from ledger.verdicts import Books, Decision, Known

NEW: Sequence[Column] = (
    ("reference", "text"),
    ("debit_id", "bigint"),
    ("credit_id", "bigint"),
    ("amount_fen", "bigint"),
    ("currency", "text"),
    ("kind", "text"),
    ("occurred_at", "timestamptz"),
    ("journal", "text"),
    ("fingerprint", "text"),
    ("metadata", "text"),
    ("reverses", "bigint"),
)
MOVED: Sequence[Column] = (
    ("account_id", "bigint"),
    ("debits_fen", "bigint"),
    ("credits_fen", "bigint"),
    ("out_fen", "bigint"),
    ("in_fen", "bigint"),
)
_SIDES = {True: "a.id = ANY(ARRAY(SELECT id FROM sides))", False: "a.id IN (SELECT id FROM sides)"}
"""By PostgreSQL or not. It reads an array by its index, whatever it believes about how many accounts there are."""
_NAMED = {True: "code = ANY(ARRAY(SELECT unnest(CAST(:codes AS text[]))))", False: among("sqlite", "code", "codes")}
"""The same of their codes."""
MOVE = (
    "UPDATE ledger_account SET posted_debits_fen = posted_debits_fen + moves.debits_fen,"
    " posted_credits_fen = posted_credits_fen + moves.credits_fen,"
    " held_out_fen = held_out_fen + moves.out_fen, held_in_fen = held_in_fen + moves.in_fen"
)
_BOOKS = "id, code, type, currency, locked, floor_fen, ceiling_fen, state, posted_debits_fen, posted_credits_fen, held_out_fen, held_in_fen"
_BOOKS_TYPES: Mapping[str, type[String | Boolean]] = {
    "code": String,
    "type": String,
    "currency": String,
    "locked": Boolean,
    "state": String,
}
_TYPES = {kind.value: kind for kind in AccountType}
_STATES = {state.value: state for state in AccountState}


@dataclass(frozen=True, slots=True)
class OpenBooks:
    """What a batch is decided on.

    Args:
        day: the open business day.
        accounts: by code; those with a checked balance are locked. Besides the accounts of the batch those of the holds that are over.
        stopped: no money moves until the ledger is released.
        due: holds of these accounts whose time is over. The accounts are as if they had ended; whoever writes the accounts ends them.
    """

    day: date
    accounts: dict[str, Books]
    due: list[Placed]
    stopped: bool = False


def open_books(session: Session, codes: Iterable[str], now: datetime) -> OpenBooks:
    """The open business day, and the accounts by code; those that keep a checked balance are locked, sorted by id.

    With them, in the same sorted run, are locked the accounts on the other side of holds that are over.

    Raises:
        NoOpenDay: no business day was ever opened.
    """
    found = session.execute(opening(dialect(session)), {"codes": listed(session, sorted(set(codes))), "now": now}).all()
    return opened(session, found, now)


def opened(session: Session, found: Sequence[Sequence[Any]], now: datetime) -> OpenBooks:
    """What the statement `opening` found.

    Raises:
        NoOpenDay: no business day was ever opened.
    """
    if not found:
        raise NoOpenDay("no business day is open")
    day, stop_id, over = found[0][:3]
    accounts = {row[4]: _books(row) for row in found if row[4] is not None}
    # Asked again now that the accounts are locked: somebody may have ended the holds while we waited.
    due = reservations.due(session, [int(hold_id) for hold_id in over.split(",")], now) if over else []
    for placed in due:
        reservations.reserve(placed.transfer, accounts, -placed.rest_fen)
    return OpenBooks(day, accounts, due, stop_id is not None)


@cache
def opening(database: str) -> TextualSelect:
    """The statement of `open_books`. On SQLite the transaction is alone since its BEGIN IMMEDIATE, and locks nothing here."""
    lock = "FOR NO KEY UPDATE" if is_postgresql(database) else ""
    return (
        text(
            f"WITH named AS MATERIALIZED (SELECT {_BOOKS} FROM ledger_account WHERE {_NAMED[is_postgresql(database)]}),"  # noqa: S608 # our own names
            f" over AS MATERIALIZED ({reservations.OVER}),"
            " sides AS (SELECT id FROM named WHERE locked UNION SELECT debit_id FROM over UNION SELECT credit_id FROM over),"
            f" ours AS MATERIALIZED (SELECT {_BOOKS} FROM ledger_account a WHERE a.locked AND {_SIDES[is_postgresql(database)]}"
            f" ORDER BY a.id {lock})"
            " SELECT y.day, (SELECT p.id FROM ledger_stop p WHERE p.state = 'stopped'),"
            f" (SELECT {'string_agg' if is_postgresql(database) else 'group_concat'}(CAST(id AS text), ',') FROM over), b.*"
            " FROM ledger_day y LEFT JOIN (SELECT * FROM ours UNION ALL SELECT * FROM named WHERE NOT locked) AS b ON true"
            " WHERE y.state = 'open'"
        )
        .bindparams(bindparam("now", type_=Instant))
        .columns(
            column("day", Date),
            column("stop_id", BigInteger),
            column("over", String),
            *(column(name, _BOOKS_TYPES.get(name, BigInteger)) for name in _BOOKS.split(", ")),
        )
    )


def _books(row: Sequence[Any]) -> Books:
    (*_, key, code, kind, currency, locked, floor_fen, ceiling_fen, state, debits_fen, credits_fen, out_fen, in_fen) = (
        row
    )
    return Books(
        key,
        code,
        _TYPES[kind],
        currency,
        locked,
        floor_fen,
        ceiling_fen,
        _STATES[state],
        debits_fen,
        credits_fen,
        out_fen,
        in_fen,
    )


def find(session: Session, references: Iterable[str]) -> dict[str, Known]:
    """Those of the references that are in the books."""
    wanted = sorted(set(references))
    if not wanted:
        return {}
    found = session.execute(finding(dialect(session)), {"references": listed(session, wanted)})
    return known(found)


def known(found: Iterable[Any]) -> dict[str, Known]:
    """What the statement `finding` found."""
    return {
        row.reference: Known(
            Posted(
                id=row.id,
                transfer=Transfer(
                    reference=row.reference,
                    debit=row.debit,
                    credit=row.credit,
                    amount_fen=row.amount_fen,
                    kind=row.kind,
                    occurred_at=in_utc(row.occurred_at),
                    journal=row.journal,
                    metadata=json.loads(row.metadata),
                ),
                business_date=row.business_date,
                recorded_at=in_utc(row.recorded_at),
                replayed=True,
            ),
            fingerprint=row.fingerprint,
            reverses=row.reverses,
        )
        for row in found
    }


@cache
def finding(database: str) -> TextualSelect:
    """The statement of `find`."""
    return text(
        "SELECT t.id, t.reference, d.code AS debit, c.code AS credit, t.amount_fen, t.kind, t.occurred_at, t.recorded_at,"  # noqa: S608 # our own names
        " t.business_date, t.journal, t.fingerprint, t.metadata, t.reverses FROM ledger_transfer t"
        " JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id"
        f" WHERE {among(database, 't.reference', 'references')}"
    ).columns(
        column("id", BigInteger),
        column("reference", String),
        column("debit", String),
        column("credit", String),
        column("amount_fen", BigInteger),
        column("kind", String),
        column("occurred_at", Instant),
        column("recorded_at", Instant),
        column("business_date", Date),
        column("journal", String),
        column("fingerprint", String),
        column("metadata", String),
        column("reverses", BigInteger),
    )


def write(
    session: Session, new: Sequence[Decision], accounts: Mapping[str, Books], day: date, now: datetime
) -> dict[str, int]:
    """Write the transfers and move the accounts; the ids by reference, without those that somebody else has written in the meantime.

    Ids follow the order of the batch. The references are entered sorted, so that two batches never wait for each other crosswise. On
    PostgreSQL it is one statement.
    """
    moved = moves(accounts.values())
    values = {
        **given(session, NEW, [row(decision, accounts) for decision in new]),
        "business_date": day,
        "recorded_at": now,
    }
    if is_postgresql(session):
        values |= given(session, MOVED, moved)
    elif moved:
        session.execute(_moving(dialect(session)), given(session, MOVED, moved))
    # Who reverses the same transfer in the same moment may be met at either of two unique indexes; all others at that of references.
    either = any(decision.order.reverses is not None for decision in new)
    return dict(session.execute(_inserting(dialect(session), "" if either else "(reference)"), values).all())


@cache
def _inserting(database: str, conflict: str) -> TextualSelect:
    names = ", ".join(name for name, _ in NEW)
    if is_postgresql(database):
        statement = (
            f"WITH moved AS ({MOVE} FROM {rows(database, MOVED, 'moves')} WHERE ledger_account.id = moves.account_id)"  # noqa: S608 # our own names
            f" INSERT INTO ledger_transfer (id, {names}, business_date, recorded_at) OVERRIDING SYSTEM VALUE"
            f" SELECT id, {names}, :business_date, :recorded_at"
            f" FROM (SELECT nextval('ledger_transfer_id_seq') AS id, {names} FROM {rows(database, NEW)}) AS numbered"
            " ORDER BY reference"
        )
    else:
        statement = (
            f"INSERT INTO ledger_transfer ({names}, business_date, recorded_at)"  # noqa: S608 # our own names
            f" SELECT {names}, :business_date, :recorded_at FROM {rows(database, NEW)} WHERE true ORDER BY position"
        )
    return (
        text(f"{statement} ON CONFLICT {conflict} DO NOTHING RETURNING reference, id")
        .bindparams(bindparam("business_date", type_=Date), bindparam("recorded_at", type_=Instant))
        .columns(column("reference", String), column("id", BigInteger))
    )


def move(session: Session, accounts: Iterable[Books]) -> None:
    """Raise the sums of the locked accounts by what the batch moved, and what holds reserve of them. Derived accounts are not touched."""
    moved = moves(accounts)
    if moved:
        session.execute(_moving(dialect(session)), given(session, MOVED, moved))


@cache
def _moving(database: str) -> TextClause:
    return text(f"{MOVE} FROM {rows(database, MOVED, 'moves')} WHERE ledger_account.id = moves.account_id")


def moves(accounts: Iterable[Books]) -> list[tuple[int, ...]]:
    """What is to be written of the accounts: id, debits, credits, held out and held in, each as a difference in fen."""
    return [
        (
            account.id,
            account.moved_debits_fen,
            account.moved_credits_fen,
            account.moved_held_out_fen,
            account.moved_held_in_fen,
        )
        for account in accounts
        if account.has_moved()
    ]


def row(decision: Decision, accounts: Mapping[str, Books]) -> tuple[Value, ...]:
    """A new transfer as `NEW` lists its columns."""
    transfer = decision.order.transfer
    debit = accounts[transfer.debit]
    return (
        transfer.reference,
        debit.id,
        accounts[transfer.credit].id,
        transfer.amount_fen,
        debit.currency,
        transfer.kind,
        decision.occurred_at,
        transfer.journal,
        decision.fingerprint,
        canonical_metadata(transfer.metadata),
        decision.order.reverses,
    )
