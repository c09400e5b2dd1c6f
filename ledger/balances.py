"""What accounts hold, how they came to it, and all of them together. Each answer is one statement, so it is of one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Boolean, Date, Row, text
from sqlalchemy.orm import Session

from ledger.arrays import among, listed
from ledger.errors import UnknownAccount
from ledger.instants import Instant
from ledger.models import AccountState, AccountType

MAX_PAGE = 10_000

_SUMS = (
    " a.posted_debits_fen + CASE WHEN a.locked THEN 0 ELSE CAST(COALESCE((SELECT sum(t.amount_fen) FROM ledger_transfer t"
    " WHERE t.debit_id = a.id AND t.id > a.folded_to), 0) AS bigint) END AS debits_fen,"
    " a.posted_credits_fen + CASE WHEN a.locked THEN 0 ELSE CAST(COALESCE((SELECT sum(t.amount_fen) FROM ledger_transfer t"
    " WHERE t.credit_id = a.id AND t.id > a.folded_to), 0) AS bigint) END AS credits_fen"
)
"""Checkpoint plus the transfers after it: for a locked account the posted sums alone."""
_COLUMNS = "a.code, a.type, a.family, a.currency, a.floor_fen, a.ceiling_fen, a.state, a.held_out_fen, a.held_in_fen"
_SELECT = f"SELECT {_COLUMNS},{_SUMS} FROM ledger_account a"  # noqa: S608 # constants


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds. All amounts in fen; `balance_fen`, floor and ceiling on the normal side of its type.

    `held_out_fen` and `held_in_fen`: what holds reserve for leaving the account, and for recharging it. A hold whose time is over counts
    until it is expired, which happens by command, and at the next posting to the account.
    """

    code: str
    type: AccountType
    family: str
    currency: str
    debits_fen: int
    credits_fen: int
    balance_fen: int
    floor_fen: int | None
    ceiling_fen: int | None
    state: AccountState
    held_out_fen: int
    held_in_fen: int


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One transfer, seen from one of its two accounts. `change_fen` is on the normal side: below zero when the balance fell."""

    id: int
    reference: str
    kind: str
    other: str
    debit: bool
    amount_fen: int
    change_fen: int
    occurred_at: datetime
    recorded_at: datetime
    business_date: date
    journal: str | None


@dataclass(frozen=True, slots=True)
class StatementPage:
    """A page of a statement, in recorded order. The next page begins after the last line's id."""

    code: str
    lines: tuple[StatementLine, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class TrialBalanceRow:
    """The accounts of one family, type and currency together. Fen; the balance on the normal side."""

    family: str
    type: AccountType
    currency: str
    accounts: int
    debits_fen: int
    credits_fen: int
    balance_fen: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every family, and the two totals, which are equal or something is wrong."""

    rows: tuple[TrialBalanceRow, ...]
    total_debits_fen: int
    total_credits_fen: int


def balance(session: Session, code: str) -> Balance:
    """What one account holds.

    Raises:
        UnknownAccount: the code names no account.
    """
    found = balances(session, [code])
    if code not in found:
        raise UnknownAccount(f"no account {code}", account=code)
    return found[code]


def balances(session: Session, codes: Sequence[str]) -> dict[str, Balance]:
    """What the accounts hold, by code, in one statement; codes that name no account are left out."""
    if not codes:
        return {}
    found = session.execute(
        text(f"{_SELECT} WHERE {among(session, 'a.code', 'codes')}"),
        {"codes": listed(session, sorted(set(codes)))},
    )
    return {row.code: _balance(row) for row in found}


def balances_of_family(session: Session, family: str, after_code: str = "", limit: int = 1_000) -> list[Balance]:
    """A page of a family's accounts, by code: those after `after_code`, at most `limit` (and never more than `MAX_PAGE`)."""
    found = session.execute(
        text(f"{_SELECT} WHERE a.family = :family AND a.code > :after ORDER BY a.code LIMIT :limit"),
        {"family": family, "after": after_code, "limit": min(limit, MAX_PAGE)},
    )
    return [_balance(row) for row in found]


def statement(session: Session, code: str, *, after_id: int = 0, limit: int = 100) -> StatementPage:
    """The transfers of an account in recorded order: those after `after_id`, at most `limit` (and never more than `MAX_PAGE`).

    Raises:
        UnknownAccount: the code names no account.
    """
    account = session.execute(
        text("SELECT id, type FROM ledger_account WHERE code = :code"), {"code": code}
    ).one_or_none()
    if account is None:
        raise UnknownAccount(f"no account {code}", account=code)
    limit = min(limit, MAX_PAGE)
    # Each side is read by its own index up to the limit; one condition with OR would make the database read all of it.
    sides = " UNION ALL ".join(
        f"SELECT * FROM (SELECT t.*, t.{other} AS other_id, {side} AS is_debit FROM ledger_transfer t"  # noqa: S608 # constants
        f" WHERE t.{own} = :id AND t.id > :after ORDER BY t.id LIMIT :limit) AS {own}_side"
        for own, other, side in (("debit_id", "credit_id", "true"), ("credit_id", "debit_id", "false"))
    )
    found = session.execute(
        text(
            f"SELECT s.*, o.code AS other FROM ({sides}) AS s"  # noqa: S608 # constants
            " JOIN ledger_account o ON o.id = s.other_id ORDER BY s.id LIMIT :limit"
        ).columns(is_debit=Boolean, occurred_at=Instant, recorded_at=Instant, business_date=Date),
        {"id": account.id, "after": after_id, "limit": limit + 1},
    ).all()
    grows_by_debit = AccountType(account.type).grows_by_debit
    return StatementPage(
        code, tuple(_line(row, grows_by_debit=grows_by_debit) for row in found[:limit]), len(found) > limit
    )


def trial_balance(session: Session) -> TrialBalance:
    """Every account, grouped by family, type and currency: nobody reads three million purses."""
    found = session.execute(
        text(
            "SELECT s.family, s.type, s.currency, count(*) AS accounts, sum(s.debits_fen) AS debits_fen,"  # noqa: S608 # constants
            f" sum(s.credits_fen) AS credits_fen FROM (SELECT a.family, a.type, a.currency,{_SUMS} FROM ledger_account a) AS s"
            " GROUP BY s.family, s.type, s.currency ORDER BY s.family, s.type, s.currency"
        )
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
    return TrialBalance(rows, sum(row.debits_fen for row in rows), sum(row.credits_fen for row in rows))


def _balance(row: Row[tuple[object, ...]]) -> Balance:
    kind = AccountType(row.type)
    return Balance(
        code=row.code,
        type=kind,
        family=row.family,
        currency=row.currency,
        debits_fen=row.debits_fen,
        credits_fen=row.credits_fen,
        balance_fen=kind.normal(row.debits_fen, row.credits_fen),
        floor_fen=row.floor_fen,
        ceiling_fen=row.ceiling_fen,
        state=AccountState(row.state),
        held_out_fen=row.held_out_fen,
        held_in_fen=row.held_in_fen,
    )


def _line(row: Row[tuple[object, ...]], *, grows_by_debit: bool) -> StatementLine:
    return StatementLine(
        id=row.id,
        reference=row.reference,
        kind=row.kind,
        other=row.other,
        debit=row.is_debit,
        amount_fen=row.amount_fen,
        change_fen=row.amount_fen if row.is_debit == grows_by_debit else -row.amount_fen,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        business_date=row.business_date,
        journal=row.journal,
    )
