"""Signing in by pages."""

from citizencard.staff.permissions import Role
from tests.api.web.browser import Browser, make_login, sign_in
from tests.api.world import World


def test_clerk_signs_in_by_the_page(world: World) -> None:
    """A clerk signs in with login, password and one-time code, and the browser keeps a session that scripts cannot read."""
    browser = sign_in(world, make_login(world, Role.CLERK))
    assert browser.answer.headers["Location"] == "/console"
    (cookie,) = [
        one for one in browser.answer.headers.getlist("Set-Cookie") if one.startswith("__Host-citizencard-staff=")
    ]
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_wrong_sign_in_says_so_and_forgets_the_password(world: World) -> None:
    """A mistake is a sentence on the page; the password is not written back into it."""
    browser = Browser(world)
    browser.get("/console/sign-in")
    browser.send("/console/sign-in", login="nobody", password="not-the-password", code="123456")
    assert browser.answer.status_code == 401
    assert "Nothing was changed" in browser.words()
    assert "not-the-password" not in browser.answer.get_data(as_text=True)
