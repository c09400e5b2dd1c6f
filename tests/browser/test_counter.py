"""A day at the counter: the clerk makes a card on a real reader service, loads it, tops an account up, reports a loss."""

from pathlib import Path

from playwright.sync_api import Browser

from citizencard.staff.permissions import Role
from tests.browser.town import Town
from tests.browser.window import Window
from tests.reader.stack import running_agent, virtual_reader


def test_home_and_sign_in(chromium: Browser, town: Town) -> None:
    """Whoever comes finds the door."""
    with Window(chromium, town) as window:
        window.open("/")
        window.seen("home")
        window.sign_in(town.hire(Role.CLERK))
        window.seen("start")
