"""Which orders went to a chip: loads and unloads share its on-line counter, so each has to know of the other.

INITIALIZE makes a chip forget the one before, so only the newest MAC2 can have moved its money and its counter. While a load or an
unload of a card is open, no other one is released for it. The caller holds the card's lock, or looks before it decides.
"""

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard.purse.loads.errors import LoadAlreadyOpen
from citizencard.purse.loads.models import Load, LoadAttempt, LoadState
from citizencard.purse.unloads.errors import AnnouncementStale, UnloadAlreadyOpen
from citizencard.purse.unloads.models import Unload, UnloadAttempt, UnloadState

PROVEN: Final = "proven"
IN_LOAD: Final = frozenset({LoadState.RESERVED, LoadState.AUTHORISED, LoadState.DISPROVEN})
"""States in which the money lies in `inload`."""
IN_UNLOAD: Final = frozenset({UnloadState.ANNOUNCED, UnloadState.AUTHORISED})
"""States in which the chip may be debited, or nobody knows whether it was."""


def check_no_other_open(session: Session, card_id: str, order_id: str | None) -> None:
    """Refuse while another load or unload of the card is not decided.

    Args:
        session: joins the caller's transaction, which holds the card's lock.
        card_id: the card.
        order_id: the load or unload that asks; None for a new one.

    Raises:
        LoadAlreadyOpen, UnloadAlreadyOpen: names it.
    """
    own = order_id or ""
    load_id = session.scalars(
        select(Load.id).where(Load.card_id == card_id, Load.state.in_(IN_LOAD), Load.id != own)
    ).first()
    if load_id is not None:
        raise LoadAlreadyOpen("another load is open", card_id=card_id, load_id=load_id)
    unload_id = session.scalars(
        select(Unload.id).where(Unload.card_id == card_id, Unload.state.in_(IN_UNLOAD), Unload.id != own)
    ).first()
    if unload_id is not None:
        raise UnloadAlreadyOpen("another unload is open", card_id=card_id, unload_id=unload_id)


def highest_proven_counter(session: Session, card_id: str) -> int:
    """The highest counter n with which a load or an unload of this card is proven; -1 if none is. A genuine card announces more."""
    found = (
        session.scalar(select(func.max(kind.online_seq)).where(kind.card_id == card_id, kind.outcome == PROVEN))
        for kind in (LoadAttempt, UnloadAttempt)
    )
    return max(-1 if highest is None else highest for highest in found)


def check_counter(session: Session, card_id: str, online_seq: int) -> None:
    """Refuse an announcement that a card made before it counted on.

    MAC2 for it would move nothing, and the card's counter would look as if it had.

    Raises:
        AnnouncementStale: a load or an unload is proven for this counter or a higher one.
    """
    if online_seq <= highest_proven_counter(session, card_id):
        raise AnnouncementStale("the card has counted on since", card_id=card_id)


def newest_load_attempt(session: Session, card_id: str) -> int:
    """Id of the newest load attempt of the card, 0 if there is none: what an unload comes after."""
    return session.scalar(select(func.max(LoadAttempt.id)).where(LoadAttempt.card_id == card_id)) or 0


def is_followed(session: Session, attempt: LoadAttempt | UnloadAttempt) -> bool:
    """Whether MAC2 went to the card once more after this attempt, of a load or an unload, for the same or a higher counter."""
    if isinstance(attempt, LoadAttempt):
        later_load, later_unload = LoadAttempt.id > attempt.id, UnloadAttempt.loads_before >= attempt.id
    else:
        later_load, later_unload = LoadAttempt.id > attempt.loads_before, UnloadAttempt.id > attempt.id
    for kind, later in ((LoadAttempt, later_load), (UnloadAttempt, later_unload)):
        wanted = select(kind.id).where(
            later,
            kind.card_id == attempt.card_id,
            kind.online_seq >= attempt.online_seq,
            kind.mac2_released_at.is_not(None),
        )
        if session.scalars(wanted.limit(1)).first() is not None:
            return True
    return False
