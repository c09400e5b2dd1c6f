"""Giving receipts: once for each payment or refund, in the transaction of its money, and found again by what is on the slip."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.orm import Session

from citizencard.db import is_postgresql, new_id
from citizencard.receipts.errors import ReceiptDiffers
from citizencard.receipts.models import TOKEN_CHARACTERS, Receipt, ReceiptKind

TOKEN_BYTES: Final = 24
"""192 random bits, 32 characters of URL-safe base64: nobody finds a receipt by trying."""
TOKEN: Final = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_CHARACTERS}}}")


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A slip to be given.

    Args:
        kind: what it is for.
        subject_id: what exactly: of a bill or a top-up the payment's id, of a refund the refund's. One receipt for each.
        amount_fen: what was paid or given back, above 0.
        payload: what else the slip shows, as JSON values without floats. No names of people, no ID numbers; household and account
            numbers masked. The keys that slips know stand in README.md beside this file.
    """

    kind: ReceiptKind | str
    subject_id: str
    amount_fen: int
    payload: Mapping[str, Any] = field(repr=False)


def issue(session: Session, new: NewReceipt, now: datetime) -> Receipt:
    """Give a receipt, or find the one that was given: a payment that is booked again gets the slip of its first time.

    Raises:
        ValueError: there is no such kind of receipt.
        ReceiptDiffers: the first one is for another amount.
    """
    kind = ReceiptKind(new.kind)
    insert = insert_on_postgresql if is_postgresql(session) else insert_on_sqlite
    session.execute(
        insert(Receipt)
        .values(
            id=new_id("rcp"),
            token=secrets.token_urlsafe(TOKEN_BYTES),
            kind=kind,
            subject_id=new.subject_id,
            amount_fen=new.amount_fen,
            payload=dict(new.payload),
            issued_at=now,
        )
        .on_conflict_do_nothing(index_elements=["kind", "subject_id"])
    )
    receipt = by_subject(session, kind, new.subject_id)
    if receipt is None:
        message = "the receipt was given a moment ago and is never removed"
        raise LookupError(message)
    if receipt.amount_fen != new.amount_fen:
        raise ReceiptDiffers("the first receipt is for another amount", kind=str(kind))
    return receipt


def by_token(session: Session, token: str) -> Receipt | None:
    """The receipt that a slip's address names; None for every other text, whatever it looks like."""
    if not TOKEN.fullmatch(token):
        return None
    return session.scalars(select(Receipt).where(Receipt.token == token)).one_or_none()


def by_subject(session: Session, kind: ReceiptKind | str, subject_id: str) -> Receipt | None:
    """The receipt for a payment or a refund; None if none was given."""
    return session.scalars(
        select(Receipt).where(Receipt.kind == str(kind), Receipt.subject_id == subject_id)
    ).one_or_none()


def by_subjects(session: Session, kind: ReceiptKind | str, subject_ids: list[str]) -> dict[str, Receipt]:
    """The receipts for several payments or refunds, by subject, in one statement; those without one are left out."""
    found = session.scalars(select(Receipt).where(Receipt.kind == str(kind), Receipt.subject_id.in_(set(subject_ids))))
    return {receipt.subject_id: receipt for receipt in found}
