"""One browser and one town for all tests of a worker, and the workstation's port, which only one of them can have at a time."""

import fcntl
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from hardware.emulator.pcscd import missing_packages
from tests.browser.town import Town, running_town

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AGENT_PORT = 47112


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
    with running_town(clone_database("sqlite"), tmp_path_factory.mktemp("town"), _free_port()) as town:
        yield town


@pytest.fixture
def agent_port() -> Iterator[int]:
    """The port at which pages look for the reader agent of their workstation: there is one on a computer, so tests take turns."""
    if missing := missing_packages():
        pytest.fail("; ".join(missing))
    with Path(tempfile.gettempdir(), "citizencard-agent-port.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", AGENT_PORT))
            except OSError:
                pytest.fail(f"port {AGENT_PORT} is taken: end the citizencard-agent that runs on this computer")
        yield AGENT_PORT


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
