"""One browser and one town for all tests of a worker, and a workstation with a reader agent for those that need one."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from hardware.emulator.pcscd import missing_packages
from tests.browser.town import Town, running_town
from tests.reader.stack import RunningAgent, VirtualReader, running_agent, virtual_reader

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; each test opens windows of its own in it."""
    if not shutil.which(CHROMIUM):
        pytest.fail("chromium, the browser in which pages are tried, is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def town(clone_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town with a server; tests bring their own people into it."""
    with running_town(clone_database("sqlite"), tmp_path_factory.mktemp("town")) as town:
        yield town


@pytest.fixture
def reader() -> Iterator[VirtualReader]:
    """An empty card reader of the workstation."""
    if missing := missing_packages():
        pytest.fail("; ".join(missing))
    with virtual_reader() as reader:
        yield reader


@pytest.fixture
def agent(town: Town, reader: VirtualReader, tmp_path: Path) -> Iterator[RunningAgent]:
    """The workstation's agent, paired with nobody."""
    arguments = ("--pcsc", "--origin", town.address)
    environment = reader.environment
    with running_agent(tmp_path / "agent", *arguments, port=town.agent_port, environment=environment) as agent:
        yield agent
