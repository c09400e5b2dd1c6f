"""Opening on-line accounts, and which cards pay from them. Order of locks: card row, account row, slip counter, then the ledger's."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.accounts.errors import AccountExists, CardNotLinkable, CardNotLinked, UnknownOnlineAccount
from citizencard.accounts.models import Account, AccountCard
from citizencard.accounts.orders import is_frozen_by_order
from citizencard.audit import record
from citizencard.cards.models import Card, CardState
from citizencard.cards.states import Deed, locked_card
from citizencard.db import flush_unique, new_id
from citizencard.people import registry as people
from ledger import AccountState, open_accounts, set_account_state
from ledger.errors import AccountClosed

LINKABLE: Final = frozenset({CardState.PERSONALISED, CardState.ISSUED, CardState.ACTIVE})
"""States in which a card can be made a means to pay from an account."""

REPORTED_LOST: Final = frozenset({CardState.TEMP_LOST, CardState.LOST})
"""An account is frozen as long as a card that pays from it is in one of these states."""


def open_account(session: Session, person_id: str | None, deed: Deed) -> Account:
    """Open an on-line account with its place in the books: a resident's own (registered), or a bearer's without a person.

    The real name decides the ceiling: 500,000 fen with it, 100,000 fen without.

    Raises:
        PersonUnknown: there is no such resident.
        AccountExists: the resident has one; names it.
    """
    if person_id is not None:
        people.get(session, person_id)
        known = account_of_person(session, person_id)
        if known is not None:
            raise AccountExists("one account for each resident", account_id=known.id)
    account = Account(id=new_id("acc"), person_id=person_id, opened_at=deed.now)
    session.add(account)
    flush_unique(session, AccountExists("one account for each resident"))
    open_accounts(session, [chart.account(chart.wallet(account.id), registered=person_id is not None)])
    record(session, deed.actor, "account.open", account.id, after={"registered": person_id is not None}, now=deed.now)
    return account


def find_account(session: Session, account_id: str) -> Account:
    """An account by id.

    Raises:
        UnknownOnlineAccount: there is none.
    """
    account = session.get(Account, account_id)
    if account is None:
        raise UnknownOnlineAccount("no such account", account_id=account_id)
    return account


def account_of_person(session: Session, person_id: str) -> Account | None:
    """A resident's account; None if there is none."""
    return session.scalars(select(Account).where(Account.person_id == person_id)).one_or_none()


def account_of_card(session: Session, card_id: str) -> Account | None:
    """The account that a card pays from now; None if there is none."""
    linked = select(AccountCard.account_id).where(AccountCard.card_id == card_id, AccountCard.unlinked_at.is_(None))
    return session.scalars(select(Account).where(Account.id.in_(linked))).one_or_none()


def locked_account(session: Session, account_id: str) -> Account:
    """An account, its row locked until the transaction ends; the caller holds the lock of the card it is about.

    Raises:
        UnknownOnlineAccount: there is none.
    """
    account = session.scalars(
        select(Account).where(Account.id == account_id).with_for_update(key_share=True),
        execution_options={"populate_existing": True},
    ).one_or_none()
    if account is None:
        raise UnknownOnlineAccount("no such account", account_id=account_id)
    return account


def link_card(session: Session, account_id: str, card_id: str, deed: Deed) -> None:
    """Let a card pay from an account: a registered one's own holder's cards, one card alone of an unregistered one.

    Raises:
        UnknownCard: there is no such card.
        UnknownOnlineAccount: there is no such account.
        CardNotLinkable: another person's card, lost, blocked or ended, or one that pays from an account already; says which.
    """
    card = locked_card(session, card_id)
    account = locked_account(session, account_id)
    reason = _obstacle(session, account, card)
    if reason:
        raise CardNotLinkable(reason, card_id=card_id, reason=reason)
    session.add(AccountCard(account_id=account_id, card_id=card_id, linked_at=deed.now))
    session.flush()
    record(session, deed.actor, "account.link_card", account_id, after={"card": card_id}, now=deed.now)


def unlink_card(session: Session, account_id: str, card_id: str, deed: Deed) -> None:
    """A card pays from an account no longer: it was lost for good and replaced, or given back. The account thaws if it froze for it.

    Raises:
        UnknownCard: there is no such card.
        UnknownOnlineAccount: there is no such account.
        CardNotLinked: the card does not pay from this account.
    """
    locked_card(session, card_id)
    locked_account(session, account_id)
    linked = session.scalars(
        select(AccountCard).where(
            AccountCard.account_id == account_id, AccountCard.card_id == card_id, AccountCard.unlinked_at.is_(None)
        )
    ).one_or_none()
    if linked is None:
        raise CardNotLinked("the card does not pay from this account", card_id=card_id)
    linked.unlinked_at = deed.now
    session.flush()
    record(session, deed.actor, "account.unlink_card", account_id, before={"card": card_id}, now=deed.now)
    match_state(session, account_id, deed)


def match_state(session: Session, account_id: str, deed: Deed) -> None:
    """Freeze an account while a card that pays from it is reported lost or an order says so, and thaw it otherwise; closed stays closed.

    The caller holds the account's lock.
    """
    lost = session.scalars(
        select(Card.id)
        .join(AccountCard, AccountCard.card_id == Card.id)
        .where(AccountCard.account_id == account_id, AccountCard.unlinked_at.is_(None), Card.state.in_(REPORTED_LOST))
        .limit(1)
    ).one_or_none()
    wallet = chart.wallet(account_id)
    state = AccountState.FROZEN if lost is not None or is_frozen_by_order(session, wallet) else AccountState.OPEN
    try:
        set_account_state(session, wallet, state)
    except AccountClosed:
        return
    record(session, deed.actor, "account.match_state", account_id, after={"state": str(state)}, now=deed.now)


def _obstacle(session: Session, account: Account, card: Card) -> str:
    if account.person_id is not None and account.person_id != card.person_id:
        return "another_person"
    if CardState(card.state) not in LINKABLE:
        return "card_state"
    if account_of_card(session, card.id) is not None:
        return "linked_already"
    linked = select(AccountCard.id).where(AccountCard.account_id == account.id, AccountCard.unlinked_at.is_(None))
    if account.person_id is None and session.scalars(linked.limit(1)).one_or_none() is not None:
        return "one_card_only"
    return ""
