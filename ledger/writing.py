"""The statements of posting: a fixed number of them, whatever the size of the batch."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Boolean, Date, Row, text
from sqlalchemy.orm import Session

from ledger import reservations
from ledger.arrays import Column, among, given, is_postgresql, listed, rows
from ledger.errors import NoOpenDay
from ledger.instants import Instant, canonical, in_utc
from ledger.models import AccountState, AccountType
from ledger.reservations import Placed
from ledger.transfers import Posted, Transfer, canonical_metadata
from ledger.verdicts import Books, Decision, Known

_NEW: Sequence[Column] = (
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
_MOVED: Sequence[Column] = (
    ("id", "bigint"),
    ("debits_fen", "bigint"),
    ("credits_fen", "bigint"),
    ("out_fen", "bigint"),
    ("in_fen", "bigint"),
)
_BOOKS = (
    "a.id, a.code, a.type, a.currency, a.locked, a.floor_fen, a.ceiling_fen, a.state, a.posted_debits_fen, a.posted_credits_fen,"
    " a.held_out_fen, a.held_in_fen"
)


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

    Raises:
        NoOpenDay: no business day was ever opened.
    """
    found = session.execute(
        text(
            f"SELECT d.day, (SELECT p.id FROM ledger_stop p WHERE p.state = 'stopped') AS stop_id, {_BOOKS} FROM ledger_day d"  # noqa: S608 # our own names
            f" LEFT JOIN ledger_account a ON {among(session, 'a.code', 'codes')} WHERE d.state = 'open'"
        ).columns(day=Date, locked=Boolean),
        {"codes": listed(session, sorted(set(codes)))},
    ).all()
    if not found:
        raise NoOpenDay("no business day is open")
    accounts = {row.code: _books(row) for row in found if row.code is not None}
    return _lock(session, OpenBooks(found[0].day, accounts, [], found[0].stop_id is not None), now)


def _lock(session: Session, books: OpenBooks, now: datetime) -> OpenBooks:
    """Lock the accounts with a checked balance, and with them those of their holds that are over: in one sorted run."""
    accounts = books.accounts
    holding = [account.id for account in accounts.values() if account.held_out_fen or account.held_in_fen]
    due = reservations.due(session, holding, now) if holding else []
    to_lock = {account.id for account in accounts.values() if account.locked}
    others = {side for placed in due for side in (placed.debit_id, placed.credit_id)} - {
        account.id for account in accounts.values()
    }
    # On SQLite the transaction is alone since its BEGIN IMMEDIATE, and what was read is what is there.
    if others or (to_lock and is_postgresql(session)):
        lock = " FOR NO KEY UPDATE" if is_postgresql(session) else ""
        found = session.execute(
            text(
                f"SELECT {_BOOKS} FROM ledger_account a WHERE {among(session, 'a.id', 'ids', 'bigint')} AND a.locked"  # noqa: S608 # our own names
                f" ORDER BY a.id{lock}"
            ).columns(locked=Boolean),
            {"ids": listed(session, sorted(to_lock | others))},
        )
        accounts.update((row.code, _books(row)) for row in found)
    due = reservations.still_due(session, due, now)
    for placed in due:
        reservations.reserve(placed.transfer, accounts, -placed.rest_fen)
    return OpenBooks(books.day, accounts, due, books.stopped)


def _books(row: Row[tuple[object, ...]]) -> Books:
    return Books(
        id=row.id,
        code=row.code,
        type=AccountType(row.type),
        currency=row.currency,
        locked=row.locked,
        floor_fen=row.floor_fen,
        ceiling_fen=row.ceiling_fen,
        state=AccountState(row.state),
        debits_fen=row.posted_debits_fen,
        credits_fen=row.posted_credits_fen,
        held_out_fen=row.held_out_fen,
        held_in_fen=row.held_in_fen,
    )


def find(session: Session, references: Iterable[str]) -> dict[str, Known]:
    """Those of the references that are in the books."""
    wanted = sorted(set(references))
    if not wanted:
        return {}
    found = session.execute(
        text(
            "SELECT t.id, t.reference, d.code AS debit, c.code AS credit, t.amount_fen, t.kind, t.occurred_at, t.recorded_at,"  # noqa: S608 # our own names
            " t.business_date, t.journal, t.fingerprint, t.metadata, t.reverses FROM ledger_transfer t"
            " JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id"
            f" WHERE {among(session, 't.reference', 'references')}"
        ).columns(occurred_at=Instant, recorded_at=Instant, business_date=Date),
        {"references": listed(session, wanted)},
    )
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
                    occurred_at=row.occurred_at,
                    journal=row.journal,
                    metadata=json.loads(row.metadata),
                ),
                business_date=row.business_date,
                recorded_at=row.recorded_at,
                replayed=True,
            ),
            fingerprint=row.fingerprint,
            reverses=row.reverses,
        )
        for row in found
    }


def insert(
    session: Session, new: Sequence[Decision], accounts: Mapping[str, Books], day: date, now: datetime
) -> dict[str, int]:
    """Write the transfers; returns the ids by reference, without those that somebody else has written in the meantime.

    Ids follow the order of the batch. The references are entered sorted, so that two batches never wait for each other crosswise.
    """
    values = [_row(decision, accounts) for decision in new]
    names = ", ".join(name for name, _ in _NEW)
    if is_postgresql(session):
        numbered = f"(SELECT nextval('ledger_transfer_id_seq') AS id, {names} FROM {rows(session, _NEW)}) AS numbered"  # noqa: S608 # our own names
        statement = (
            f"INSERT INTO ledger_transfer (id, {names}, business_date, recorded_at) OVERRIDING SYSTEM VALUE"  # noqa: S608 # our own names
            f" SELECT id, {names}, :business_date, :recorded_at FROM {numbered} ORDER BY reference"
        )
        fixed: dict[str, object] = {"business_date": day, "recorded_at": in_utc(now)}
    else:
        statement = (
            f"INSERT INTO ledger_transfer ({names}, business_date, recorded_at)"  # noqa: S608 # our own names
            f" SELECT {names}, :business_date, :recorded_at FROM {rows(session, _NEW)} WHERE true ORDER BY position"
        )
        fixed = {"business_date": day.isoformat(), "recorded_at": canonical(now)}
    written = session.execute(
        text(f"{statement} ON CONFLICT (reference) DO NOTHING RETURNING id, reference"),
        {**given(session, _NEW, values), **fixed},
    )
    return {row.reference: row.id for row in written}


def move(session: Session, accounts: Iterable[Books]) -> None:
    """Raise the sums of the locked accounts by what the batch moved, and what holds reserve of them. Derived accounts are not touched."""
    moved = [
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
    if not moved:
        return
    session.execute(
        text(
            "UPDATE ledger_account SET posted_debits_fen = posted_debits_fen + given.debits_fen,"  # noqa: S608 # our own names
            " posted_credits_fen = posted_credits_fen + given.credits_fen,"
            " held_out_fen = held_out_fen + given.out_fen, held_in_fen = held_in_fen + given.in_fen"
            f" FROM {rows(session, _MOVED)} WHERE ledger_account.id = given.id"
        ),
        given(session, _MOVED, moved),
    )


def _row(decision: Decision, accounts: Mapping[str, Books]) -> tuple[str | int | datetime | None, ...]:
    transfer = decision.order.transfer
    debit, credit = accounts[transfer.debit], accounts[transfer.credit]
    return (
        transfer.reference,
        debit.id,
        credit.id,
        transfer.amount_fen,
        debit.currency,
        transfer.kind,
        in_utc(transfer.occurred_at),
        transfer.journal,
        decision.fingerprint,
        canonical_metadata(transfer.metadata),
        decision.order.reverses,
    )
