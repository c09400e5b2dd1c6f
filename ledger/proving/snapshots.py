"""The check of a proof on snapshots, a business day at a time: a day's accounts are few, however many days there are.

A snapshot is the one before it and what moved in the day. Each day is held against the one before, so all of them are what they must be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.arrays import is_postgresql
from ledger.checks import Difference, streamed


@dataclass(frozen=True, slots=True)
class SnapshotDay:
    """A business day (YYYY-MM-DD) whose snapshots are kept: its transfers have ids above `after_id`, up to `cut_id`."""

    day: str
    after_id: int
    cut_id: int
    snapshots: int


def snapshot_days(session: Session) -> tuple[SnapshotDay, ...]:
    """The days whose snapshots are kept, the first one first."""
    found = session.execute(
        text(
            "SELECT CAST(d.day AS text) AS day, COALESCE(lag(d.cut_id) OVER (ORDER BY d.day), 0) AS after_id, d.cut_id, d.snapshots"
            " FROM ledger_day d ORDER BY d.day"
        )
    )
    return tuple(SnapshotDay(*row) for row in found if row.cut_id is not None and row.snapshots is not None)


_BEFORE: Final = "SELECT p.{side}_fen FROM ledger_snapshot p WHERE p.account_id = m.account_id AND p.day < :day ORDER BY p.day DESC LIMIT 1"
_COMPARED: Final = (
    "WITH moved AS (SELECT u.account_id, sum(u.debits_fen) AS debits_fen, sum(u.credits_fen) AS credits_fen FROM"  # noqa: S608 # constants
    " (SELECT t.debit_id AS account_id, t.amount_fen AS debits_fen, 0 AS credits_fen FROM ledger_transfer t"
    " WHERE t.id > :after_id AND t.id <= :cut_id"
    " UNION ALL SELECT t.credit_id, 0, t.amount_fen FROM ledger_transfer t WHERE t.id > :after_id AND t.id <= :cut_id) AS u"
    " GROUP BY u.account_id),"
    " compared AS MATERIALIZED (SELECT m.account_id, s.debits_fen AS debits_found, s.credits_fen AS credits_found,"
    f" m.debits_fen + COALESCE(({_BEFORE.format(side='debits')}), 0) AS debits_fen,"
    f" m.credits_fen + COALESCE(({_BEFORE.format(side='credits')}), 0) AS credits_fen"
    " FROM moved m LEFT JOIN ledger_snapshot s ON s.account_id = m.account_id AND s.day = :day)"
    " SELECT c.account_id, a.code, c.debits_found, c.credits_found, c.debits_fen, c.credits_fen FROM compared c"
    " LEFT JOIN ledger_account a ON a.id = c.account_id WHERE c.debits_found IS NULL OR c.debits_found <> c.debits_fen"
    " OR c.credits_found <> c.credits_fen"
    " UNION ALL SELECT NULL, NULL, NULL, NULL, count(*), NULL FROM compared ORDER BY 2, 1"
)


def differences(session: Session, of: SnapshotDay) -> Iterator[Difference]:
    """A snapshot holds what the transfers up to the cut of its day add up to, and every account that moved has one."""
    parameters = {"day": of.day, "after_id": of.after_id, "cut_id": of.cut_id}
    statement = _COMPARED.replace(":day", "CAST(:day AS date)") if is_postgresql(session) else _COMPARED
    for row in streamed(session, text(statement), parameters):
        if row.account_id is None:
            if row.debits_fen != of.snapshots:
                yield Difference("snapshots", f"day {of.day}", f"{row.debits_fen} snapshots", f"{of.snapshots} counted")
            continue
        where = f"account {row.code or row.account_id} on {of.day}"
        expected = f"{int(row.debits_fen)} fen of debits, {int(row.credits_fen)} fen of credits"
        shown = f"{row.debits_found} fen of debits, {row.credits_found} fen of credits"
        yield Difference("snapshot", where, expected, "none" if row.debits_found is None else shown)


def kept(session: Session) -> Iterator[Difference]:
    """A closed day has as many snapshots as were counted, and none is of a day that has none."""
    found = streamed(
        session,
        text(
            "SELECT CAST(s.day AS text) AS day, COALESCE(max(d.snapshots), 0) AS counted, count(*) AS found FROM ledger_snapshot s"
            " LEFT JOIN ledger_day d ON d.day = s.day GROUP BY s.day HAVING COALESCE(max(d.snapshots), 0) <> count(*) ORDER BY s.day"
        ),
    )
    for row in found:
        yield Difference("snapshots", f"day {row.day}", f"{row.counted} snapshots", f"{row.found}")
