"""Orders about accounts of the books: a court's (司法冻结), an auditor's, the operator's own.

An order is an act in the audit trail, which is never changed and is sealed. The newest act about an account is the order that holds.
"""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import AuditEntry

FREEZE: Final = "ledger.freeze"
UNFREEZE: Final = "ledger.unfreeze"
CLOSE: Final = "ledger.close_account"


def is_frozen_by_order(session: Session, code: str) -> bool:
    """Whether somebody has ordered the account of this code to be frozen, and nobody has taken it back."""
    newest = session.scalars(
        select(AuditEntry.act)
        .where(AuditEntry.subject == code, AuditEntry.act.in_((FREEZE, UNFREEZE)))
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).one_or_none()
    return newest == FREEZE
