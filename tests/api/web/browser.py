"""A browser against the application: cookies, forms sent as pages give them; and people who are signed in through pages."""

import itertools
from dataclasses import dataclass, field

import pyotp
from werkzeug.test import TestResponse

from citizencard.db import new_id, transaction
from citizencard.residents.models import Resident
from citizencard.staff.flow import activate
from citizencard.staff.members import NewStaff, create_staff
from citizencard.staff.permissions import Role
from tests.api.pages.page import Element, parse
from tests.api.world import World
from tests.citizencard.cards.make_cards import resident
from tests.citizencard.staff.make_staff import BOOTSTRAP, CHEAP, PASSWORD, login_secrets

ADDRESS = "http://127.0.0.1:8000"
"""Where the application of the tests says it is; pages are refused under any other."""
_LOGINS = itertools.count(1)


@dataclass
class Login:
    """What somebody of staff knows and has."""

    staff_id: str
    login: str
    totp_secret: str

    def code(self, world: World) -> str:
        return pyotp.TOTP(self.totp_secret).at(world.clock())


@dataclass
class Browser:
    """One window. `page` is what it shows, `answer` what the server said last."""

    world: World
    language: str = "en"
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = self.world.app.test_client()
        self.page = Element("", {})
        self.answer: TestResponse

    def get(self, path: str, *, follow: bool | str = True, **headers: str) -> TestResponse:
        return self._take(
            self.client.get(path, base_url=ADDRESS, headers=self._named(headers), follow_redirects=bool(follow))
        )

    def post(self, path: str, fields: dict[str, str], *, follow: bool | str = True, **headers: str) -> TestResponse:
        """Send fields as they are, without the page's hidden ones."""
        named = self._named({"Sec_Fetch_Site": "same-origin", "Origin": ADDRESS, **headers})
        return self._take(
            self.client.post(path, base_url=ADDRESS, data=fields, headers=named, follow_redirects=bool(follow))
        )

    def send(self, action: str, *, follow: bool | str = True, **fields: str) -> TestResponse:
        """Fill in and send the form of the page with that action."""
        form = self.form(action)
        given = {
            str(entry.attributes["name"]): entry.attributes.get("value") or ""
            for entry in form.walk()
            if entry.name == "input"
            and entry.attributes.get("name")
            and entry.attributes.get("type") not in ("radio", "checkbox")
        }
        return self.post(str(form.attributes["action"]), {**given, **fields}, follow=follow)

    def form(self, action: str) -> Element:
        (form,) = [form for form in self.page.all("form") if str(form.attributes["action"]).partition("?")[0] == action]
        return form

    def token(self, path: str) -> str:
        """What the forms of a page are bound to."""
        self.get(path)
        return str(self.page.all("input", _name="csrf")[0].attributes["value"])

    def words(self) -> str:
        return self.page.words()

    def _named(self, headers: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        return {"Accept-Language": self.language, **self.headers, **named}

    def _take(self, answer: TestResponse) -> TestResponse:
        self.answer = answer
        if answer.mimetype == "text/html" and answer.data:
            self.page = parse(answer.get_data(as_text=True))
        return answer


def make_login(world: World, *roles: Role, outlet_id: str | None = None) -> Login:
    """Somebody of staff with an activated login."""
    login = f"page-{next(_LOGINS)}"
    with transaction(world.sessions) as session:
        made = create_staff(
            session, NewStaff(login, "Chen Jing", login, frozenset(roles), outlet_id), BOOTSTRAP, world.clock()
        )
    active = activate(world.sessions, login_secrets(world.vault), made.one_time_token, PASSWORD, world.clock())
    return Login(made.staff_id, login, active.totp_secret)


def signed_in(world: World, *roles: Role, outlet_id: str | None = None) -> Browser:
    """A browser in which somebody with these roles has signed in by the sign-in page."""
    return sign_in(world, make_login(world, *roles, outlet_id=outlet_id))


def make_resident(world: World) -> str:
    """Somebody's login for the portal; its password is the one of all."""
    login = f"resident-{next(_LOGINS)}"
    person = resident(world.sessions, world.vault, world.clock())
    row = Resident(
        id=new_id("res"),
        person_id=person.id,
        login=login,
        password_hash=CHEAP.hash(PASSWORD),
        failed_count=0,
        registered_at=world.clock(),
    )
    with transaction(world.sessions) as session:
        session.add(row)
    return login


def resident_browser(world: World) -> Browser:
    """A browser in which a resident has signed in by the sign-in page."""
    browser = Browser(world)
    browser.get("/portal/sign-in")
    answer = browser.send("/portal/sign-in", login=make_resident(world), password=PASSWORD, follow=False)
    assert answer.status_code == 303, browser.words()
    return browser


def sign_in(world: World, login: Login) -> Browser:
    """A browser in which this person has signed in by the sign-in page."""
    browser = Browser(world)
    browser.get("/console/sign-in")
    answer = browser.send(
        "/console/sign-in", login=login.login, password=PASSWORD, code=login.code(world), follow=False
    )
    assert answer.status_code == 303, browser.words()
    return browser
