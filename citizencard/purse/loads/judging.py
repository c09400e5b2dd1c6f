"""What a card's on-line counter says about a load, when a good MAC1 certifies it."""

from enum import StrEnum

from citizencard.purse.loads.errors import LoadStateForbids
from citizencard.purse.loads.models import LoadAttempt
from citizencard.purse.loads.subject import Subject


class CounterSays(StrEnum):
    """`not_credited` is a disproof only of an answer to a probe: any other INITIALIZE may have been recorded before."""

    CREDITED = "credited"
    NOT_CREDITED = "not_credited"
    CREDITED_LATER = "credited_later"
    LOWER = "lower"


def attempt_of(subject: Subject, act: str) -> LoadAttempt:
    """The load's newest attempt.

    Raises:
        LoadStateForbids: there was none.
    """
    if subject.attempt is None:
        load = subject.load
        raise LoadStateForbids("never announced", load_id=load.id, state=load.state, act=act)
    return subject.attempt


def what_counter_says(subject: Subject, attempt: LoadAttempt, counter: int) -> CounterSays:
    """Whether the counter rose since the attempt, and by this load: a later one's MAC2 may have gone to the card, proven yet or not."""
    if counter < attempt.online_seq:
        return CounterSays.LOWER
    if counter == attempt.online_seq:
        return CounterSays.NOT_CREDITED
    is_later = subject.released_since or subject.proven_counter >= attempt.online_seq
    return CounterSays.CREDITED_LATER if is_later else CounterSays.CREDITED
