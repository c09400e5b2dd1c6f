"""What a certified counter says about a load."""

from datetime import UTC, datetime

import pytest

from citizencard.cards.models import Card
from citizencard.purse.loads.errors import LoadStateForbids
from citizencard.purse.loads.judging import CounterSays, attempt_of, what_counter_says
from citizencard.purse.loads.models import Load, LoadAttempt, LoadState
from citizencard.purse.loads.subject import Subject

AT = datetime(2026, 11, 21, tzinfo=UTC)


def _subject(*, proven_counter: int = -1, released_since: bool = False, online_seq: int | None = 5) -> Subject:
    attempt = None if online_seq is None else LoadAttempt(id=1, online_seq=online_seq)
    load = Load(id="load_1", state=LoadState.AUTHORISED, requested_at=AT)
    return Subject(Card(id="card_1"), load, attempt, proven_counter, released_since)


@pytest.mark.parametrize(
    ("counter", "proven_counter", "released_since", "says"),
    [
        (4, -1, False, CounterSays.LOWER),
        (5, -1, False, CounterSays.NOT_CREDITED),
        (6, -1, False, CounterSays.CREDITED),
        (9, 4, False, CounterSays.CREDITED),
        (6, 5, False, CounterSays.CREDITED_LATER),
        (6, -1, True, CounterSays.CREDITED_LATER),
        (5, -1, True, CounterSays.NOT_CREDITED),
    ],
)
def test_counter_proves_a_credit_by_this_load_only(
    counter: int, proven_counter: int, *, released_since: bool, says: CounterSays
) -> None:
    """A counter that rose proves this load, unless another order went to the chip since, which may have raised it."""
    subject = _subject(proven_counter=proven_counter, released_since=released_since)
    assert what_counter_says(subject, attempt_of(subject, "prove"), counter) is says


def test_load_that_was_never_announced_proves_nothing() -> None:
    """There is nothing that a card could have been credited by."""
    with pytest.raises(LoadStateForbids):
        attempt_of(_subject(online_seq=None), "prove")
