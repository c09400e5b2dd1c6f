"""Whatever the city does, the books equal a plain dictionary and can be proved."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citizencard.db import Sessions
from tests.ledger.book_model import Step, play, steps

EXAMPLES = 60
"""In every run of the tests; `bin/drill ledger-model` plays 500 scripts of 50 steps."""
STEPS = 20


@given(st.lists(steps, min_size=3, max_size=STEPS))
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_books_equal_a_dictionary(sessions: Sessions, script: list[Step]) -> None:
    """Any sequence of posts, batches, repeats, reversals, holds, freezes, closes, folds and seals leaves balances as expected."""
    with sessions() as session:
        play(session, script)
        session.rollback()
