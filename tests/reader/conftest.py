"""A virtual reader behind a real PC/SC service, and a desk at it. One service and one agent serve all tests; each test finds them fresh."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from hardware.emulator.pcscd import PrivatePcscd, missing_packages
from tests.reader.desk import ORIGIN, Desk
from tests.reader.stack import VirtualReader, running_agent

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def reader_service() -> Iterator[PrivatePcscd]:
    """The service; what is missing on this machine is a failure that names the package."""
    if missing := missing_packages():
        pytest.fail("; ".join(missing))
    with PrivatePcscd() as service:
        yield service


@pytest.fixture
def virtual_reader(reader_service: PrivatePcscd) -> Iterator[VirtualReader]:
    """An empty reader. A service that is started anew has forgotten every card, sooner than it notices that one has left."""
    reader_service.stop()
    reader_service.unplug()
    reader_service.start()
    reader = VirtualReader(reader_service)
    yield reader
    reader.close()


@pytest.fixture(scope="session")
def paired_desk(reader_service: PrivatePcscd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A paired agent at the service."""
    reader_service.start()
    arguments = ("--pcsc", "--origin", ORIGIN)
    folder = tmp_path_factory.mktemp("desk") / "agent"
    with running_agent(folder, *arguments, environment=reader_service.environment) as agent:
        desk = Desk(agent)
        desk.pair()
        yield desk


@pytest.fixture
def desk(paired_desk: Desk, virtual_reader: VirtualReader) -> Desk:
    """The desk, at the virtual reader, with session names that no other test has used."""
    del virtual_reader
    return replace(paired_desk, prefix=f"test{next(_NUMBERS)}_")
