"""What merchants are to be told, written down with the change itself, and unsent until somebody who told them says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import Actor, record
from citizencard.db import new_id
from citizencard.merchants.errors import NoticeSent, UnknownNotice
from citizencard.merchants.models import MerchantNotice, NoticeKind
from citizencard.merchants.registry import MAX_PAGE

WAYS: Final = ("phone", "message", "letter")
"""How somebody can have been told."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told: to whose contacts, which kind of news, and the id of what it is about."""

    merchant_id: str
    kind: NoticeKind
    subject: str


def make_notices(session: Session, notice: Notice, contact_ids: Sequence[str], now: datetime) -> list[MerchantNotice]:
    """Write down that these contacts are to be told; in the transaction of the change."""
    made = [
        MerchantNotice(
            id=new_id("mnot"),
            merchant_id=notice.merchant_id,
            contact_id=contact_id,
            kind=notice.kind,
            subject=notice.subject,
            made_at=now,
        )
        for contact_id in contact_ids
    ]
    session.add_all(made)
    session.flush()
    return made


def unsent_notices(session: Session, *, after: str = "", limit: int = MAX_PAGE) -> list[MerchantNotice]:
    """A page of what nobody was told yet, by id; continue with the last id as `after`. At most 200 a page."""
    chosen = select(MerchantNotice).where(MerchantNotice.sent_at.is_(None), MerchantNotice.id > after)
    return list(session.scalars(chosen.order_by(MerchantNotice.id).limit(min(limit, MAX_PAGE))))


def notices_of(session: Session, merchant_id: str, limit: int = MAX_PAGE) -> list[MerchantNotice]:
    """The newest notices to a merchant's contacts, newest first, at most 200."""
    chosen = select(MerchantNotice).where(MerchantNotice.merchant_id == merchant_id)
    newest = chosen.order_by(MerchantNotice.made_at.desc(), MerchantNotice.id)
    return list(session.scalars(newest.limit(min(limit, MAX_PAGE))))


def notice_by_id(session: Session, notice_id: str) -> MerchantNotice:
    """Look a notice up.

    Raises:
        UnknownNotice: there is none with this id.
    """
    notice = session.get(MerchantNotice, notice_id)
    if notice is None:
        raise UnknownNotice("there is no such notice", notice_id=notice_id)
    return notice


def mark_sent(session: Session, notice_id: str, way: str, actor: Actor, now: datetime) -> MerchantNotice:
    """Write down that a contact was told, by whom and how.

    Raises:
        UnknownNotice: there is none with this id.
        NoticeSent: it was told before.
        ValueError: a way that is none of `WAYS`.
    """
    if way not in WAYS:
        raise ValueError(f"way must be one of {', '.join(WAYS)}")
    notice = session.get(MerchantNotice, notice_id, with_for_update=True, populate_existing=True)
    if notice is None:
        raise UnknownNotice("there is no such notice", notice_id=notice_id)
    if notice.sent_at is not None:
        raise NoticeSent("the contact was told already", notice_id=notice_id)
    notice.sent_at, notice.sent_by, notice.way = now, actor.id, way
    session.flush()
    record(session, actor, "merchant_notice.told", notice_id, after={"way": way}, now=now)
    return notice
