"""A counter with its desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.console.counter import Counter
from tests.api.web.browser import ADDRESS
from tests.api.world import World
from tests.citizencard.workstations.desk import Desk, at_desk


@pytest.fixture
def counter(world: World) -> Counter:
    """Clerk and supervisor of one outlet."""
    return Counter(world)


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    """A workstation with a reader agent that belongs to nobody yet."""
    with at_desk(tmp_path / "desk", world.clock(), ADDRESS) as desk:
        yield desk
