"""The checks of a proof on what is kept about the past: cuts, folds and snapshots."""

from collections.abc import Iterator

from sqlalchemy import Date, text
from sqlalchemy.orm import Session

from ledger.checks import Difference, streamed

_CUTS = (
    "SELECT c.id, c.cut_id, lag(c.cut_id) OVER (ORDER BY c.id) AS before_id,"
    " CASE WHEN lag(c.drawn_at) OVER (ORDER BY c.id) > c.drawn_at THEN 1 ELSE 0 END AS is_back FROM ledger_cut c"
)
_SNAPSHOTS = (
    "WITH moved AS (SELECT u.account_id, u.day, sum(u.debits_fen) AS debits_fen, sum(u.credits_fen) AS credits_fen FROM"
    " (SELECT t.debit_id AS account_id, t.business_date AS day, t.amount_fen AS debits_fen, 0 AS credits_fen FROM ledger_transfer t"
    " UNION ALL SELECT t.credit_id, t.business_date, 0, t.amount_fen FROM ledger_transfer t) AS u"
    " JOIN ledger_day d ON d.day = u.day AND d.snapshots IS NOT NULL GROUP BY u.account_id, u.day),"
    " compared AS (SELECT m.account_id, m.day, 1 AS expected, 0 AS found,"
    " sum(m.debits_fen) OVER (PARTITION BY m.account_id ORDER BY m.day) AS debits_fen,"
    " sum(m.credits_fen) OVER (PARTITION BY m.account_id ORDER BY m.day) AS credits_fen FROM moved m"
    " UNION ALL SELECT s.account_id, s.day, 0, 1, -s.debits_fen, -s.credits_fen FROM ledger_snapshot s)"
    " SELECT c.account_id, c.day, a.code, sum(c.expected) AS expected, sum(c.found) AS found,"
    " sum(c.debits_fen) AS debits_fen, sum(c.credits_fen) AS credits_fen FROM compared c"
    " LEFT JOIN ledger_account a ON a.id = c.account_id GROUP BY c.account_id, c.day, a.code"
    " HAVING sum(c.expected) <> sum(c.found) OR sum(c.debits_fen) <> 0 OR sum(c.credits_fen) <> 0 ORDER BY c.day, a.code"
)


def cut_order(session: Session) -> Iterator[Difference]:
    """Cuts follow one another in time and in recorded order."""
    found = streamed(
        session,
        text(f"SELECT * FROM ({_CUTS}) AS c WHERE c.cut_id < c.before_id OR c.is_back = 1 ORDER BY c.id"),  # noqa: S608 # constants
    )
    for row in found:
        yield Difference("cut_order", f"cut {row.id}", f"after id {row.before_id}, and later", f"id {row.cut_id}")


def snapshots(session: Session) -> Iterator[Difference]:
    """A snapshot holds what the transfers up to the cut of its day add up to, and every account that moved has one."""
    for row in streamed(session, text(_SNAPSHOTS).columns(day=Date)):
        where = f"account {row.code or row.account_id} on {row.day}"
        if row.expected != row.found:
            yield Difference("snapshot", where, f"{row.expected} snapshots", f"{row.found}")
        else:
            off = f"off by {-int(row.debits_fen)} fen of debits, {-int(row.credits_fen)} fen of credits"
            yield Difference("snapshot", where, "the sums of the transfers", off)
