"""Pages: who is signed in, what was done, refusals and faults as pages, nothing inline and nothing foreign."""

import re

import pytest

from api.headers import POLICY, reader_policy
from api.web.cookies import LOOK
from citizencard.staff.permissions import Role
from tests.api.pages.page import Element
from tests.api.web.browser import Browser, resident_browser, signed_in
from tests.api.world import World

AGENT = "http://127.0.0.1:47112"


def test_page_says_who_is_signed_in_and_as_what(town: World) -> None:
    """A clerk sees at once whether a colleague has left his session open."""
    browser = signed_in(town, Role.SYSTEM_ADMIN)
    browser.get("/console/sample")
    assert "Chen Jing System administrator" in browser.page.one("header").words()
    zh = Browser(town, "zh", {"Cookie": ""})
    zh.client = browser.client
    zh.get("/console/sample")
    assert "系统管理" in zh.page.one("header").words()


@pytest.mark.parametrize(
    "path", ["/console/sign-in", "/portal/sign-in", "/console/password", "/console/code", "/console/sample"]
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_holds_nothing_inline_and_nothing_foreign(town: World, path: str, language: str) -> None:
    """A page runs only our own scripts and styles from files, and makes the browser ask nobody else."""
    browser = signed_in(town, Role.SYSTEM_ADMIN)
    browser.language = language
    answer = browser.get(path)
    assert answer.status_code == 200
    held_to_the_policy(browser.page)
    policy = answer.headers["Content-Security-Policy"]
    assert policy == (reader_policy(AGENT) if path == "/console/sample" else POLICY)
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Vary"] == "Accept-Language, Cookie"
    assert answer.headers["Content-Language"] == ("zh-Hans" if language == "zh" else "en")


def held_to_the_policy(page: Element) -> None:
    """No inline script, style or handler; no address of another host."""
    for element in page.walk():
        assert element.name not in ("style", "iframe", "object", "embed", "base"), element.name
        assert element.name != "script" or element.attributes.get("src"), "inline script"
        for name, value in element.attributes.items():
            assert not name.startswith(("on", "hx-on", "data-hx-on")), name
            assert name != "style"
            if name in ("href", "src", "action", "formaction", "poster", "hx-get", "hx-post"):
                assert re.match(r"(/(?!/)|#|\?)", value or "#"), (name, value)
            assert not (value or "").lstrip().lower().startswith("javascript:")


def test_only_pages_with_a_reader_may_speak_with_the_agent() -> None:
    """Scripts of other pages cannot reach the workstation's reader."""
    assert AGENT in reader_policy(AGENT)
    assert AGENT not in POLICY


def test_what_was_done_is_said_once_on_the_next_page(town: World) -> None:
    """After booking, the next page says so; a reload does not say it again, and another session's cookie says nothing."""
    browser = signed_in(town, Role.SYSTEM_ADMIN)
    browser.get("/console/sample")
    browser.send("/console/sample", name="North")
    (said,) = browser.page.all("p", role="status")
    assert said.words() == "One thing to put right; nothing was sent"
    browser.get("/console/sample")
    assert browser.page.all("p", role="status") == []
    browser.get("/console/sample")
    browser.send("/console/sample", name="South", follow=False)
    sealed = browser.client.get_cookie("__Host-citizencard-said", "127.0.0.1")
    assert sealed is not None
    other = signed_in(town, Role.SYSTEM_ADMIN)
    for value in (sealed.value, "x.y", "", "%%%.x", "A" * 3000):
        other.client.set_cookie("__Host-citizencard-said", value, domain="127.0.0.1")
        other.get("/console/sample")
        assert other.page.all("p", role="status") == []


def test_choices_of_reading_are_kept(town: World) -> None:
    """Large print and the language, once chosen, stay for the pages that follow; the way back is one step."""
    browser = Browser(town)
    browser.get("/console/sign-in?print=large&lang=zh")
    browser.get("/portal/sign-in")
    page = browser.page.one("html")
    assert (page.attributes["class"], page.attributes["lang"]) == ("large", "zh-Hans")
    assert browser.client.get_cookie(LOOK, "127.0.0.1") is not None
    browser.get("/portal/sign-in?print=normal")
    browser.get("/portal/sign-in?lang=en")
    page = browser.page.one("html")
    assert (page.attributes.get("class"), page.attributes["lang"]) == (None, "en")


def test_refusals_of_routes_are_pages(town: World) -> None:
    """Who may not, who is not signed in, and who is lost gets a page in words, never a document for machines."""
    clerk = signed_in(town, Role.CLERK)
    for answer, status, words in (
        (clerk.get("/console/sample"), 403, "Nobody with these roles may do this here"),
        (clerk.get("/console/nowhere"), 404, "There is no such page"),
        (clerk.get("/portal/nowhere/else"), 404, "There is no such page"),
        (clerk.post("/console/password/x", {}), 404, "There is no such page"),
        (Browser(town).post("/console/sign-out", {}), 401, "Sign in"),
        (clerk.post("/console/password", {"x": "y" * 20_000}), 413, "too large"),
        (clerk.get("/console/sign-out"), 405, "cannot be done here"),
    ):
        assert answer.status_code == status, answer.request.path
        assert answer.mimetype == "text/html", answer.request.path
        assert words in answer.get_data(as_text=True), answer.request.path
        assert "Nothing was changed" in answer.get_data(as_text=True)


def test_fault_is_a_page_with_a_reference_and_no_word_of_what_failed(town: World) -> None:
    """What goes wrong on our side is said with a reference that the log has."""
    browser = signed_in(town, Role.CLERK)
    answer = browser.get("/console/sample/fault")
    assert answer.status_code == 500
    assert "Reference" in browser.words()
    assert "3210" not in answer.get_data(as_text=True)


def test_not_signed_in_is_led_to_the_sign_in_page(town: World) -> None:
    """A page that is asked for without a session leads to where one signs in; what a script asks for leads the window there."""
    browser = Browser(town)
    for path, sign_in in (("/console/sample", "/console/sign-in"), ("/portal/sample", "/portal/sign-in")):
        answer = browser.get(path, follow=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{sign_in}?next={path.replace('/', '%2F')}")
        part = browser.get(path, follow=False, HX_Request="true")
        assert (part.status_code, part.headers["HX-Redirect"]) == (401, answer.headers["Location"])
        assert "Location" not in part.headers
    assert resident_browser(town).get("/console/sample", follow=False).status_code == 303
    assert signed_in(town, Role.CLERK).get("/portal/sample", follow=False).status_code == 303
