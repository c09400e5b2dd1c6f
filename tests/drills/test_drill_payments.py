"""The drill of payments at reduced size, in every run of the tests."""

from collections.abc import Callable
from datetime import datetime

from citizencard.db import Sessions
from tests.conftest import DRILL_SIZE
from tests.drills.drill_payments import REDUCED, run


def test_every_fault_ends_well(
    committed: Sessions, now: datetime, record_property: Callable[[str, object], None]
) -> None:
    """Whatever goes wrong between the city and its payment provider, nobody pays twice and every fen is where both say it is."""
    result = run(committed, now, REDUCED)
    record_property(DRILL_SIZE, str(result))
    assert result.differences == []
    assert result.total.charges
    assert result.total.refunds
