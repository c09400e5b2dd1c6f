"""Where the money is and what was found, in a form that two cities can be compared by: the same set of taps, the same state."""

import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.purse.uploads.models import TapFinding, TapRecord
from citizencard.settlement.clearing.asides import open_asides
from citizencard.settlement.clearing.models import TapSetAside
from ledger import balances_of_family
from ledger.models import Account

EARNED: Final = "earned"
"""A merchant's clearing and payable together: which of the two holds the money is a matter of the days on which it was closed."""
_PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class State:
    """What must not depend on the order of arrival.

    Args:
        balances: fen by account, those at 0 left out; `merchant:<m>:earned` is clearing and payable together.
        findings: kind, what it is about (identity of the tap, else digest of the record), and its detail as JSON; of those that stand.
        aside: identities of the taps whose money is set aside.
    """

    balances: dict[str, int]
    findings: frozenset[tuple[str, str, str]]
    aside: frozenset[str]


def state_of(session: Session) -> State:
    """The state of a city's books and findings; for proofs, since it reads all of them."""
    sums: dict[str, int] = {}
    for family in session.scalars(select(Account.family).distinct().order_by(Account.family)).all():
        after = ""
        while page := balances_of_family(session, family, after, _PAGE):
            for one in page:
                code = _comparable(one.code)
                sums[code] = sums.get(code, 0) + one.balance_fen
            after = page[-1].code
    rows = session.execute(
        select(TapFinding.kind, TapRecord.identity, TapRecord.digest, TapFinding.detail)
        .join(TapRecord, TapRecord.id == TapFinding.record_id)
        .where(TapFinding.withdrawn_at.is_(None))
    )
    findings = frozenset((row.kind, row.identity or row.digest, json.dumps(row.detail, sort_keys=True)) for row in rows)
    asides = open_asides(session, session.scalars(select(TapSetAside.record_id).distinct()).all())
    identities = session.scalars(select(TapRecord.identity).where(TapRecord.id.in_(asides)))
    return State(
        {code: fen for code, fen in sums.items() if fen}, findings, frozenset(str(identity) for identity in identities)
    )


def _comparable(code: str) -> str:
    for suffix in (":clearing", ":payable"):
        if code.startswith("merchant:") and code.endswith(suffix):
            return f"{code.removesuffix(suffix)}:{EARNED}"
    return code
