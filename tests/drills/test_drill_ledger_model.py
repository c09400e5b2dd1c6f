"""The drill of the ledger's model at reduced size, in every run of the tests."""

from collections.abc import Callable

from citizencard.db import Sessions
from tests.conftest import DRILL_SIZE
from tests.drills.drill_ledger_model import REDUCED, run


def test_ledger_equals_a_dictionary(sessions: Sessions, record_property: Callable[[str, object], None]) -> None:
    """Long scripts of everything the ledger can do leave what the dictionaries say, and a broken ledger is noticed."""
    result = run(sessions, REDUCED)
    record_property(DRILL_SIZE, str(result))
    assert result.proved
    assert result.done["proofs"] >= REDUCED.scripts
