"""Freezing, unfreezing and closing an account of the books by order, with the reason in the audit trail."""

from typing import Final

from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.accounts.errors import AccountNeverClosed
from citizencard.accounts.models import Account
from citizencard.accounts.orders import CLOSE, FREEZE, UNFREEZE
from citizencard.accounts.registry import locked_account, match_state
from citizencard.audit import record
from citizencard.cards.states import Deed
from ledger import AccountState, set_account_state

DUE: Final = chart.row_of(chart.due("any")).pattern
"""Locked, and booked to unasked all the same: by the close of a day."""


def freeze(session: Session, code: str, reason: str, deed: Deed) -> None:
    """Refuse whatever would lower the account's balance, until `unfreeze`: no report about a card thaws it. Money still comes in.

    Raises:
        UnknownAccount: the books have no account of this code.
        AccountClosed: it is closed for ever.
        ReasonUnfit: the reason is too long or names somebody by number.
    """
    _lock(session, code)
    set_account_state(session, code, AccountState.FROZEN)
    record(session, deed.actor, FREEZE, code, reason=reason, now=deed.now)


def unfreeze(session: Session, code: str, reason: str, deed: Deed) -> None:
    """Take an order back. An on-line account stays frozen all the same while a card that pays from it is reported lost.

    Raises:
        UnknownAccount, AccountClosed, ReasonUnfit: as `freeze`.
    """
    online = _lock(session, code)
    set_account_state(session, code, AccountState.OPEN)
    record(session, deed.actor, UNFREEZE, code, reason=reason, now=deed.now)
    if online is not None:
        match_state(session, online.id, deed)


def close(session: Session, code: str, reason: str, deed: Deed) -> None:
    """Close an account that is at zero, for ever. In a transaction of its own: it takes the ledger's barrier alone.

    Only what is asked before it is booked to can be closed. A tap, or what a close of the day gives back, happens unasked: a closed
    purse, or a closed account of what is due, would stop the upload or the night of the whole city.

    Raises:
        UnknownAccountPattern: the chart has no such account.
        AccountNeverClosed: it is booked to unasked.
        UnknownAccount: the books have no account of this code.
        AccountNotEmpty: it holds money, or a hold on it is open.
        LedgerBusy: posting did not pause in time; try again later.
        ReasonUnfit: the reason is too long or names somebody by number.
    """
    row = chart.row_of(code)
    if not row.locked or row.pattern == DUE:
        raise AccountNeverClosed(f"{code} must stay open for what still comes", account=code)
    set_account_state(session, code, AccountState.CLOSED)
    record(session, deed.actor, CLOSE, code, reason=reason, now=deed.now)


def _lock(session: Session, code: str) -> Account | None:
    """Lock the on-line account that a code belongs to, before the ledger's own row; None for any other account."""
    account_id = code.removeprefix(chart.wallet(""))
    if account_id == code or session.get(Account, account_id) is None:
        return None
    return locked_account(session, account_id)
