"""What about payments a person should look at: kept once for each kind and object of the provider."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.orm import Session

from citizencard.db import is_postgresql
from citizencard.payments.models import FindingKind, PaymentFinding

MAX_PAGE: Final = 101
"""A page of 100 and one more, which tells that there are others."""


def keep(  # noqa: PLR0913, PLR0917 # a finding is this wide: what, of which object, of which payment, with which figures, when
    session: Session,
    kind: FindingKind,
    object_id: str,
    payment_id: str | None,
    detail: Mapping[str, object],
    now: datetime,
) -> bool:
    """Keep a finding, unless it is there.

    Returns:
        Whether it is new. Of any number of callers at once, one gets True and the others wait for it.
    """
    insert = insert_on_postgresql if is_postgresql(session) else insert_on_sqlite
    row = {"kind": kind, "object_id": object_id, "payment_id": payment_id, "detail": dict(detail), "found_at": now}
    kept = session.execute(
        insert(PaymentFinding).values(row).on_conflict_do_nothing().returning(PaymentFinding.id)
    ).scalar_one_or_none()
    return kept is not None


def findings_page(session: Session, *, after: int = 0, limit: int = MAX_PAGE) -> list[PaymentFinding]:
    """Findings in the order in which they were made, at most 101; continue with the last id as `after`."""
    chosen = select(PaymentFinding).where(PaymentFinding.id > after).order_by(PaymentFinding.id)
    return list(session.scalars(chosen.limit(min(limit, MAX_PAGE))))
