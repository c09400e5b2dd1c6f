"""An unload with its card and its newest announcement, read in one look for a step that is decided outside transactions."""

from dataclasses import dataclass

from citizencard.cards.errors import WrongChip
from citizencard.cards.issuing.personalise import chip_serial_of
from citizencard.cards.models import Card
from citizencard.cards.reader_jobs import JobContext
from citizencard.db import reading
from citizencard.purse.counters import highest_proven_counter, is_followed
from citizencard.purse.unloads.models import Unload, UnloadAttempt
from citizencard.purse.unloads.unloads import find_unload, last_attempt


@dataclass(frozen=True, slots=True)
class Subject:
    """Detached rows.

    Args:
        card, unload: as they are now.
        attempt: the newest; None if there was none.
        proven_counter: highest counter with which a load or an unload of the card is proven, -1 if none.
        followed: MAC2 of another order went to the card after the attempt's, for its counter or a higher one.
    """

    card: Card
    unload: Unload
    attempt: UnloadAttempt | None
    proven_counter: int
    followed: bool


def look(context: JobContext) -> Subject:
    """Read the job's unload.

    Raises:
        UnknownUnload: there is none.
    """
    with reading(context.sessions) as session:
        unload = find_unload(session, context.subject_id)
        card = session.get_one(Card, unload.card_id)
        attempt = last_attempt(session, unload.id)
        followed = attempt is not None and is_followed(session, attempt)
        found = Subject(card, unload, attempt, highest_proven_counter(session, card.id), followed)
        session.expunge_all()
    return found


def check_chip(subject: Subject, atr: bytes) -> None:
    """Tell a clerk early that another card lies in the reader; what counts is MAC1.

    Raises:
        WrongChip: the answer to reset names another chip than the unload's card.
    """
    if chip_serial_of(atr) != subject.card.chip_serial:
        raise WrongChip("another card lies in the reader", card_id=subject.card.id)
