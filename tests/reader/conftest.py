"""A virtual reader behind a real PC/SC service, and a desk at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.emulator.pcscd import missing_packages
from tests.reader.desk import ORIGIN, Desk
from tests.reader.stack import VirtualReader, running_agent
from tests.reader.stack import virtual_reader as started


@pytest.fixture
def virtual_reader() -> Iterator[VirtualReader]:
    """An empty reader; what is missing on this machine is a failure that names the package."""
    if missing := missing_packages():
        pytest.fail("; ".join(missing))
    with started() as reader:
        yield reader


@pytest.fixture
def desk(virtual_reader: VirtualReader, tmp_path: Path) -> Iterator[Desk]:
    """A paired agent with the virtual reader."""
    arguments = ("--pcsc", "--origin", ORIGIN)
    with running_agent(tmp_path / "agent", *arguments, environment=virtual_reader.environment) as agent:
        desk = Desk(agent)
        desk.pair()
        yield desk
