"""Whatever the city does, the books equal plain dictionaries and can be proved."""

from citizencard.db import Sessions
from tests.ledger.book_machine import run_machine

SCRIPTS = 8
"""In every run of the tests; `bin/drill ledger-model` plays 500 scripts of 50 steps."""
STEPS = 30


def test_books_equal_dictionaries(sessions: Sessions) -> None:
    """Accounts, posts, batches, repeats, reversals, holds, closes, folds and seals in any order leave balances as expected."""
    played = run_machine(sessions, SCRIPTS, STEPS, derandomize=True)
    assert played["post"]
    assert played["proofs"]
