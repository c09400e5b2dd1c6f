"""Snapshots: what each account that moved in a business day held at its cut. Balances of the past begin there and stay bounded."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BindParameter, Date, bindparam, select, text, update
from sqlalchemy.orm import Session

from ledger.models import LedgerDay


@dataclass(frozen=True, slots=True)
class Base:
    """The last day with snapshots before a cut, and its cut. Without one: before all days, and 0."""

    day: date
    cut_id: int

    def parameters(self) -> dict[str, object]:
        """The parameters that `sums` expects."""
        return {"base_day": self.day, "base_id": self.cut_id}


def base_of(session: Session, cut_id: int) -> Base:
    """Where a sum up to this id can begin."""
    found = session.execute(
        select(LedgerDay.day, LedgerDay.cut_id)
        .where(LedgerDay.snapshots.is_not(None), LedgerDay.cut_id <= cut_id)
        .order_by(LedgerDay.day.desc())
        .limit(1)
    ).one_or_none()
    return Base(date.min, 0) if found is None else Base(found.day, found.cut_id)


def typed() -> tuple[BindParameter[Any], ...]:
    """The typed parameters of `sums`, for `bindparams`."""
    return (bindparam("base_day", type_=Date),)


def sums(until: str) -> str:
    """Columns `debits_fen` and `credits_fen` of an account `a`: its last snapshot up to `base_day`, and the transfers since.

    `until` is a condition on those transfers `t`.
    """
    return ", ".join(
        f"COALESCE((SELECT s.{side}s_fen FROM ledger_snapshot s WHERE s.account_id = a.id AND s.day <= :base_day"  # noqa: S608 # constants
        " ORDER BY s.day DESC LIMIT 1), 0)"
        f" + CAST(COALESCE((SELECT sum(t.amount_fen) FROM ledger_transfer t WHERE t.{side}_id = a.id AND t.id > :base_id AND ({until})), 0)"
        f" AS bigint) AS {side}s_fen"
        for side in ("debit", "credit")
    )


def write(session: Session, day: date) -> None:
    """Keep the snapshots of a closed day, and first of the closed days before it that have none: each begins with the one before.

    Can be run again, and by two at once: they come to the same rows.
    """
    waiting = session.execute(
        select(LedgerDay.day)
        .where(LedgerDay.day <= day, LedgerDay.cut_id.is_not(None), LedgerDay.snapshots.is_(None))
        .order_by(LedgerDay.day)
    ).scalars()
    for each in waiting.all():
        _write(session, each)


_MOVED = text(
    "INSERT INTO ledger_snapshot (account_id, day, debits_fen, credits_fen)"
    " SELECT m.account_id, :day, m.debits_fen + COALESCE((SELECT s.debits_fen FROM ledger_snapshot s"
    " WHERE s.account_id = m.account_id AND s.day < :day ORDER BY s.day DESC LIMIT 1), 0),"
    " m.credits_fen + COALESCE((SELECT s.credits_fen FROM ledger_snapshot s"
    " WHERE s.account_id = m.account_id AND s.day < :day ORDER BY s.day DESC LIMIT 1), 0) FROM"
    " (SELECT u.account_id, CAST(sum(u.debits_fen) AS bigint) AS debits_fen, CAST(sum(u.credits_fen) AS bigint) AS credits_fen FROM"
    " (SELECT t.debit_id AS account_id, t.amount_fen AS debits_fen, 0 AS credits_fen FROM ledger_transfer t"
    " WHERE t.id > :after_id AND t.id <= :cut_id"
    " UNION ALL SELECT t.credit_id, 0, t.amount_fen FROM ledger_transfer t WHERE t.id > :after_id AND t.id <= :cut_id) AS u"
    " GROUP BY u.account_id) AS m WHERE true ON CONFLICT (account_id, day) DO NOTHING"
).bindparams(bindparam("day", type_=Date))


def _write(session: Session, day: date) -> None:
    cut_id, after_id = session.execute(
        select(
            LedgerDay.cut_id,
            select(LedgerDay.cut_id)
            .where(LedgerDay.day < day)
            .order_by(LedgerDay.day.desc())
            .limit(1)
            .correlate(None)
            .scalar_subquery(),
        ).where(LedgerDay.day == day)
    ).one()
    session.execute(_MOVED, {"day": day, "cut_id": cut_id, "after_id": after_id or 0})
    counted = text("SELECT count(*) FROM ledger_snapshot WHERE day = :day").bindparams(bindparam("day", type_=Date))
    accounts = session.execute(counted, {"day": day}).scalar_one()
    session.execute(update(LedgerDay).where(LedgerDay.day == day).values(snapshots=accounts))
