"""The desks that the tests sit at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hardware.agent.workstation import Workstation, at_work


@pytest.fixture
def unpaired(tmp_path: Path) -> Iterator[Workstation]:
    """A new desk."""
    with at_work(tmp_path) as desk:
        yield desk


@pytest.fixture
def desk(unpaired: Workstation) -> Workstation:
    """A desk whose agent belongs to the server."""
    unpaired.pair()
    return unpaired
