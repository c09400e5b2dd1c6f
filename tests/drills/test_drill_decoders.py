"""The drill of decoders at reduced size, in every run of the tests."""

from collections.abc import Callable

from tests.conftest import DRILL_SIZE
from tests.drills.drill_decoders import REDUCED, run


def test_no_bytes_bring_anything_down(record_property: Callable[[str, object], None]) -> None:
    """Whatever a card or a forger sends is read, or refused by the one documented error, within a tenth of a second."""
    result = run(REDUCED)
    record_property(DRILL_SIZE, str(result))
    assert result.found == []
    assert result.passed, str(result)
