"""Staff sign in and out, enter a fresh one-time code, and change their password."""

from dataclasses import dataclass, field
from typing import Final

from flask import Response, g, request

from api.city import city, now
from api.routes import Door
from api.web import cookies
from api.web.doors import HOME, NEXT, SIGN_IN, lead_to, local, page_token
from api.web.forms import Code, Form, Line, Secret, new_form, read_form
from api.web.page import go_to, render_page
from api.web.signing_in.blueprint import onward, pages
from api.web.submitting import answer_form
from citizencard.staff.flow import Credentials, PasswordChange, change_password, confirm_code, sign_in, sign_out

WORKSTATION: Final = "console"
MAX_LOGIN: Final = 64
MAX_PASSWORD: Final = 256
SIGN_IN_PAGE: Final = "web/sign_in_staff.html"
CODE_PAGE: Final = "web/code.html"
PASSWORD_PAGE: Final = "web/password.html"  # noqa: S105 # the name of a template


@dataclass(frozen=True, slots=True)
class SignIn:
    """What is typed to sign in."""

    login: str
    password: str = field(repr=False)
    code: str = field(repr=False)


class SignInForm(Form):
    """Login, password, one-time code."""

    login = Line(MAX_LOGIN)
    password = Secret(MAX_PASSWORD)
    code = Code()


@dataclass(frozen=True, slots=True)
class NewCode:
    """A one-time code."""

    code: str = field(repr=False)


class CodeForm(Form):
    """A one-time code."""

    code = Code()


@dataclass(frozen=True, slots=True)
class Change:
    """The password as it is and as it shall be, the latter twice."""

    old: str = field(repr=False)
    new: str = field(repr=False)
    again: str = field(repr=False)
    code: str = field(repr=False)


class ChangeForm(Form):
    """Two passwords, one of them twice, and a one-time code."""

    old = Secret(MAX_PASSWORD)
    new = Secret(MAX_PASSWORD)
    again = Secret(MAX_PASSWORD)
    code = Code()


@pages.get("/console/sign-in")
def staff_sign_in() -> Response:
    """Where staff sign in."""
    return render_page(SIGN_IN_PAGE, form=new_form(), onward=onward(Door.CONSOLE))


@pages.post("/console/sign-in")
def staff_signed_in() -> Response:
    """Open a session; one that the browser still had ends."""
    return answer_form(read_form(SignInForm, SignIn), _open, SIGN_IN_PAGE, onward=onward(Door.CONSOLE))


@pages.post("/console/sign-out")
def staff_sign_out() -> Response:
    """End the session, here and for whoever has copied its token."""
    sign_out(city().sessions, page_token() or "", now())
    return _out("out")


@pages.get("/console/code")
def code() -> Response:
    """Where a fresh one-time code is entered."""
    return render_page(CODE_PAGE, form=new_form(), onward=onward(Door.CONSOLE), stale="stale" in request.args)


@pages.post("/console/code")
def code_entered() -> Response:
    """Go on under a new token, with the right to what needs a fresh code."""

    def enter(given: NewCode) -> Response:
        opened = confirm_code(city().sessions, city().secrets, page_token() or "", given.code, now())
        return _in(opened.token)

    return answer_form(read_form(CodeForm, NewCode), enter, CODE_PAGE, onward=onward(Door.CONSOLE), stale=False)


@pages.get("/console/password")
def staff_password() -> Response:
    """Where staff change their password."""
    return render_page(PASSWORD_PAGE, form=new_form(), with_code=True)


@pages.post("/console/password")
def staff_password_changed() -> Response:
    """Change it; every session of the login ends, this one too."""
    form = read_form(ChangeForm, Change)
    if form.value is not None and form.value.new != form.value.again:
        form = form.but("again", "password.differs")

    def change(given: Change) -> Response:
        wanted = PasswordChange(given.old, given.new, given.code)
        change_password(city().sessions, city().secrets, page_token() or "", wanted, now())
        return _out("changed")

    return answer_form(form, change, PASSWORD_PAGE, with_code=True)


def _open(given: SignIn) -> Response:
    credentials = Credentials(given.login, given.password, given.code, WORKSTATION)
    opened = sign_in(city().sessions, city().secrets, credentials, now())
    earlier = cookies.secret_cookie(cookies.STAFF)
    if earlier is not None:
        sign_out(city().sessions, earlier, now())
    return _in(opened.token)


def _in(token: str) -> Response:
    g.page_token = token
    answer = go_to(local(request.args.get(NEXT, ""), HOME[Door.CONSOLE]))
    cookies.give(answer, cookies.STAFF, token)
    return answer


def _out(why: str) -> Response:
    answer = lead_to(SIGN_IN[Door.CONSOLE], **{why: "1"})
    cookies.take(answer, cookies.STAFF)
    cookies.take(answer, cookies.FLASH)
    return answer
