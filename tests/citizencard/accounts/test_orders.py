"""The newest order about an account is the one that holds."""

from datetime import datetime

from sqlalchemy.orm import Session

from citizencard.accounts.orders import CLOSE, FREEZE, UNFREEZE, is_frozen_by_order
from citizencard.audit import Actor, record


def test_newest_order_holds(session: Session, clerk: Actor, now: datetime) -> None:
    """Frozen, taken back, frozen again; what else was done to the account, and what to another, is no order."""
    expected = []
    for act, subject in ((FREEZE, "a"), (UNFREEZE, "a"), (FREEZE, "b"), (FREEZE, "a"), (CLOSE, "a")):
        record(session, clerk, act, subject, now=now)
        expected.append(is_frozen_by_order(session, "a"))
    assert expected == [True, False, False, True, True]
