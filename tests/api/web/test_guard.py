"""What another site could make a browser send is refused, by real requests."""

import pytest

from api.city import city
from api.web.guard import origins
from citizencard.staff.permissions import Role
from tests.api.web.browser import ADDRESS, Browser, resident_browser, signed_in
from tests.api.world import World


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:8001", "127.0.0.1:8000.evil.example", ""])
def test_foreign_host_is_refused(world: World, host: str) -> None:
    """A name that a stranger makes lead to our address (DNS rebinding) opens no page."""
    browser = signed_in(world, Role.CLERK)
    for path in ("/console/sign-in", "/console/password", "/portal/sign-in"):
        answer = browser.get(path, follow=False, Host=host or " ")
        assert answer.status_code == 400, path
    answer = browser.post("/console/sign-out", {}, Host=host or " ")
    assert answer.status_code == 400
    assert browser.get("/console/password", follow=False).status_code == 200


def test_own_names_are_taken(world: World) -> None:
    """The public address opens pages; in the test realm so do both names of this machine, with the port."""
    browser = Browser(world)
    for host in ("127.0.0.1:8000", "localhost:8000"):
        assert browser.get("/console/sign-in", Host=host).status_code == 200
    with world.app.test_request_context():
        assert origins() == {"http://127.0.0.1:8000", "http://localhost:8000"}
        object.__setattr__(city().settings, "realm", "production")
        object.__setattr__(city().settings, "public_url", "https://card.example.cn")
        assert origins() == {"https://card.example.cn"}


@pytest.mark.parametrize(
    "sent",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:47112"},
        {"Origin": "http://localhost:8000"},
        {"Sec_Fetch_Site": "", "Origin": "https://127.0.0.1:8000"},
    ],
    ids=str,
)
def test_form_from_another_site_is_refused(world: World, sent: dict[str, str]) -> None:
    """Even with a token that is right, a request that another page sends changes nothing."""
    browser = signed_in(world, Role.CLERK)
    token = browser.token("/console/password")
    assert browser.post("/console/sign-out", {"csrf": token}, **sent).status_code == 403
    assert "another site" in browser.words()
    assert browser.get("/console/password", follow=False).status_code == 200


def test_form_without_its_token_is_refused(world: World) -> None:
    """A missing, made-up or foreign token changes nothing, signed in or before; the right one in a script's header does."""
    browser, other, resident = signed_in(world, Role.CLERK), signed_in(world, Role.CLERK), resident_browser(world)
    stranger = Browser(world)

    right = browser.token("/console/password")
    foreign = (
        other.token("/console/password"),
        resident.token("/portal/password"),
        stranger.token("/console/sign-in"),
    )
    for wrong in ("", "x", right[:-1], right + "x", *foreign):
        assert browser.post("/console/sign-out", {"csrf": wrong}).status_code == 403
        assert browser.post("/console/sign-out", {}, X_CSRF_Token=wrong).status_code == 403
    assert resident.post("/portal/sign-out", {"csrf": right}).status_code == 403
    assert browser.get("/console/password", follow=False).status_code == 200
    for path in ("/console/sign-in", "/portal/sign-in"):
        fields = {"login": "x", "password": "x", "once": "x" * 16}
        assert Browser(world).post(path, fields).status_code == 403
        assert stranger.post(path, {**fields, "csrf": right}).status_code == 403
    assert browser.post("/console/sign-out", {}, X_CSRF_Token=right, follow=False).status_code == 303


def test_old_browsers_that_do_not_say_where_they_are_need_the_token_alone(world: World) -> None:
    """Where Sec-Fetch-Site and Origin are not sent, the token decides."""
    browser = signed_in(world, Role.CLERK)
    token = browser.token("/console/password")
    silent = {"Sec_Fetch_Site": "", "Origin": ""}
    assert browser.post("/console/sign-out", {"csrf": "wrong"}, **silent).status_code == 403
    assert browser.post("/console/sign-out", {"csrf": token}, follow=False, **silent).status_code == 303


def test_interface_of_programs_does_not_look_at_cookies(world: World) -> None:
    """A browser's session opens nothing under /v1: there is no page whose forms would protect it."""
    browser = signed_in(world, Role.CLERK)
    assert browser.get("/v1/staff-sessions/current").status_code == 405
    assert browser.post("/v1/people/searches", {}).status_code == 401
    assert browser.get("/v1/cards/card_none", Origin=ADDRESS).status_code == 401
