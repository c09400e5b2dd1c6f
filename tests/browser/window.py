"""A window of a real browser that watches over what its pages do."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Frame, Locator, Request, Response, WebError, expect

from tests.browser.town import Colleague, Town

SIZES: Final = {"desk": (1366, 768), "wide": (1920, 1080), "phone": (390, 844)}
LOCALES: Final = {"zh": "zh-CN", "en": "en-GB"}
PATIENCE_MS: Final = 15_000
AXE: Final = Path(__file__).with_name("vendor") / "axe.min.js"
AXE_RUN: Final = "axe.run(document, {resultTypes: ['violations'], elementRef: false})"
BAD: Final = ("serious", "critical")
WIDTH: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT: Final = """
[...document.querySelectorAll("button, .btn, th, .badge, label, h1, h2, .amount")].filter((one) => one.offsetParent !== null
  && getComputedStyle(one).overflowX !== "visible" && !one.closest(".visually-hidden") && one.scrollWidth > one.clientWidth + 1
).map((one) => one.textContent.trim())
"""
"""Words in buttons, headings and labels of which a part cannot be seen."""
REFUSED: Final = re.compile(r"Failed to load resource: the server responded with a status of (4\d\d)")
PICTURES: Final = "PAGE_PICTURES"
_LOOKED: Final[set[tuple[str, str, bool]]] = set()
"""Pages that were looked at before in this process: each is tried once under its name."""


class Window:
    """A browser of one person. A context: when it closes, what its pages did must have been in order.

    Args:
        browser: that it is a window of.
        town: whose server it looks at.
        language: zh or en, as the browser asks for it.
        script: whether scripts run in it.
        size: name of a size.
    """

    def __init__(
        self, browser: Browser, town: Town, *, language: str = "zh", script: bool = True, size: str = "desk"
    ) -> None:
        self.town = town
        self.language = language
        self.size = size
        self.script = script
        self.hosts = (urlsplit(town.address).netloc, f"127.0.0.1:{town.agent_port}")
        self.faults: list[str] = []
        self.met: set[str] = set()
        self.known: set[str] = set()
        self.context = browser.new_context(
            base_url=town.address,
            locale=LOCALES[language],
            timezone_id="Asia/Shanghai",
            viewport=_viewport(size),
            java_script_enabled=script,
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.on("request", self._note_request)
        self.context.on("console", self._note_console)
        self.context.on("weberror", self._note_error)
        self.page = self.context.new_page()
        self.page.on("framenavigated", self._note_page)
        self._devtools = self.context.new_cdp_session(self.page)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is not None and os.environ.get(PICTURES):
            self._picture("failed")
        self.context.close()
        if kind is None:
            assert not self.faults, "\n".join(self.faults)
            assert self.met <= self.known, f"nobody has looked at {sorted(self.met - self.known)}"

    def open(self, path: str) -> Response:
        """Go to an address of the server."""
        answer = self.page.goto(path)
        assert answer is not None
        return answer

    def follow(self, path: str) -> None:
        """Click the link to an address, which may have a query that is not named."""
        self.link(path).click()
        self.page.wait_for_load_state()

    def link(self, path: str) -> Locator:
        """The first link to an address that can be seen."""
        return self.page.locator(f'a[href="{path}"]:visible, a[href^="{path}?"]:visible').first

    def form(self, action: str) -> Locator:
        """The form that is sent to an address."""
        return self.page.locator(f'form[action="{action}"], form[action^="{action}?"]').first

    def fill(self, **values: str) -> None:
        """Type into fields by their names; choose a value of radio buttons or a list."""
        for name, value in values.items():
            field = self.page.locator(f'main [name="{name}"]:visible').first
            kind = field.evaluate("(one) => one.type")
            if kind == "radio":
                self.page.locator(f'main [name="{name}"][value="{value}"]').check()
            elif kind == "select-one":
                field.select_option(value)
            else:
                field.fill(value)

    def send(self, action: str, status: int = 200) -> None:
        """Click the button of the form with this action, and wait for the page that answers; `status` is of that page."""
        with self.page.expect_navigation(wait_until="load") as arrived:
            self.form(action).locator("button:not([type=button])").last.click()
        assert arrived.value.status == status, f"{arrived.value.status}: {self.page.locator('main').inner_text()}"

    def words(self) -> str:
        """What can be read on the page."""
        return self.page.locator("body").inner_text()

    def sign_in(self, colleague: Colleague) -> None:
        """Sign in at the console with password and one-time code, typed."""
        self.open("/console/sign-in")
        self.seen("sign-in")
        self.fill(login=colleague.login, password=colleague.password, code=colleague.code())
        self.send("/console/sign-in")
        assert self.path == "/console", self.words()
        self.seen("start")

    @property
    def path(self) -> str:
        """Where the window is."""
        return urlsplit(self.page.url).path

    def says(self, text: str | re.Pattern[str]) -> None:
        """Wait until the page says something that can be seen."""
        expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible(timeout=PATIENCE_MS)

    def seen(self, name: str) -> None:
        """Look at the page: nothing serious for axe, nothing wider than the window, no word cut, at every size."""
        self.known.add(_kind(self.path))
        if (name, self.language, self.script) in _LOOKED:
            return
        _LOOKED.add((name, self.language, self.script))
        place = f"{name} ({self.path}, {self.language})"
        if self.script:
            self.faults += [f"{place}: {found}" for found in self._barriers()]
        for size in SIZES:
            with self.sized(size):
                over = self.page.evaluate(WIDTH)
                if over > 0:
                    self.faults.append(f"{place}: {over} px too wide at {size}")
                self.faults += [f"{place}: cut at {size}: {text!r}" for text in self.page.evaluate(CUT)]
                self._picture(f"{name}-{size}")

    @contextmanager
    def sized(self, size: str) -> Iterator[None]:
        """The window at another size for a moment."""
        self.page.set_viewport_size(_viewport(size))
        yield
        self.page.set_viewport_size(_viewport(self.size))

    def _barriers(self) -> list[str]:
        # Through the debugger: the page's own policy lets no such script in.
        self._devtools.send("Runtime.evaluate", {"expression": AXE.read_text(), "silent": True})
        answer = self._devtools.send(
            "Runtime.evaluate", {"expression": AXE_RUN, "awaitPromise": True, "returnByValue": True}
        )
        assert "exceptionDetails" not in answer, answer
        found: list[dict[str, Any]] = answer["result"]["value"]["violations"]
        return [
            f"{one['impact']} {one['id']}: {one['help']}: {node['html'][:200]}"
            for one in found
            if one["impact"] in BAD
            for node in one["nodes"]
        ]

    def _picture(self, name: str) -> None:
        folder = os.environ.get(PICTURES)
        if folder:
            path = Path(folder, f"{name}-{self.language}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=path, full_page=True, animations="disabled")

    def _note_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.netloc not in self.hosts:
            self.faults.append(f"a request to {request.url}")

    def _note_console(self, message: ConsoleMessage) -> None:
        # A refusal is a page with a status of its own, and the agent answers 4xx while there is no card: browsers note both.
        if message.type == "error" and not REFUSED.match(message.text):
            self.faults.append(f"{self.page.url}: {message.text}")

    def _note_error(self, error: WebError) -> None:
        self.faults.append(f"{self.page.url}: {error.error}")

    def _note_page(self, frame: Frame) -> None:
        if frame.parent_frame is None and frame.url.startswith(self.town.address):
            self.met.add(_kind(urlsplit(frame.url).path))


def _kind(path: str) -> str:
    """The address of a page without the names of what it is about."""
    return re.sub(r"/(?:[a-z]+_[0-9A-Za-z]{20,}|(?<=verify/)[\w-]+)", "/…", path)


def _viewport(size: str) -> Any:
    width, height = SIZES[size]
    return {"width": width, "height": height}
