"""Sign-in, batch numbers that only rise, and which parameters and lists a terminal works with.

What a terminal works with is what it says itself in a signed request. That it was sent a list proves nothing: the answer may be lost.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from citizencard.cards.hotlist_publications import published
from citizencard.tariffs.models import TariffVersion
from citizencard.terminals.errors import TerminalNotEnrolled, UnknownTerminal, VersionUnknown
from citizencard.terminals.lists.models import IssuerPublication, TerminalShift
from citizencard.terminals.models import AcknowledgedKind, Terminal, TerminalAcknowledgement, TerminalKey
from citizencard.terminals.registry import terminal_by_id

MAX_SOFTWARE_CHARACTERS: Final = 64
MAX_VERSION: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A terminal has begun to work.

    Args:
        terminal_id: which.
        batch: its next batch has at least this number; never given twice.
        at: when.
    """

    terminal_id: str
    batch: int
    at: datetime


@dataclass(frozen=True, slots=True)
class WorksWith:
    """The versions that a terminal says it works with; 0 when it has none."""

    parameter_version: int = 0
    hotlist_version: int = 0
    issuer_version: int = 0


def sign_in(session: Session, terminal_id: str, software: str, *, now: datetime) -> SignedIn:
    """Begin a shift (签到): the terminal gets the next batch number. Two sign-ins at once get two numbers.

    Raises:
        UnknownTerminal: there is none with this id.
    """
    batch = session.execute(
        update(Terminal)
        .where(Terminal.id == terminal_id)
        .values(last_batch=Terminal.last_batch + 1, software=software[:MAX_SOFTWARE_CHARACTERS], signed_in_at=now)
        .returning(Terminal.last_batch)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if batch is None:
        raise UnknownTerminal(f"no terminal {terminal_id}", terminal=terminal_id)
    session.add(
        TerminalShift(
            terminal_id=terminal_id, batch=batch, began_at=now, ended_at=None, claimed=None, arrived=None, agrees=None
        )
    )
    session.flush()
    return SignedIn(terminal_id, batch, now)


def take_word(session: Session, terminal_id: str, said: WorksWith, *, now: datetime) -> None:
    """Keep what a terminal says it works with. A version that never was is not kept: the terminal is told to fetch the right one.

    Raises:
        UnknownTerminal: there is none with this id.
    """
    words = (
        (AcknowledgedKind.PARAMETERS, said.parameter_version),
        (AcknowledgedKind.HOTLIST, said.hotlist_version),
        (AcknowledgedKind.ISSUERS, said.issuer_version),
    )
    for kind, version in words:
        last = _last(session, terminal_id, kind) if version else None
        if version and (last is None or last.version != version) and _exists(session, kind, version):
            acknowledge(session, terminal_id, kind, version, now=now)


def acknowledge(
    session: Session, terminal_id: str, kind: AcknowledgedKind, version: int, *, now: datetime
) -> TerminalAcknowledgement:
    """Keep that a terminal works with a version of its parameters or of a list. The same version again adds nothing.

    Raises, in this order:
        UnknownTerminal: there is none with this id.
        VersionUnknown: no such number can exist.
    """
    terminal_by_id(session, terminal_id)
    if not 0 <= version <= MAX_VERSION:
        raise VersionUnknown(f"no {kind} version {version}", kind=str(kind), version=version)
    last = _last(session, terminal_id, kind)
    if last is not None and last.version == version:
        return last
    row = TerminalAcknowledgement(terminal_id=terminal_id, kind=kind, version=version, acknowledged_at=now)
    session.add(row)
    session.flush()
    return row


def acknowledged_version(
    session: Session, terminal_id: str, kind: AcknowledgedKind, *, at: datetime | None = None
) -> int | None:
    """The version that a terminal worked with at an instant, or works with now; None when it had taken none."""
    row = _last(session, terminal_id, kind, at)
    return None if row is None else row.version


def key_made_at(session: Session, terminal_id: str) -> datetime:
    """When the terminal brought the key that it signs with.

    Raises:
        TerminalNotEnrolled: it has none.
    """
    current = select(TerminalKey.enrolled_at).where(
        TerminalKey.terminal_id == terminal_id, TerminalKey.retired_at.is_(None)
    )
    made_at = session.scalars(current).one_or_none()
    if made_at is None:
        raise TerminalNotEnrolled(f"terminal {terminal_id} has no key", terminal=terminal_id)
    return made_at


def _exists(session: Session, kind: AcknowledgedKind, version: int) -> bool:
    if kind is AcknowledgedKind.HOTLIST:
        return published(session, version) is not None
    row = TariffVersion if kind is AcknowledgedKind.PARAMETERS else IssuerPublication
    return session.get(row, version) is not None


def _last(
    session: Session, terminal_id: str, kind: AcknowledgedKind, at: datetime | None = None
) -> TerminalAcknowledgement | None:
    chosen = select(TerminalAcknowledgement).where(
        TerminalAcknowledgement.terminal_id == terminal_id, TerminalAcknowledgement.kind == kind
    )
    if at is not None:
        chosen = chosen.where(TerminalAcknowledgement.acknowledged_at <= at)
    newest = chosen.order_by(TerminalAcknowledgement.acknowledged_at.desc(), TerminalAcknowledgement.id.desc())
    return session.scalars(newest.limit(1)).one_or_none()
