"""What a terminal gets when it fetches the hotlist: a delta to the version that it has, or the full list."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from citizencard.cards.errors import HotlistTooLong
from citizencard.cards.hotlist_bytes import EPOCH, Changes, Edition, pack
from citizencard.cards.hotlist_memory import Memory
from citizencard.cards.hotlist_publications import Published, blocks_in, changes_since, contents, published

MAX_CARDS: Final = 1_000_000
"""In a list that devices can be expected to keep: some 3 MB."""
MAX_FULL_LISTS: Final = 2
MAX_DELTAS: Final = 32
MAX_DELTA_CHANGES: Final = 20_000
"""A terminal that is further behind gets the full list."""

_full: Final = Memory[tuple[bytes, int, datetime | None], bytes](MAX_FULL_LISTS)
_deltas: Final = Memory[tuple[bytes, int, bytes, int, datetime | None], bytes](MAX_DELTAS)


def download(session: Session, current: Published, since: int) -> bytes:
    """The bytes that bring a terminal to the version in force.

    The same version gets a delta without changes, by whose digest the terminal sees that its list is whole. A version that never was, one
    newer than the present (of books that were restored), or one too far behind: the full list.

    Args:
        session: read only.
        current: the version in force, of `latest` or `publish`.
        since: the version that the terminal has, 0 for none.

    Raises:
        HotlistTooLong: more than MAX_CARDS cards are on the list.
    """
    if current.cards > MAX_CARDS:
        raise HotlistTooLong(f"more than {MAX_CARDS} cards are on the hotlist", cards=current.cards, most=MAX_CARDS)
    base = published(session, since) if 0 < since <= current.version else None
    if base is not None:
        name = (base.digest, base.version, current.digest, current.version, current.published_at)
        found = _deltas.find(name) or _delta(session, base, current)
        if found is not None:
            _deltas.keep(name, found)
            return found
    return _full_list(session, current)


def _delta(session: Session, base: Published, current: Published) -> bytes | None:
    changes = changes_since(session, base.version, current.version, min(MAX_DELTA_CHANGES, current.cards))
    if changes is None:
        return None
    packed = pack(_edition(current), Changes(base.version, *changes), *blocks_in(session, current.version))
    if 2 * sum(map(len, changes)) <= current.cards or len(packed) <= len(_full_list(session, current)):
        return packed
    return None


def _full_list(session: Session, current: Published) -> bytes:
    name = (current.digest, current.version, current.published_at)
    found = _full.find(name)
    if found is None:
        whole = contents(session, current)
        found = pack(_edition(current), Changes(0, whole.cards), whole.ranges, whole.modules)
        _full.keep(name, found)
    return found


def _edition(current: Published) -> Edition:
    return Edition(current.version, current.published_at or EPOCH, current.cards, current.digest)
