"""An on-line account as its holder and a clerk see it; nothing is locked."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.accounts.models import AccountCard
from citizencard.accounts.registry import find_account
from ledger import AccountState, StatementPage, balance, statement


@dataclass(frozen=True, slots=True)
class AccountView:
    """What an account is and holds.

    Args:
        id: the account.
        is_registered: somebody's real name stands behind it.
        state: open, frozen (nothing can be spent) or closed.
        balance_fen, ceiling_fen: what it holds, and what paying in may raise it to.
        card_ids: the cards that pay from it now, in the order of their linking.
    """

    id: str
    is_registered: bool
    state: AccountState
    balance_fen: int
    ceiling_fen: int
    card_ids: tuple[str, ...]


def account_view(session: Session, account_id: str) -> AccountView:
    """An account with its balance; three statements.

    Raises:
        UnknownOnlineAccount: there is none.
    """
    account = find_account(session, account_id)
    held = balance(session, chart.wallet(account_id))
    linked = select(AccountCard.card_id).where(AccountCard.account_id == account_id, AccountCard.unlinked_at.is_(None))
    return AccountView(
        id=account.id,
        is_registered=account.person_id is not None,
        state=held.state,
        balance_fen=held.balance_fen,
        ceiling_fen=held.ceiling_fen or 0,
        card_ids=tuple(session.scalars(linked.order_by(AccountCard.id))),
    )


def statement_of(session: Session, account_id: str, *, after_id: int = 0, limit: int = 100) -> StatementPage:
    """A page of what went in and out, in recorded order.

    Raises:
        UnknownOnlineAccount: there is none.
    """
    find_account(session, account_id)
    return statement(session, chart.wallet(account_id), after_id=after_id, limit=limit)
