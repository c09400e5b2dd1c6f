"""What an export tells: balances at the beginning, transfers in recorded order, balances at the end. All of it streamed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, text
from sqlalchemy.orm import Session

from ledger.balances import balances_of_family, trial_balance
from ledger.checks import streamed
from ledger.export.period import Period
from ledger.instants import Instant
from ledger.models import AccountType

ACCOUNTS_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class Held:
    """What an account holds at an instant: `debit_fen` above zero on the debit side, below zero on the credit side."""

    code: str
    type: AccountType
    family: str
    currency: str
    debit_fen: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A transfer with both its accounts; `metadata` is its one JSON text, `reverses` the id of the transfer that it undoes."""

    id: int
    reference: str
    debit: str
    debit_type: AccountType
    credit: str
    credit_type: AccountType
    amount_fen: int
    currency: str
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    business_date: date
    journal: str | None
    reverses: int | None
    metadata: str


def entries(session: Session, period: Period) -> Iterator[Entry]:
    """The transfers of the period in recorded order, by one statement.

    A transfer of an account that is not there, which `prove()` reports, is left out; the balances at the end then contradict the file.
    """
    found = streamed(
        session,
        text(
            "SELECT t.id, t.reference, d.code AS debit, d.type AS debit_type, c.code AS credit, c.type AS credit_type,"
            " t.amount_fen, t.currency, t.kind, t.occurred_at, t.recorded_at, t.business_date, t.journal, t.reverses, t.metadata"
            " FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id"
            " WHERE t.id > :after AND t.id <= :cut ORDER BY t.id"
        )
        .columns(occurred_at=Instant, recorded_at=Instant, business_date=Date)
        .bindparams(after=period.after_id, cut=period.cut_id),
    )
    for row in found:
        values = row._asdict()
        values |= {"debit_type": AccountType(row.debit_type), "credit_type": AccountType(row.credit_type)}
        yield Entry(**values)


def openings(session: Session, period: Period) -> Iterator[Held]:
    """What the accounts held before the period, without those that held nothing. The same for ever: the days before are closed."""
    return (held for held in _sums_until(session, period.after_id) if held.debit_fen)


def closings(session: Session, period: Period) -> Iterator[Held]:
    """What the accounts hold at the end of the period, with those that hold nothing any more; accounts that never moved are left out.

    Of closed days: the sums of the transfers, the same for ever. Otherwise what `balance()` answers, so that another program finds out
    if it is not what the transfers say.
    """
    return _sums_until(session, period.cut_id) if period.final else _balances(session)


def _sums_until(session: Session, cut_id: int) -> Iterator[Held]:
    # In the order of ids, not codes: that order is the same on every database and under every collation.
    found = streamed(
        session,
        text(
            "SELECT a.code, a.type, a.family, a.currency, s.debit_fen FROM ledger_account a JOIN ("
            " SELECT u.account_id, CAST(sum(u.debit_fen) AS bigint) AS debit_fen FROM ("
            " SELECT debit_id AS account_id, amount_fen AS debit_fen FROM ledger_transfer WHERE id <= :cut"
            " UNION ALL SELECT credit_id, -amount_fen FROM ledger_transfer WHERE id <= :cut"
            ") AS u GROUP BY u.account_id) AS s ON s.account_id = a.id ORDER BY a.id"
        ).bindparams(cut=cut_id),
    )
    for row in found:
        yield Held(row.code, AccountType(row.type), row.family, row.currency, row.debit_fen)


def _balances(session: Session) -> Iterator[Held]:
    for family in sorted({row.family for row in trial_balance(session).rows}):
        after_code = ""
        while page := balances_of_family(session, family, after_code, ACCOUNTS_AT_A_TIME):
            after_code = page[-1].code
            for account in page:
                if account.debits_fen or account.credits_fen:
                    net_fen = account.debits_fen - account.credits_fen
                    yield Held(account.code, account.type, account.family, account.currency, net_fen)
