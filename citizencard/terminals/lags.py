"""Which terminals work with an old list, and for how long: the version lag report."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from citizencard.cards.models import HotlistPublication
from citizencard.terminals.lists.models import IssuerPublication, PartnerIssuer
from citizencard.terminals.models import AcknowledgedKind, Terminal, TerminalAcknowledgement, TerminalState

HOTLIST_ALLOWED: Final = timedelta(days=1)
ADDED_ALLOWED: Final = timedelta(days=30)
REMOVED_ALLOWED: Final = timedelta(days=7)
MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Lag:
    """A terminal that does not work with the list in force.

    Args:
        terminal_id: which.
        name: of the device.
        version: what it said it works with last, 0 when it never said.
        current: what is in force.
        behind_since: when its version was superseded.
        is_overdue: longer ago than is allowed.
    """

    terminal_id: str
    name: str
    version: int
    current: int
    behind_since: datetime
    is_overdue: bool


def lagging(session: Session, kind: AcknowledgedKind, now: datetime, *, after: str = "", limit: int = 100) -> list[Lag]:
    """A page of the active terminals that are behind, by id; continue with the last id as `after`.

    Overdue: a hotlist that was superseded more than a day ago; issuers of which one was added more than 30 days ago, or removed more than
    7 days ago.

    Args:
        session: read only.
        kind: `hotlist` or `issuers`.
        now: the present.
        after: the last id of the page before.
        limit: at most MAX_PAGE.
    """
    publication = HotlistPublication if kind is AcknowledgedKind.HOTLIST else IssuerPublication
    current = session.scalar(select(func.max(publication.version))) or 0
    newest = (
        select(TerminalAcknowledgement.version)
        .where(TerminalAcknowledgement.terminal_id == Terminal.id, TerminalAcknowledgement.kind == kind)
        .order_by(TerminalAcknowledgement.acknowledged_at.desc(), TerminalAcknowledgement.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    version = func.coalesce(newest, 0)
    rows = session.execute(
        select(Terminal.id, Terminal.name, version.label("version"))
        .where(Terminal.id > after, Terminal.state == TerminalState.ACTIVE, version < current)
        .order_by(Terminal.id)
        .limit(min(limit, MAX_PAGE))
    ).all()
    is_overdue = _overdue_hotlist(now) if kind is AcknowledgedKind.HOTLIST else _overdue_issuers(session, now)
    since = _published_at(session, publication, {row.version + 1 for row in rows})
    return [
        Lag(
            row.id,
            row.name,
            row.version,
            current,
            since[row.version + 1],
            is_overdue(row.version, since[row.version + 1]),
        )
        for row in rows
    ]


def _published_at(session: Session, publication: Any, versions: set[int]) -> dict[int, datetime]:  # noqa: ANN401 # either table
    rows = session.execute(
        select(publication.version, publication.published_at).where(publication.version.in_(versions))
    )
    return {row.version: row.published_at for row in rows}


def _overdue_hotlist(now: datetime) -> Callable[[int, datetime], bool]:
    return lambda _version, since: since <= now - HOTLIST_ALLOWED


def _overdue_issuers(session: Session, now: datetime) -> Callable[[int, datetime], bool]:
    def last(stamp: Any, allowed: timedelta) -> int:  # noqa: ANN401 # a column of the library
        """The newest version with such a change that should be known everywhere by now."""
        chosen = select(func.max(stamp)).join(IssuerPublication, IssuerPublication.version == stamp)
        # An issuer that has gone again need not be added any more.
        stands = or_(PartnerIssuer.unlisted_in.is_(None), stamp == PartnerIssuer.unlisted_in)
        return session.scalar(chosen.where(IssuerPublication.published_at <= now - allowed, stands)) or 0

    known = max(last(PartnerIssuer.listed_in, ADDED_ALLOWED), last(PartnerIssuer.unlisted_in, REMOVED_ALLOWED))
    return lambda version, _since: version < known
