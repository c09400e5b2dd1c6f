"""The drill of device tables at reduced size, in every run of the tests."""

from collections.abc import Callable

from tests.conftest import DRILL_SIZE
from tests.drills.drill_fares import REDUCED, run


def test_devices_and_server_agree(record_property: Callable[[str, object], None]) -> None:
    """Whatever tariff is published, device and server ask the same; whatever arrives instead of a table is refused by the one error."""
    result = run(REDUCED)
    record_property(DRILL_SIZE, str(result))
    assert result.found == []
    assert result.passed, str(result)
