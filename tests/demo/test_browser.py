"""The small browser reads pages as a real one does."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import cast

import pytest

from demo.browser import Browser, FormMissing, Page, PageRefused

PAGE = """
<main><h1>Bill</h1><script>const hidden = "not a word";</script>
<section id="payment" data-state="confirm"></section>
<table><tr><td>Tier 1</td><td>18 t</td><td><span>¥32.40</span></td></tr><tr><th>Total</th><td>¥49.50</td></tr></table>
<form action="/pay?lang=en" data-begin="/steps"><input type="hidden" name="csrf" value="abc">
<input type="radio" name="way" value="good" checked><input type="radio" name="way" value="bad">
<input type="checkbox" name="large" value="1"><input type="submit" name="go" value="Pay"></form>
<a href="/verify/token1?lang=en">verify</a></main>
"""


def test_form_brings_what_a_browser_would_send() -> None:
    """Hidden fields and what is chosen are sent, what is not chosen and the button are not."""
    form = Page(PAGE).form("/pay")
    assert form.fields == {"csrf": "abc", "way": "good"}
    assert form.data["data-begin"] == "/steps"
    with pytest.raises(FormMissing):
        Page(PAGE).form("/elsewhere")


def test_page_says_what_people_read() -> None:
    """Words without scripts, rows of tables, links, and where a payment stands."""
    page = Page(PAGE)
    assert "Bill" in page.words
    assert "not a word" not in page.words
    assert ["Tier 1", "18 t", "¥32.40"] in page.rows
    assert ["Total", "¥49.50"] in page.rows
    assert page.link("/verify/") == "/verify/token1?lang=en"
    assert page.states == {"payment": "confirm"}


class _Site(BaseHTTPRequestHandler):
    """Gives a secure cookie, wants it back, takes it away; refuses what has no Origin."""

    def do_GET(self) -> None:
        known = "__Host-session=s1" in (self.headers.get("Cookie") or "")
        if self.path == "/out":
            self._answer(200, "gone", "__Host-session=; Max-Age=0; Path=/; Secure")
        elif known:
            self._answer(200, "known")
        else:
            self._answer(
                200, '<form action="/in"><input name="csrf" value="t"></form>', "__Host-session=s1; Path=/; Secure"
            )

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fits = sent == "csrf=t&login=li" and self.headers["Origin"] == f"http://{self.headers['Host']}"
        if not fits:
            self._answer(403, "foreign")
            return
        self.send_response(303)
        self.send_header("Location", "/home")
        self.end_headers()

    def _answer(self, status: int, body: str, cookie: str = "") -> None:
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the library's name
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a site on this machine."""
    server = HTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_secure_cookies_work_on_this_machine(site: str) -> None:
    """A session that is marked secure is kept and sent on 127.0.0.1, as browsers do, and forgotten when the page ends it."""
    browser = Browser(site)
    browser.open("/")
    assert browser.submit("/in", login="li").words == "known"
    assert browser.path == "/home"
    browser.open("/out")
    assert browser.cookies == {}


def test_refusal_is_not_taken_for_a_page(site: str) -> None:
    """A form that is refused stops the story, with what the page says."""
    browser = Browser(site)
    browser.open("/")
    with pytest.raises(PageRefused, match="foreign"):
        browser.submit("/in", login="somebody else")


def test_browser_is_known_again(site: str) -> None:
    """Cookies of an earlier day are sent on the first visit."""
    assert Browser(site, cast("dict[str, str]", {"__Host-session": "s1"})).open("/").words == "known"
