"""Every route for every role: whoever has no business at a route gets no answer that went well."""

import pytest
from werkzeug.test import TestResponse

from api.routes import ACCESS, Access, Door
from citizencard.staff.permissions import GRANTS, STAFF_ROLES, Role
from tests.api.registry import equip
from tests.api.web.browser import ADDRESS, Browser, resident_browser, signed_in
from tests.api.world import World

FILLED = {
    "<int:step>": "1",
    "<any(disablings, enablings, invitations, unbindings):act>": "disablings",
    "<int:version>": "1",
    "<int:block_id>": "1",
    "<int:issuer_id>": "1",
    "<day:day>": "2026-11-20",
    "<code>": "purse:none",
    "<path:filename>": "nothing.css",
}
"""What stands for a part of an address; any other part is an id that nobody has."""
BROWSER_DOORS = {Door.PAGE, Door.CONSOLE, Door.PORTAL}
ENDS_THE_SESSION = {"/v1/staff-sessions/current", "/console/sign-out", "/portal/sign-out"}


def address(rule: str) -> str:
    for part, value in FILLED.items():
        rule = rule.replace(part, value)
    while "<" in rule:
        before, _, rest = rule.partition("<")
        name, _, after = rest.partition(">")
        rule = f"{before}{name.rpartition(':')[2].removesuffix('_id')}_none{after}"
    return rule


def granted(access: Access) -> frozenset[Role]:
    if not access.permissions:
        return frozenset(STAFF_ROLES)
    return frozenset().union(*(GRANTS[permission] for permission in access.permissions))


def held_off(answer: TestResponse) -> bool:
    """Refused, or led to where one signs in; never served, never a fault."""
    if answer.status_code == 303:
        return "/sign-in" in answer.headers["Location"]
    return 400 <= answer.status_code < 500


def ask(browser: Browser, method: str, rule: str, token: str = "") -> TestResponse:
    """The route as a page's own form or link would ask for it, with the right form token."""
    if method == "GET":
        return browser.get(address(rule), follow=False)
    headers = {"X-CSRF-Token": token, "Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}
    return browser.client.open(address(rule), method=method, base_url=ADDRESS, headers=headers, data={})


def test_table_lists_every_route(world: World) -> None:
    """A route that is not in the table fails this test, and an entry without a route does too."""
    found = {
        (method, str(rule))
        for rule in world.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert found == set(ACCESS)


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_staff_of_each_role_at_every_route(world: World, role: Role) -> None:
    """By cookie or by token, each role is let in where the table says and held off everywhere else."""
    browser, caller = signed_in(world, role), world.as_(role)
    token = browser.token("/console/password")
    for (method, rule), access in ACCESS.items():
        if rule in ENDS_THE_SESSION or access.door in (Door.OPEN, Door.PAGE):
            continue
        by_cookie = ask(browser, method, rule, token)
        by_token = caller.send(method, address(rule), {} if method != "GET" else None)
        allowed = role in granted(access)
        for way, door, answer in (("cookie", Door.CONSOLE, by_cookie), ("token", Door.STAFF, by_token)):
            place = (role, way, method, rule, answer.status_code)
            assert answer.status_code != 500, place
            if access.door is not door:
                # A browser's token at a page of the other way: the page sees no session at all.
                assert held_off(answer), place
            elif not allowed:
                assert answer.status_code == 403, place
            else:
                assert answer.status_code not in (401, 403), place


def test_resident_at_every_route(world: World) -> None:
    """A resident's session opens the portal and nothing else."""
    browser = resident_browser(world)
    token = browser.token("/portal/password")
    for (method, rule), access in ACCESS.items():
        if rule in ENDS_THE_SESSION or access.door in (Door.OPEN, Door.PAGE):
            continue
        answer = ask(browser, method, rule, token)
        place = (method, rule, answer.status_code)
        assert answer.status_code != 500, place
        if access.door is Door.PORTAL:
            assert answer.status_code not in (401, 403), place
        else:
            assert held_off(answer), place


def test_terminal_at_every_route(world: World) -> None:
    """A terminal's signature opens the routes of terminals and nothing else."""
    device = equip(world).device
    for (method, rule), access in ACCESS.items():
        if access.door in (Door.OPEN, Door.PAGE):
            continue
        answer = device.post(address(rule), {}) if method == "POST" else device.get(address(rule))
        place = (method, rule, answer.status_code)
        assert answer.status_code != 500, place
        if access.door is Door.TERMINAL:
            assert answer.status_code not in (401, 403), place
        else:
            assert held_off(answer) or answer.status_code == 405, place


def test_nobody_at_every_route(world: World) -> None:
    """Without a session or a signature only what is open opens; made-up sessions are worth nothing."""
    forger = Browser(world)
    for name in ("staff", "resident"):
        forger.client.set_cookie(f"__Host-citizencard-{name}", "x" * 43, domain="127.0.0.1")
    for (method, rule), access in ACCESS.items():
        if access.door is Door.OPEN or (access.door is Door.PAGE and method == "GET"):
            continue
        for browser in (Browser(world), forger):
            answer = ask(browser, method, rule, "made-up")
            assert held_off(answer), (method, rule, answer.status_code)
