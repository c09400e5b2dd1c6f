"""What accounts held at an instant, or at the end of a business day: from the last snapshot before it and a bounded rest.

The recorded order is the order of ids up to the last cut. An instant lies between two cuts: what was in the books at the first one counts,
and of what came before the second one, what was recorded until then. An answer is final when a later cut was drawn, or the day is closed:
then it is the same for ever. Until then money may still come in that was recorded before.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.orm import Session

from ledger import snapshots
from ledger.balances import TrialBalance, TrialBalanceRow
from ledger.errors import UnknownAccount
from ledger.instants import Instant
from ledger.models import AccountType, Cut, LedgerDay

_NO_END: Final = 2**62
_ANY: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PastBalance:
    """What an account held. Fen; the balance on the normal side. `final`: it will be the same whenever it is asked for."""

    code: str
    type: AccountType
    family: str
    currency: str
    debits_fen: int
    credits_fen: int
    balance_fen: int
    final: bool


@dataclass(frozen=True, slots=True)
class PastTrialBalance:
    """All accounts by family, as they were. `final`: it will be the same whenever it is asked for."""

    totals: TrialBalance
    final: bool


@dataclass(frozen=True, slots=True)
class _Until:
    """Transfers up to `low_id`, and those up to `high_id` that were recorded until `recorded_to`."""

    low_id: int
    high_id: int
    recorded_to: datetime
    final: bool


_CONDITION: Final = "t.id <= :high_id AND (t.id <= :low_id OR t.recorded_at <= :recorded_to)"


def balance_at(session: Session, code: str, instant: datetime) -> PastBalance:
    """What an account held at an instant, by what the ledger knew then.

    Raises:
        UnknownAccount: the code names no account.
    """
    return _balance(session, code, _until_instant(session, instant))


def balance_on(session: Session, code: str, day: date) -> PastBalance:
    """What an account held at the end of a business day; of a day that is open, or to come, what it holds now.

    Raises:
        UnknownAccount: the code names no account.
    """
    return _balance(session, code, _until_day(session, day))


def trial_balance_at(session: Session, instant: datetime) -> PastTrialBalance:
    """All accounts as they were at an instant, by what the ledger knew then."""
    return _trial_balance(session, _until_instant(session, instant))


def trial_balance_on(session: Session, day: date) -> PastTrialBalance:
    """All accounts at the end of a business day; of a day that is open, or to come, as they are now."""
    return _trial_balance(session, _until_day(session, day))


def _until_instant(session: Session, instant: datetime) -> _Until:
    low = select(func.coalesce(func.max(Cut.cut_id), 0)).where(Cut.drawn_at <= instant)
    high = select(func.min(Cut.cut_id)).where(Cut.drawn_at > instant)
    low_id, high_id = session.execute(select(low.scalar_subquery(), high.scalar_subquery())).one()
    return _Until(low_id, _NO_END if high_id is None else high_id, instant, final=high_id is not None)


def _until_day(session: Session, day: date) -> _Until:
    cut = select(func.coalesce(func.max(LedgerDay.cut_id), 0)).where(LedgerDay.day <= day)
    still_open = select(func.count()).where(LedgerDay.day <= day, LedgerDay.cut_id.is_(None))
    cut_id, is_open = session.execute(select(cut.scalar_subquery(), still_open.scalar_subquery())).one()
    end = _NO_END if is_open else cut_id
    return _Until(end, end, _ANY, final=not is_open)


def _parameters(session: Session, until: _Until) -> dict[str, object]:
    return {
        "low_id": until.low_id,
        "high_id": until.high_id,
        "recorded_to": until.recorded_to,
        **snapshots.base_of(session, until.low_id).parameters(),
    }


def _balance(session: Session, code: str, until: _Until) -> PastBalance:
    row = session.execute(
        text(
            f"SELECT a.type, a.family, a.currency, {snapshots.sums(_CONDITION)} FROM ledger_account a WHERE a.code = :code"  # noqa: S608 # constants
        ).bindparams(bindparam("recorded_to", type_=Instant), *snapshots.typed()),
        {"code": code, **_parameters(session, until)},
    ).one_or_none()
    if row is None:
        raise UnknownAccount(f"no account {code}", account=code)
    kind = AccountType(row.type)
    return PastBalance(
        code,
        kind,
        row.family,
        row.currency,
        row.debits_fen,
        row.credits_fen,
        kind.normal(row.debits_fen, row.credits_fen),
        until.final,
    )


def _trial_balance(session: Session, until: _Until) -> PastTrialBalance:
    found = session.execute(
        text(
            "SELECT s.family, s.type, s.currency, count(*) AS accounts, sum(s.debits_fen) AS debits_fen,"  # noqa: S608 # constants
            f" sum(s.credits_fen) AS credits_fen FROM (SELECT a.family, a.type, a.currency, {snapshots.sums(_CONDITION)}"
            " FROM ledger_account a) AS s GROUP BY s.family, s.type, s.currency ORDER BY s.family, s.type, s.currency"
        ).bindparams(bindparam("recorded_to", type_=Instant), *snapshots.typed()),
        _parameters(session, until),
    )
    rows = tuple(
        TrialBalanceRow(
            family=row.family,
            type=AccountType(row.type),
            currency=row.currency,
            accounts=row.accounts,
            debits_fen=int(row.debits_fen),
            credits_fen=int(row.credits_fen),
            balance_fen=AccountType(row.type).normal(int(row.debits_fen), int(row.credits_fen)),
        )
        for row in found
    )
    totals = TrialBalance(rows, sum(row.debits_fen for row in rows), sum(row.credits_fen for row in rows))
    return PastTrialBalance(totals, until.final)
