"""What accounts held at the cut of a closed day: sums of the transfers up to an id, whatever was posted since."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.arrays import among, listed
from ledger.models import AccountType

ROWS_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class SumUntil:
    """What an account held at a cut; `balance_fen` on the normal side of its type."""

    code: str
    family: str
    type: AccountType
    balance_fen: int


def sums_until(session: Session, cut_id: int, families: Sequence[str]) -> Iterator[SumUntil]:
    """Balances as at a cut, computed from the transfers with an id up to it, in the order of the codes.

    Final for ever when the cut is that of a closed day. One statement; rows are streamed, accounts that never moved are left out.
    """
    statement = text(
        "SELECT a.code, a.family, a.type, CAST(sum(s.debits_fen) AS bigint) AS debits_fen,"  # noqa: S608 # constants
        " CAST(sum(s.credits_fen) AS bigint) AS credits_fen"
        " FROM ledger_account a JOIN ("
        " SELECT debit_id AS account_id, amount_fen AS debits_fen, 0 AS credits_fen FROM ledger_transfer WHERE id <= :cut"
        " UNION ALL"
        " SELECT credit_id, 0, amount_fen FROM ledger_transfer WHERE id <= :cut"
        f") AS s ON s.account_id = a.id WHERE {among(session, 'a.family', 'families')}"
        " GROUP BY a.code, a.family, a.type ORDER BY a.code"
    )
    found = session.execute(
        statement,
        {"cut": cut_id, "families": listed(session, families)},
        execution_options={"yield_per": ROWS_AT_A_TIME},
    )
    for row in found:
        kind = AccountType(row.type)
        yield SumUntil(row.code, row.family, kind, kind.normal(row.debits_fen, row.credits_fen))
