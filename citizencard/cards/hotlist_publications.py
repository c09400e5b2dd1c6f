"""Published versions of the hotlist: made when something is due, exact for ever.

A change is due when its time has come. Publishing stamps all that are due with the next number; what a version said is told by the stamps
alone, so it can never be told otherwise. Nothing is published while nothing has changed.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select, text, update
from sqlalchemy.orm import Session

from citizencard.cards.hotlist_bytes import Contents, number_of
from citizencard.cards.hotlist_memory import Memory
from citizencard.cards.models import BlockKind, HotlistBlock, HotlistEntry, HotlistPublication
from ledger import barrier

HOTLIST_LOCK: Final = int.from_bytes(b"HOTLST")
"""Of PostgreSQL: those who publish take turns."""
FETCHED_AT_ONCE: Final = 10_000
NOTHING: Final = Contents(array("Q"))
"""Version 0, which every city begins with."""

_LIST: Final = text(
    "SELECT serial FROM hotlist_entry WHERE listed_in <= :version AND (unlisted_in IS NULL OR unlisted_in > :version)"
    " ORDER BY serial"
)
_contents: Final = Memory[bytes, Contents](most=2)
"""Lists by their digest: the one in force, and the one before it while the next is being made."""


@dataclass(frozen=True, slots=True)
class Published:
    """A version of the hotlist.

    Args:
        version: rising from 1; 0 while nothing was ever published.
        published_at: None for version 0.
        cards: how many cards are on it.
        digest: SHA-256 of the whole list, 32 bytes.
    """

    version: int
    published_at: datetime | None
    cards: int
    digest: bytes


UNPUBLISHED: Final = Published(0, None, 0, NOTHING.digest())


def latest(session: Session) -> Published:
    """The version in force."""
    row = session.scalars(select(HotlistPublication).order_by(HotlistPublication.version.desc()).limit(1)).one_or_none()
    return UNPUBLISHED if row is None else _published(row)


def published(session: Session, version: int) -> Published | None:
    """A version, or None when there never was one with this number."""
    if version == 0:
        return UNPUBLISHED
    row = session.get(HotlistPublication, version)
    return None if row is None else _published(row)


def is_due(session: Session, now: datetime) -> bool:
    """Whether a change waits for the next version. Asks two small indexes, whatever the length of the list."""
    for row in (HotlistEntry, HotlistBlock):
        waits = or_(_to_list(row, now), _to_unlist(row, now))
        if session.scalar(select(row.id).where(waits).limit(1)) is not None:
            return True
    return False


def publish(session: Session, now: datetime) -> Published:
    """Publish what is due, if anything is; returns the version in force. Who comes at the same moment waits and finds it done.

    Args:
        session: joined, never committed; nothing else that others wait for should be locked in it.
        now: the present.
    """
    if not is_due(session, now):
        return latest(session)
    barrier.take_turns(session, HOTLIST_LOCK)
    before = latest(session)
    version = before.version + 1
    for row in (HotlistEntry, HotlistBlock):
        # What came and went between two versions was on none.
        _stamp(session, row, _came_and_went(row, now), listed_in=before.version, unlisted_in=before.version)
    gone = _stamp(session, HotlistEntry, _to_unlist(HotlistEntry, now), unlisted_in=version)
    come = _stamp(session, HotlistEntry, _to_list(HotlistEntry, now), listed_in=version)
    blocks = _stamp(session, HotlistBlock, _to_unlist(HotlistBlock, now), unlisted_in=version)
    blocks += _stamp(session, HotlistBlock, _to_list(HotlistBlock, now), listed_in=version)
    if not (gone or come or blocks):
        return before
    whole = _after(session, before, version, _numbers(come), _numbers(gone))
    made = HotlistPublication(
        version=version,
        published_at=now,
        cards=len(whole.cards),
        ranges=len(whole.ranges),
        modules=len(whole.modules),
        digest=whole.digest(),
    )
    session.add(made)
    session.flush()
    _contents.keep(made.digest, whole)
    return _published(made)


def contents(session: Session, of: Published) -> Contents:
    """What a version says, from the process's memory if it was asked for lately."""
    found = _contents.find(of.digest)
    if found is None:
        ranges, modules = blocks_in(session, of.version)
        found = Contents(_cards(session, of.version), ranges, modules)
        _contents.keep(of.digest, found)
    return found


def changes_since(session: Session, base: int, version: int, most: int) -> tuple[list[int], list[int]] | None:
    """Numbers that came onto the list and went off it between two versions, each rising; None when they are more than `most`."""
    came = HotlistEntry.listed_in.between(base + 1, version)
    went = HotlistEntry.unlisted_in.between(base + 1, version)
    rows = session.execute(
        select(HotlistEntry.serial, HotlistEntry.listed_in, HotlistEntry.unlisted_in)
        .where(or_(came, went))
        .limit(most + 1)
    ).all()
    if len(rows) > most:
        return None
    # A card that went and came again between the two has several rows, of which none may count.
    then = {row.serial for row in rows if _is_on(row.listed_in, row.unlisted_in, base)}
    now = {row.serial for row in rows if _is_on(row.listed_in, row.unlisted_in, version)}
    return _numbers(now - then), _numbers(then - now)


def blocks_in(session: Session, version: int) -> tuple[tuple[tuple[int, int], ...], tuple[bytes, ...]]:
    """The ranges and the modules of a version, sorted."""
    rows = session.scalars(
        select(HotlistBlock)
        .where(
            HotlistBlock.listed_in <= version,
            or_(HotlistBlock.unlisted_in.is_(None), HotlistBlock.unlisted_in > version),
        )
        .order_by(HotlistBlock.first, HotlistBlock.last)
    ).all()
    ranges = tuple((number_of(row.first), number_of(row.last)) for row in rows if row.kind == BlockKind.RANGE)
    return ranges, tuple(bytes.fromhex(row.first) for row in rows if row.kind == BlockKind.MODULE)


def _after(session: Session, before: Published, version: int, come: list[int], gone: list[int]) -> Contents:
    ranges, modules = blocks_in(session, version)
    known = NOTHING if before.version == 0 else _contents.find(before.digest)
    if known is None or len(come) + len(gone) > len(known.cards):
        return Contents(_cards(session, version), ranges, modules)
    cards = array("Q", known.cards)
    for number in gone:
        cards.pop(bisect_left(cards, number))
    for number in come:
        cards.insert(bisect_left(cards, number), number)
    return Contents(cards, ranges, modules)


def _cards(session: Session, version: int) -> "array[int]":
    rows = session.execute(_LIST, {"version": version}, execution_options={"yield_per": FETCHED_AT_ONCE}).scalars()
    return array("Q", (number_of(serial) for serial in rows))


def _numbers(serials: Iterable[bytes]) -> list[int]:
    return sorted(number_of(serial.hex().upper()) for serial in serials)


def _is_on(listed_in: int | None, unlisted_in: int | None, version: int) -> bool:
    return listed_in is not None and listed_in <= version and (unlisted_in is None or unlisted_in > version)


Listed = type[HotlistEntry] | type[HotlistBlock]


def _came_and_went(row: Listed, now: datetime) -> ColumnElement[bool]:
    return row.listed_in.is_(None) & (row.removed_from <= now)


def _to_list(row: Listed, now: datetime) -> ColumnElement[bool]:
    return row.listed_in.is_(None) & (row.effective_from <= now)


def _to_unlist(row: Listed, now: datetime) -> ColumnElement[bool]:
    return row.unlisted_in.is_(None) & row.listed_in.is_not(None) & (row.removed_from <= now)


def _stamp(session: Session, row: Listed, chosen: ColumnElement[bool], **stamps: int) -> list[Any]:
    """Write the stamps; returns the serials of cards, or the ids of blocks."""
    told = HotlistEntry.serial if row is HotlistEntry else HotlistBlock.id
    statement = update(row).where(chosen).values(**stamps).returning(told)
    return list(session.execute(statement, execution_options={"synchronize_session": False}).scalars())


def _published(row: HotlistPublication) -> Published:
    return Published(row.version, row.published_at, row.cards, row.digest)
