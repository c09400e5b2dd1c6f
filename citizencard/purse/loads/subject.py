"""A load with its card and its newest attempt, read in one look for a step that is decided outside transactions."""

from dataclasses import dataclass

from citizencard.cards.errors import WrongChip
from citizencard.cards.issuing.personalise import chip_serial_of
from citizencard.cards.models import Card
from citizencard.cards.reader_jobs import JobContext
from citizencard.cards.states import Deed
from citizencard.db import Sessions, reading
from citizencard.purse.counters import highest_proven_counter, is_followed
from citizencard.purse.loads.loads import find_load, last_attempt
from citizencard.purse.loads.models import Load, LoadAttempt


@dataclass(frozen=True, slots=True)
class Subject:
    """Detached rows.

    Args:
        card, load: as they are now.
        attempt: the newest; None if there was none.
        proven_counter: highest counter with which a load or an unload of the card is proven, -1 if none.
        released_since: MAC2 of another load or unload went to the card after the attempt's, for its counter or a higher one.
    """

    card: Card
    load: Load
    attempt: LoadAttempt | None
    proven_counter: int
    released_since: bool


def look(context: JobContext) -> Subject:
    """Read the job's load.

    Raises:
        UnknownLoad: there is none.
    """
    return look_at(context.sessions, context.subject_id)


def look_at(sessions: Sessions, load_id: str) -> Subject:
    """Read a load.

    Raises:
        UnknownLoad: there is none.
    """
    with reading(sessions) as session:
        load = find_load(session, load_id)
        card = session.get_one(Card, load.card_id)
        attempt = last_attempt(session, load.id)
        released_since = attempt is not None and is_followed(session, attempt)
        found = Subject(card, load, attempt, highest_proven_counter(session, card.id), released_since)
        session.expunge_all()
    return found


def check_chip(subject: Subject, atr: bytes) -> None:
    """Tell a clerk early that another card lies in the reader; what counts is MAC1.

    Raises:
        WrongChip: the answer to reset names another chip than the load's card.
    """
    if chip_serial_of(atr) != subject.card.chip_serial:
        raise WrongChip("another card lies in the reader", card_id=subject.card.id)


def deed_of(context: JobContext) -> Deed:
    """Who does it, and when."""
    return Deed(context.actor, context.now)
