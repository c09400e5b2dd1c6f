"""Signing in by pages; and what ends a session ends it at the next request."""

from datetime import timedelta

import pytest

from api.routes import Door
from api.web.signing_in.blueprint import onward, pages
from api.web.signing_in.chapter import pages as opened
from citizencard.db import transaction
from citizencard.staff.members import disable, set_roles
from citizencard.staff.permissions import Role
from tests.api.web.browser import ADDRESS, Browser, make_login, make_resident, resident_browser, sign_in, signed_in
from tests.api.world import World
from tests.citizencard.staff.make_staff import BOOTSTRAP, PASSWORD

STAFF = "__Host-citizencard-staff"
RESIDENT = "__Host-citizencard-resident"


def cookie(browser: Browser, name: str) -> str:
    found = browser.client.get_cookie(name, "127.0.0.1")
    return found.value if found else ""


def copy_of(browser: Browser, name: str = STAFF) -> Browser:
    """Somebody who has copied the cookie."""
    copied = Browser(browser.world)
    copied.client.set_cookie(name, cookie(browser, name), domain="127.0.0.1")
    return copied


def is_in(browser: Browser, path: str = "/console/password") -> bool:
    return browser.get(path, follow=False).status_code == 200


@pytest.mark.parametrize(("home", "name"), [("/console", STAFF), ("/portal", RESIDENT)])
def test_somebody_signs_in_by_the_page(world: World, home: str, name: str) -> None:
    """The browser keeps a session that no script reads, no other site's form sends, and no unprotected connection carries."""
    browser = signed_in(world, Role.CLERK) if name == STAFF else resident_browser(world)
    assert browser.answer.headers["Location"] == home
    (given,) = [one for one in browser.answer.headers.getlist("Set-Cookie") if one.startswith(f"{name}=")]
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(given.split("; "))
    assert "Domain" not in given
    assert is_in(browser, f"{home}/password")


def test_wrong_sign_in_says_so_and_forgets_the_password(world: World) -> None:
    """A mistake is a sentence on the page in the reader's language; the password is not written back into it."""
    for path in ("/console/sign-in", "/portal/sign-in"):
        browser = Browser(world, "zh")
        browser.get(path)
        code = {"code": "123456"} if "console" in path else {}
        browser.send(path, login="nobody", password="not-the-password", **code)
        assert browser.answer.status_code == 401
        assert "没有任何内容被更改" in browser.words()
        assert "not-the-password" not in browser.answer.get_data(as_text=True)
        assert browser.page.one("input", id="login").attributes["value"] == "nobody"


def test_fields_that_are_missing_are_named(world: World) -> None:
    """An empty form comes back with a sentence at each field."""
    browser = Browser(world)
    browser.get("/console/sign-in")
    browser.send("/console/sign-in", login="li", code="12 34")
    assert browser.answer.status_code == 422
    assert browser.page.one(id="password-fault").words() == "Please fill this in"
    assert browser.page.one(id="code-fault").words() == "A code has six digits"


def test_signing_in_never_continues_a_session_that_was_there(world: World) -> None:
    """A session that somebody planted or left behind is neither taken over nor left open."""
    login = make_login(world, Role.CLERK)
    first = sign_in(world, login)
    left = copy_of(first)
    before = cookie(first, STAFF)
    world.clock.advance(timedelta(seconds=30))
    first.get("/console/sign-in")
    first.send("/console/sign-in", login=login.login, password=PASSWORD, code=login.code(world), follow=False)
    assert cookie(first, STAFF) not in ("", before)
    assert is_in(first)
    assert not is_in(left)
    resident = resident_browser(world)
    left, before = copy_of(resident, RESIDENT), cookie(resident, RESIDENT)
    resident.get("/portal/sign-in")
    resident.send("/portal/sign-in", login=make_resident(world), password=PASSWORD, follow=False)
    assert cookie(resident, RESIDENT) not in ("", before)
    assert not is_in(left, "/portal/password")


@pytest.mark.parametrize("home", ["/console", "/portal"])
def test_sign_out_ends_the_session_for_whoever_has_its_token(world: World, home: str) -> None:
    """After signing out, a copied cookie is worth nothing, and the browser has forgotten it."""
    browser = signed_in(world, Role.CLERK) if home == "/console" else resident_browser(world)
    name = STAFF if home == "/console" else RESIDENT
    copied = copy_of(browser, name)
    browser.get(f"{home}/password")
    browser.send(f"{home}/sign-out")
    assert "You are signed out" in browser.words()
    assert cookie(browser, name) == ""
    assert not is_in(copied, f"{home}/password")


def test_change_of_roles_ends_sessions_at_once(world: World) -> None:
    """Whoever lost a role works with it no minute longer."""
    login = make_login(world, Role.CLERK)
    browser = sign_in(world, login)
    assert is_in(browser)
    with transaction(world.sessions) as session:
        set_roles(session, login.staff_id, frozenset({Role.AUDITOR}), BOOTSTRAP, world.clock())
    assert not is_in(browser)
    again = make_login(world, Role.CLERK)
    browser = sign_in(world, again)
    with transaction(world.sessions) as session:
        disable(session, again.staff_id, BOOTSTRAP, world.clock())
    assert not is_in(browser)


def test_staff_change_their_password_and_all_sessions_end(world: World) -> None:
    """Whoever knew the old password is out at once, on every computer."""
    login = make_login(world, Role.CLERK)
    browser = sign_in(world, login)
    copied = copy_of(browser)
    world.clock.advance(timedelta(seconds=30))
    browser.get("/console/password")
    wanted = {"old": PASSWORD, "new": "quite another phrase", "code": login.code(world)}
    browser.send("/console/password", **wanted, again="quite another phrose")
    assert "The two new passwords differ" in browser.words()
    assert is_in(copied)
    browser.send("/console/password", **wanted, again=wanted["new"])
    assert "The password was changed" in browser.words()
    assert not is_in(browser)
    assert not is_in(copied)


def test_residents_change_their_password_and_all_sessions_end(world: World) -> None:
    """The same for residents, without a code."""
    browser = resident_browser(world)
    copied = copy_of(browser, RESIDENT)
    browser.get("/portal/password")
    wanted = {"new": "quite another phrase", "again": "quite another phrase"}
    browser.send("/portal/password", old="not the old one", **wanted)
    assert browser.answer.status_code == 401
    browser.send("/portal/password", old=PASSWORD, new="quite another phrase", again="another")
    assert browser.answer.status_code == 422
    browser.send("/portal/password", old=PASSWORD, **wanted)
    assert "The password was changed" in browser.words()
    assert not is_in(copied, "/portal/password")


@pytest.mark.parametrize("home", ["/console", "/portal"])
def test_idle_and_old_sessions_end(world: World, home: str) -> None:
    """An unwatched counter is shut after a quarter of an hour, any session after twelve hours; the page says why."""
    browser = signed_in(world, Role.CLERK) if home == "/console" else resident_browser(world)
    world.clock.advance(timedelta(minutes=14))
    assert is_in(browser, f"{home}/password")
    world.clock.advance(timedelta(minutes=15))
    browser.get(f"{home}/password")
    assert "Your session has ended" in browser.words()
    browser = signed_in(world, Role.CLERK) if home == "/console" else resident_browser(world)
    for _ in range(12 * 6 - 1):
        world.clock.advance(timedelta(minutes=10))
        assert is_in(browser, f"{home}/password")
    world.clock.advance(timedelta(minutes=10))
    assert not is_in(browser, f"{home}/password")


def test_page_that_looks_again_by_itself_keeps_no_session_open(world: World) -> None:
    """A payment that is left open on an unwatched screen asks how it stands every few seconds; the session ends all the same."""
    browser = resident_browser(world)
    for minute in range(1, 16):
        world.clock.advance(timedelta(minutes=1))
        answer = browser.get("/portal/password", follow=False, HX_Request="true")
        assert answer.status_code == (200 if minute < 15 else 401), minute
    assert answer.headers["HX-Redirect"].startswith("/portal/sign-in?ended=1")
    assert not is_in(browser, "/portal/password")


def test_fresh_code_raises_the_session_under_a_new_token(town: World) -> None:
    """What needs a fresh code asks for it and leads back; the old token, and every form made with it, are dead then."""
    login = make_login(town, Role.SYSTEM_ADMIN)
    browser = sign_in(town, login)
    assert browser.get("/console/sample/fresh", follow=False).status_code == 200
    old = {"csrf": browser.token("/console/sample/fresh")}
    town.clock.advance(timedelta(minutes=5, seconds=1))
    copied, before = copy_of(browser), cookie(browser, STAFF)
    browser.get("/console/sample/fresh")
    assert "Enter a new one-time code" in browser.words()
    browser.send("/console/code", code="000000" if login.code(town) != "000000" else "111111")
    assert browser.answer.status_code == 401
    browser.send("/console/code", code=login.code(town))
    assert browser.answer.request.path == "/console/sample/fresh"
    assert browser.answer.status_code == 200
    assert cookie(browser, STAFF) != before
    assert not is_in(copied)
    assert browser.post("/console/sample/fresh", old).status_code == 403


def test_form_whose_code_went_stale_changes_nothing_and_says_so(town: World) -> None:
    """An approval that was open on the desk for ten minutes is asked for again, not carried out."""
    browser = sign_in(town, make_login(town, Role.SYSTEM_ADMIN))
    browser.get("/console/sample/fresh")
    town.clock.advance(timedelta(minutes=6))
    form = browser.form("/console/sample/fresh")
    given = {str(one.attributes["name"]): str(one.attributes["value"]) for one in form.all("input")}
    answer = browser.post("/console/sample/fresh", given, follow=False, Referer=f"{ADDRESS}/console/sample/fresh")
    assert answer.headers["Location"] == "/console/code?next=%2Fconsole%2Fsample%2Ffresh&stale=1"
    browser.get(answer.headers["Location"])
    assert "Nothing was changed" in browser.words()


def test_one_is_led_on_to_the_page_that_was_asked_for(town: World) -> None:
    """A link to a page works after signing in, in the language of the link; a link to another host does not."""
    login = make_login(town, Role.SYSTEM_ADMIN)
    browser = Browser(town)
    browser.get("/console/sample?lang=zh")
    assert browser.answer.request.path == "/console/sign-in"
    browser.send("/console/sign-in", login=login.login, password=PASSWORD, code=login.code(town))
    assert browser.answer.request.path == "/console/sample"
    for foreign in (
        "//evil.example",
        "https://evil.example/console",
        "/\\evil.example",
        "/console/../v1",
        "/console?x=%0d%0a\r\n",
    ):
        with town.app.test_request_context("/console/sign-in", query_string={"next": foreign}):
            assert onward(Door.CONSOLE)["next"] == "/console"


def test_ten_wrong_passwords_lock_the_login(world: World) -> None:
    """Guessing at the page is counted as everywhere; the answer does not say that the login exists."""
    login = make_login(world, Role.CLERK)
    browser = Browser(world)
    browser.get("/console/sign-in")
    for _ in range(10):
        browser.send("/console/sign-in", login=login.login, password="wrong", code="123456")
    browser.send("/console/sign-in", login=login.login, password=PASSWORD, code=login.code(world))
    assert browser.answer.status_code == 401


def test_chapter_holds_all_sign_in_pages() -> None:
    """One chapter is opened, and it is that of staff and of residents."""
    assert opened is pages
