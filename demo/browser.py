"""A resident's browser, small: it reads forms out of pages, fills them in and sends them, with the hidden fields that the page brought.

It keeps cookies by itself: like every browser, and unlike the HTTP library, it counts 127.0.0.1 as secure (Secure Contexts §3.1).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

TIMEOUT_S = (3.05, 30)
ANSWERED_WITHIN_S = 400
"""Longer than the server holds a place for a request that nobody finished."""
DOWNLOADED_WITHIN_S = 5
RETRY_AFTER_S = 0.1
COME_BACK = (409, 503)
MAX_REDIRECTS = 5
SEE_OTHER = 303
SILENT = {"script", "style", "template"}


class PageRefused(Exception):
    """The product answered a page with a refusal; the message is what the page says."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status}: {words[:300]}")
        self.status = status


class FormMissing(Exception):
    """The page has no form that leads there."""


@dataclass(slots=True)
class PageForm:
    """A form of a page: where it leads, and the fields that are filled in already; `data` are its own attributes."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """What a browser makes of a page: words, rows of tables, forms, links, and the state that parts of it name.

    Args:
        html: the page.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.links: list[str] = []
        self.states: dict[str, str] = {}
        self.rows: list[list[str]] = []
        self._said: list[str] = []
        self._silent = 0
        self._within: PageForm | None = None
        self.feed(html)
        self.words = " ".join(" ".join(self._said).split())

    def form(self, action: str) -> PageForm:
        """The form that leads to an address.

        Raises:
            FormMissing: there is none.
        """
        for form in self.forms:
            if urlsplit(form.action).path == action:
                return form
        raise FormMissing(f"no form leads to {action}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms with their fields, and links."""
        known = {name: value or "" for name, value in attrs}
        if "data-state" in known:
            self.states[known.get("id", "")] = known["data-state"]
        if tag in SILENT:
            self._silent += 1
        elif tag == "form":
            self._within = PageForm(known.get("action", ""), data=known)
            self.forms.append(self._within)
        elif tag == "input" and self._within is not None and "name" in known:
            self._read_input(self._within, known)
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        elif tag == "a" and "href" in known:
            self.links.append(known["href"])

    def handle_endtag(self, tag: str) -> None:
        """Leave forms and what is not words."""
        if tag in SILENT:
            self._silent -= 1
        elif tag == "form":
            self._within = None
        elif tag == "table":
            self.rows.append([])

    def link(self, beginning: str) -> str:
        """The first link to an address that begins so.

        Raises:
            FormMissing: there is none.
        """
        for link in self.links:
            if link.startswith(beginning):
                return link
        raise FormMissing(f"no link to {beginning}")

    def handle_data(self, data: str) -> None:
        """Note words."""
        if self._silent:
            return
        self._said.append(data)
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())

    @staticmethod
    def _read_input(form: PageForm, known: Mapping[str, str]) -> None:
        kind = known.get("type", "text")
        if kind in ("radio", "checkbox") and "checked" not in known:
            return
        if kind not in ("submit", "button"):
            form.fields[known["name"]] = known.get("value", "")


class Browser:
    """Somebody at the product's pages, in English.

    Args:
        address: of the product.
        cookies: that it has from an earlier day.
    """

    def __init__(self, address: str, cookies: Mapping[str, str] | None = None) -> None:
        self._address = address
        self._http = requests.Session()
        self.cookies = dict(cookies or {})
        self.path = ""
        self.page = Page("")

    def open(self, path: str) -> Page:
        """Open a page.

        Raises:
            PageRefused: the page is a refusal.
        """
        return self._arrive(self._send("GET", path))

    def submit(self, action: str, **typed: str) -> Page:
        """Fill in the form of the present page that leads to an address, and send it; a page that led elsewhere is followed.

        Raises:
            FormMissing: the page has no such form.
            PageRefused: the answer is a refusal.
        """
        form = self.page.form(action)
        return self._arrive(self._send("POST", form.action, data={**form.fields, **typed}))

    def post_json(self, path: str, body: Mapping[str, Any], csrf: str) -> dict[str, Any]:
        """What a script of a page asks for.

        Raises:
            PageRefused: refused.
        """
        answer = self._send("POST", path, json=body, headers={"X-CSRF-Token": csrf})
        if not answer.ok:
            raise PageRefused(answer.status_code, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    def download(self, path: str) -> bytes:
        """A file. One that takes long to make is not waited for when the server goes away again and again meanwhile.

        Raises:
            PageRefused: refused, or the server went away.
        """
        answer = self._send("GET", path, within_s=DOWNLOADED_WITHIN_S)
        if not answer.ok:
            raise PageRefused(answer.status_code, answer.text)
        return answer.content

    def _arrive(self, answer: requests.Response) -> Page:
        for _ in range(MAX_REDIRECTS):
            if answer.status_code != SEE_OTHER:
                break
            answer = self._send("GET", answer.headers["Location"])
        self.path = urlsplit(answer.url).path
        self.page = Page(answer.text)
        if not answer.ok:
            raise PageRefused(answer.status_code, self.page.words)
        return self.page

    def _send(
        self,
        method: str,
        path: str,
        within_s: float = ANSWERED_WITHIN_S,
        **more: Any,  # noqa: ANN401 # the library's options
    ) -> requests.Response:
        """Send until somebody answers: every form carries its own number, so that it is carried out once."""
        address = urljoin(self._address + "/", path)
        headers = {"Accept-Language": "en", **more.pop("headers", {})}
        if method == "POST":
            headers |= {"Origin": self._address, "Sec-Fetch-Site": "same-origin"}
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            try:
                answer = self._http.request(
                    method,
                    address,
                    headers={**headers, **({"Cookie": cookie} if cookie else {})},
                    timeout=TIMEOUT_S,
                    allow_redirects=False,
                    **more,
                )
            except requests.RequestException:
                time.sleep(RETRY_AFTER_S)
                continue
            if answer.status_code in COME_BACK and "Retry-After" in answer.headers:
                time.sleep(RETRY_AFTER_S)
                continue
            self._take_cookies(answer)
            return answer
        raise PageRefused(requests.codes.service_unavailable, "the server does not answer")

    def _take_cookies(self, answer: requests.Response) -> None:
        for line in answer.raw.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        self._http.cookies.clear()
