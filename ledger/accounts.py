"""Opening accounts, and their states."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Boolean, text
from sqlalchemy.orm import Session

from ledger import barrier
from ledger.arrays import Column, among, given, listed, rows
from ledger.errors import AccountClosed, AccountDiffers, AccountNotEmpty, InvalidAccount, UnknownAccount
from ledger.models import LONGEST_CODE, AccountState, AccountType

MAX_ACCOUNTS_AT_ONCE = 20_000

_CODE = re.compile(rf"[A-Za-z0-9_.:-]{{1,{LONGEST_CODE}}}")
_FAMILY = re.compile(rf"[A-Za-z0-9_.:<>*-]{{1,{LONGEST_CODE}}}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_BIGGEST_LIMIT_FEN: Final = 2**53

_COLUMNS: Sequence[Column] = (
    ("code", "text"),
    ("type", "text"),
    ("family", "text"),
    ("currency", "text"),
    ("locked", "boolean"),
    ("floor_fen", "bigint"),
    ("ceiling_fen", "bigint"),
)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """The terms on which an account is opened.

    Args:
        code: its name for ever, at most 96 characters of `A-Z a-z 0-9 _ . : -`; opaque ids only, no names or numbers of people or cards.
        type: asset, liability, income, expense or equity; decides the normal side.
        family: what trial balances group it by, such as `purse:<card>`.
        locked: its row is locked and its balance checked at each posting; otherwise the balance is derived and posting never waits for it.
        floor_fen: the balance on the normal side never falls below; needs `locked`.
        ceiling_fen: recharges never raise the balance above; needs `locked`.
        currency: ISO 4217.
    """

    code: str
    type: AccountType
    family: str
    locked: bool
    floor_fen: int | None = None
    ceiling_fen: int | None = None
    currency: str = "CNY"


def open_accounts(session: Session, accounts: Sequence[NewAccount]) -> None:
    """Open the accounts; one that is open already on the same terms stays as it is.

    The number of SQL statements does not depend on how many accounts there are.

    Raises, in this order of precedence:
        InvalidAccount: terms that contradict each other; names the account and the field.
        AccountDiffers: the code is taken by an account on other terms.
    """
    if not accounts:
        return
    if len(accounts) > MAX_ACCOUNTS_AT_ONCE:
        raise InvalidAccount(f"at most {MAX_ACCOUNTS_AT_ONCE} accounts at once", field="accounts")
    wanted: dict[str, NewAccount] = {}
    for account in accounts:
        _check(account)
        if wanted.setdefault(account.code, account) != account:
            raise AccountDiffers(f"{account.code} is named twice on different terms", account=account.code)
    names = ", ".join(name for name, _ in _COLUMNS)
    # Sorted, so that two who open the same accounts do not wait for each other crosswise.
    session.execute(
        text(
            f"INSERT INTO ledger_account ({names}) SELECT {names} FROM {rows(session, _COLUMNS)}"  # noqa: S608 # our own names
            " WHERE true ORDER BY code ON CONFLICT (code) DO NOTHING"
        ),
        given(session, _COLUMNS, [_terms(account) for account in wanted.values()]),
    )
    found = session.execute(
        text(
            f"SELECT {names} FROM ledger_account WHERE {among(session, 'code', 'codes')}"  # noqa: S608 # our own names
        ).columns(locked=Boolean),
        {"codes": listed(session, wanted)},
    )
    for row in found:
        if tuple(row) != _terms(wanted[row.code]):
            raise AccountDiffers(f"{row.code} was opened on other terms", account=row.code)


def existing(session: Session, codes: Iterable[str]) -> set[str]:
    """Those of the codes that name an account, found by one statement."""
    wanted = sorted(set(codes))
    if not wanted:
        return set()
    found = session.execute(
        text(f"SELECT code FROM ledger_account WHERE {among(session, 'code', 'codes')}"),  # noqa: S608 # our own names
        {"codes": listed(session, wanted)},
    )
    return set(found.scalars())


def set_account_state(session: Session, code: str, state: AccountState) -> None:
    """Freeze, unfreeze or close an account. The state it has already is no change.

    Closing takes the ledger's barrier alone, because somebody might be posting to an account that nobody locks: close accounts in a
    transaction that has not posted yet, and keep it short.

    Raises, in this order of precedence:
        UnknownAccount: the code names no account.
        AccountClosed: it is closed, and closed is for ever.
        AccountNotEmpty: it is to be closed and holds money, or a hold on it is open.
        LedgerBusy: it is to be closed and posting did not pause in time.
    """
    if state is AccountState.CLOSED:
        barrier.hold_alone(session)
    else:
        barrier.enter(session)
    lock = " FOR NO KEY UPDATE" if session.get_bind().dialect.name == "postgresql" else ""
    row = session.execute(
        text(f"SELECT id, state FROM ledger_account WHERE code = :code{lock}"),  # noqa: S608 # a constant
        {"code": code},
    ).one_or_none()
    if row is None:
        raise UnknownAccount(f"no account {code}", account=code)
    if row.state == state:
        return
    if row.state == AccountState.CLOSED:
        raise AccountClosed(f"{code} is closed for ever", account=code)
    if state is AccountState.CLOSED and not _is_empty(session, row.id):
        raise AccountNotEmpty(f"{code} still holds money", account=code)
    session.execute(
        text("UPDATE ledger_account SET state = :state WHERE id = :id"), {"state": state.value, "id": row.id}
    )


def _is_empty(session: Session, account_id: int) -> bool:
    difference = session.execute(
        text(
            "SELECT a.posted_debits_fen - a.posted_credits_fen + CASE WHEN a.locked THEN 0 ELSE"
            " COALESCE((SELECT sum(t.amount_fen) FROM ledger_transfer t WHERE t.debit_id = a.id AND t.id > a.folded_to), 0)"
            " - COALESCE((SELECT sum(t.amount_fen) FROM ledger_transfer t WHERE t.credit_id = a.id AND t.id > a.folded_to), 0)"
            " END FROM ledger_account a WHERE a.id = :id"
        ),
        {"id": account_id},
    ).scalar_one()
    held = session.execute(
        text("SELECT 1 FROM ledger_hold WHERE state = 'open' AND (debit_id = :id OR credit_id = :id) LIMIT 1"),
        {"id": account_id},
    ).scalar_one_or_none()
    return int(difference) == 0 and held is None


def _terms(account: NewAccount) -> tuple[str | bool | int | None, ...]:
    return (
        account.code,
        account.type.value,
        account.family,
        account.currency,
        account.locked,
        account.floor_fen,
        account.ceiling_fen,
    )


def _check(account: NewAccount) -> None:
    def refuse(field: str, why: str) -> InvalidAccount:
        return InvalidAccount(f"{account.code!r}: {why}", account=account.code, field=field)

    if not _CODE.fullmatch(account.code):
        raise refuse("code", "a code is 1 to 96 characters of A-Z a-z 0-9 _ . : -")
    if not _FAMILY.fullmatch(account.family):
        raise refuse("family", "a family is 1 to 96 characters of A-Z a-z 0-9 _ . : < > * -")
    if not _CURRENCY.fullmatch(account.currency):
        raise refuse("currency", "a currency is three capital letters")
    if not account.locked and (account.floor_fen is not None or account.ceiling_fen is not None):
        raise refuse("locked", "a floor or ceiling needs a locked account")
    for field, limit in (("floor_fen", account.floor_fen), ("ceiling_fen", account.ceiling_fen)):
        if limit is not None and not -_BIGGEST_LIMIT_FEN <= limit <= _BIGGEST_LIMIT_FEN:
            raise refuse(field, "the limit is out of range")
    if account.floor_fen is not None and account.floor_fen > 0:
        raise refuse("floor_fen", "an account begins at zero, so its floor is not above zero")
    if None not in (account.floor_fen, account.ceiling_fen) and account.ceiling_fen < account.floor_fen:  # type: ignore[operator] # not None
        raise refuse("ceiling_fen", "the ceiling is below the floor")
