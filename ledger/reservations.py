"""The statements about holds: what is placed, what is due, and what an open hold reserves on its locked accounts.

Whoever changes a hold has the locked accounts of the hold under lock; each hold has at least one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, Row, bindparam, text
from sqlalchemy.orm import Session

from ledger.arrays import among, listed
from ledger.instants import Instant, in_utc
from ledger.models import HoldState
from ledger.transfers import Transfer
from ledger.verdicts import Books

MAX_DUE = 20_000
"""So many holds whose time is over are ended by one call; the rest by the next."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A hold as it is kept. `transfer` is what it would post if all of it were settled."""

    id: int
    transfer: Transfer
    debit_id: int
    credit_id: int
    placed_at: datetime
    expires_at: datetime
    fingerprint: str
    state: HoldState
    settled_fen: int
    ended_at: datetime | None

    @property
    def rest_fen(self) -> int:
        """What is not settled yet. Fen."""
        return self.transfer.amount_fen - self.settled_fen

    def is_over(self, now: datetime) -> bool:
        """Whether its time was over before it was settled or released."""
        return self.state is HoldState.EXPIRED or (self.state is HoldState.OPEN and self.expires_at <= in_utc(now))


_SELECT = (
    "SELECT h.id, h.reference, d.code AS debit, c.code AS credit, h.debit_id, h.credit_id, h.amount_fen, h.kind, h.recharge, h.occurred_at,"
    " h.placed_at, h.expires_at, h.fingerprint, h.metadata, h.state, h.settled_fen, h.ended_at FROM ledger_hold h"
    " JOIN ledger_account d ON d.id = h.debit_id JOIN ledger_account c ON c.id = h.credit_id"
)


OVER = (
    "SELECT h.id, h.debit_id, h.credit_id FROM ledger_hold h WHERE h.state = 'open' AND h.expires_at <= :now"  # noqa: S608 # a constant
    " AND (h.debit_id IN (SELECT id FROM named) OR h.credit_id IN (SELECT id FROM named))"
    f" ORDER BY h.expires_at, h.id LIMIT {MAX_DUE}"
)
"""Part of a statement: open holds of the accounts in `named` whose time is over, at most `MAX_DUE`."""


def find(session: Session, reference: str) -> Placed | None:
    """The hold of this reference."""
    found = _placed(session, "h.reference = :reference", {"reference": reference})
    return found[0] if found else None


def oldest_due(session: Session, now: datetime, limit: int) -> list[Placed]:
    """Open holds whose time is over, of whatever account, those that have been over longest first."""
    return _placed(
        session,
        "h.state = 'open' AND h.expires_at <= :now ORDER BY h.expires_at, h.id LIMIT :limit",
        {"now": now, "limit": limit},
    )


def due(session: Session, ids: Sequence[int], now: datetime) -> list[Placed]:
    """Those of the holds that are open and over: to be asked once their accounts are locked."""
    return _placed(
        session,
        f"h.state = 'open' AND h.expires_at <= :now AND {among(session, 'h.id', 'ids', 'bigint')} ORDER BY h.id",
        {"ids": listed(session, ids), "now": now},
    )


def reserve(placed: Transfer, accounts: Mapping[str, Books], amount_fen: int) -> bool:
    """Reserve, or with an amount below zero give back, on both sides of a hold; whether either side keeps count.

    Only locked accounts do. Others may be missing.
    """
    counted = False
    for code, is_debit in ((placed.debit, True), (placed.credit, False)):
        account = accounts.get(code)
        if account is None or not account.locked:
            continue
        if account.type.grows_by_debit != is_debit:
            account.moved_held_out_fen += amount_fen
            counted = True
        elif placed.recharge:
            account.moved_held_in_fen += amount_fen
            counted = True
    return counted


def insert(
    session: Session, placed: Transfer, accounts: Mapping[str, Books], terms: Mapping[str, object]
) -> int | None:
    """Write a hold; its id, or None when somebody has taken the reference in the meantime."""
    debit, credit = accounts[placed.debit], accounts[placed.credit]
    statement = text(
        "INSERT INTO ledger_hold (reference, debit_id, credit_id, amount_fen, currency, kind, recharge, occurred_at, placed_at,"
        " expires_at, fingerprint, metadata) VALUES (:reference, :debit_id, :credit_id, :amount_fen, :currency, :kind, :recharge,"
        " :occurred_at, :placed_at, :expires_at, :fingerprint, :metadata) ON CONFLICT (reference) DO NOTHING RETURNING id"
    ).bindparams(
        bindparam("occurred_at", type_=Instant),
        bindparam("placed_at", type_=Instant),
        bindparam("expires_at", type_=Instant),
    )
    written = session.execute(
        statement,
        {
            "reference": placed.reference,
            "debit_id": debit.id,
            "credit_id": credit.id,
            "amount_fen": placed.amount_fen,
            "currency": debit.currency,
            "kind": placed.kind,
            "recharge": placed.recharge,
            "occurred_at": placed.occurred_at,
            **terms,
        },
    )
    return written.scalar_one_or_none()


def end(session: Session, holds: Sequence[Placed], state: HoldState, now: datetime) -> None:
    """End open holds; what they reserved is given back by whoever moves their accounts."""
    if not holds:
        return
    session.execute(
        text(
            "UPDATE ledger_hold SET state = :state, ended_at = :now"  # noqa: S608 # our own names
            f" WHERE {among(session, 'id', 'ids', 'bigint')}"
        ).bindparams(bindparam("now", type_=Instant)),
        {"state": state.value, "now": now, "ids": listed(session, [placed.id for placed in holds])},
    )


def settle(session: Session, placed: Placed, transfer_id: int, amount_fen: int, ended_at: datetime | None) -> None:
    """Note that a transfer settled so much of a hold, and whether the hold ended with it."""
    session.execute(
        text(
            "UPDATE ledger_hold SET settled_fen = settled_fen + :amount_fen, state = :state, ended_at = :ended_at WHERE id = :id"
        ).bindparams(bindparam("ended_at", type_=Instant)),
        {
            "id": placed.id,
            "amount_fen": amount_fen,
            "state": (HoldState.SETTLED if ended_at else HoldState.OPEN).value,
            "ended_at": ended_at,
        },
    )
    session.execute(
        text("INSERT INTO ledger_hold_settlement (hold_id, transfer_id) VALUES (:hold_id, :transfer_id)"),
        {"hold_id": placed.id, "transfer_id": transfer_id},
    )


def _placed(session: Session, condition: str, values: Mapping[str, object]) -> list[Placed]:
    statement = text(f"{_SELECT} WHERE {condition}").columns(
        occurred_at=Instant, placed_at=Instant, expires_at=Instant, ended_at=Instant, recharge=Boolean
    )
    if "now" in values:
        statement = statement.bindparams(bindparam("now", type_=Instant))
    return [_of(row) for row in session.execute(statement, values)]


def _of(row: Row[tuple[object, ...]]) -> Placed:
    return Placed(
        id=row.id,
        transfer=Transfer(
            reference=row.reference,
            debit=row.debit,
            credit=row.credit,
            amount_fen=row.amount_fen,
            kind=row.kind,
            occurred_at=row.occurred_at,
            metadata=json.loads(row.metadata),
            recharge=row.recharge,
        ),
        debit_id=row.debit_id,
        credit_id=row.credit_id,
        placed_at=row.placed_at,
        expires_at=row.expires_at,
        fingerprint=row.fingerprint,
        state=HoldState(row.state),
        settled_fen=row.settled_fen,
        ended_at=row.ended_at,
    )
