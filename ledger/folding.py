"""Roll-up: the checkpoints of derived accounts move forward to a cut, so that their balances stay quick to read.

Posting never waits for it, and a balance is the same before, during and after: checkpoint and `folded_to` are one row, and the balance is
one statement over that row and the transfers after it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from ledger import barrier, cuts, stops
from ledger.instants import Instant

MAX_FOLDED_AT_ONCE: Final = 200_000
"""Transfers in one roll-up: it is one transaction, and on SQLite posting waits for it."""


@dataclass(frozen=True, slots=True)
class Folded:
    """What a roll-up did: the checkpoints hold everything up to `folded_to`; `accounts` of them moved; `has_more` is to be folded."""

    folded_to: int
    accounts: int
    has_more: bool


_TARGET: Final = text(
    "SELECT max(p.id) AS last_id, count(*) AS transfers FROM"
    " (SELECT t.id FROM ledger_transfer t WHERE t.id > :low_id AND t.id <= :cut_id ORDER BY t.id LIMIT :limit) AS p"
)
_ADVANCE: Final = text(
    "UPDATE ledger_account SET posted_debits_fen = posted_debits_fen + m.debits_fen,"
    " posted_credits_fen = posted_credits_fen + m.credits_fen, folded_to = :target_id FROM"
    " (SELECT u.account_id, CAST(sum(u.debits_fen) AS bigint) AS debits_fen, CAST(sum(u.credits_fen) AS bigint) AS credits_fen FROM"
    " (SELECT t.debit_id AS account_id, t.amount_fen AS debits_fen, 0 AS credits_fen FROM ledger_transfer t"
    " WHERE t.id > :low_id AND t.id <= :target_id"
    " UNION ALL SELECT t.credit_id, 0, t.amount_fen FROM ledger_transfer t WHERE t.id > :low_id AND t.id <= :target_id) AS u"
    " GROUP BY u.account_id) AS m"
    " WHERE ledger_account.id = m.account_id AND NOT ledger_account.locked AND ledger_account.folded_to <= :low_id RETURNING 1"
)
_NOTE: Final = text("INSERT INTO ledger_fold (folded_at, folded_to) VALUES (:folded_at, :folded_to)").bindparams(
    bindparam("folded_at", type_=Instant)
)


def fold(session: Session, *, now: datetime, limit: int = MAX_FOLDED_AT_ONCE) -> Folded:
    """Advance the checkpoints of all derived accounts towards the last cut, over at most `limit` transfers, all of them or none.

    Draw the cut in a transaction before this one, and call it, a transaction each, while `has_more`. Again, or after a crash, it goes on
    where it stopped.

    Raises:
        LedgerStopped: the books could not be proved: they are left as they are.
    """
    barrier.take_turns(session, barrier.FOLDING)
    stops.refuse(session)
    low_id: int = session.execute(text("SELECT COALESCE(max(folded_to), 0) FROM ledger_fold")).scalar_one()
    limit = min(limit, MAX_FOLDED_AT_ONCE)
    found = session.execute(_TARGET, {"low_id": low_id, "cut_id": cuts.last_cut(session), "limit": limit}).one()
    if found.last_id is None:
        return Folded(low_id, 0, has_more=False)
    moved = session.execute(_ADVANCE, {"low_id": low_id, "target_id": found.last_id}).all()
    session.execute(_NOTE, {"folded_at": now, "folded_to": found.last_id})
    return Folded(found.last_id, len(moved), has_more=found.transfers == limit)
