"""The watch itself: a window that would let anything pass proves nothing."""

import pytest
from playwright.sync_api import Browser

from tests.browser.town import Town
from tests.browser.window import Window

SPOIL = {
    "label": "document.querySelectorAll('label').forEach((one) => one.remove())",
    "px too wide": "document.querySelector('main').style.minWidth = '3000px'",
    "127.0.0.2": "fetch('http://127.0.0.2:9/').catch(() => null)",
    "Content Security Policy": "document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))",
}


@pytest.mark.parametrize("fault", SPOIL)
def test_window_notices(chromium: Browser, town: Town, fault: str) -> None:
    """A field without a name, a page wider than a telephone, another host, an inline script: none of them goes unseen."""
    with pytest.raises(AssertionError, match=fault):
        spoil(Window(chromium, town, language="en"), fault)


def test_window_notices_what_nobody_looked_at(chromium: Browser, town: Town) -> None:
    """A page on the way that no test looks at is named."""
    with pytest.raises(AssertionError, match="nobody has looked"), Window(chromium, town) as window:
        window.open("/portal/sign-in")


def spoil(window: Window, fault: str) -> None:
    """Look at a page that something was done to."""
    with window:
        window.open("/portal/sign-in")
        window.page.evaluate(SPOIL[fault])
        window.seen(f"spoiled {fault}")
