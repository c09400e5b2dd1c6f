"""Residents sign in and out, and change their password. A login is made with the proof of a card, by the portal's own pages."""

from dataclasses import dataclass, field
from typing import Final

from flask import Response, g, request

from api.city import city, now
from api.routes import Door
from api.web import cookies
from api.web.doors import HOME, NEXT, SIGN_IN, lead_to, local, page_token
from api.web.forms import Form, Line, Secret, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.signing_in.blueprint import onward, pages
from api.web.submitting import answer_form
from citizencard.residents import flow

MAX_LOGIN: Final = 32
MAX_PASSWORD: Final = 256
SIGN_IN_PAGE: Final = "web/sign_in_resident.html"
PASSWORD_PAGE: Final = "web/password.html"  # noqa: S105 # the name of a template


@dataclass(frozen=True, slots=True)
class SignIn:
    """What is typed to sign in."""

    login: str
    password: str = field(repr=False)


class SignInForm(Form):
    """Login and password."""

    login = Line(MAX_LOGIN)
    password = Secret(MAX_PASSWORD)


@dataclass(frozen=True, slots=True)
class Change:
    """The password as it is and as it shall be, the latter twice."""

    old: str = field(repr=False)
    new: str = field(repr=False)
    again: str = field(repr=False)


class ChangeForm(Form):
    """Two passwords, one of them twice."""

    old = Secret(MAX_PASSWORD)
    new = Secret(MAX_PASSWORD)
    again = Secret(MAX_PASSWORD)


@pages.get("/portal/sign-in")
def resident_sign_in() -> Response:
    """Where residents sign in."""
    return render_page(SIGN_IN_PAGE, form=new_form(), onward=onward(Door.PORTAL))


@pages.post("/portal/sign-in")
def resident_signed_in() -> Response:
    """Open a session; one that the browser still had ends."""

    def enter(given: SignIn) -> Response:
        opened = flow.sign_in(city().sessions, city().secrets.passwords, given.login, given.password, now())
        return let_in(opened.token, local(request.args.get(NEXT, ""), HOME[Door.PORTAL]))

    return answer_form(read_form(SignInForm, SignIn), enter, SIGN_IN_PAGE, onward=onward(Door.PORTAL))


@pages.post("/portal/sign-out")
def resident_sign_out() -> Response:
    """End the session, here and for whoever has copied its token."""
    flow.sign_out(city().sessions, page_token() or "", now())
    return _out("out")


@pages.get("/portal/password")
def resident_password() -> Response:
    """Where residents change their password."""
    return render_page(PASSWORD_PAGE, form=new_form(), with_code=False)


@pages.post("/portal/password")
def resident_password_changed() -> Response:
    """Change it; every session of the login ends, this one too."""
    form = read_form(ChangeForm, Change)
    if form.value is not None and form.value.new != form.value.again:
        form = form.but("again", "password.differs")

    def change(given: Change) -> Response:
        flow.change_password(city().sessions, city().secrets.passwords, page_token() or "", given.old, given.new, now())
        return _out("changed")

    return answer_form(form, change, PASSWORD_PAGE, with_code=False)


def let_in(token: str, path: str, said: Said | None = None) -> Response:
    """Give the browser a resident's new session and lead it on; an older session that the browser had ends.

    Args:
        token: of the new session, as `citizencard.residents.flow` has given it.
        path: of a page of ours.
        said: what that page says.
    """
    earlier = cookies.secret_cookie(cookies.RESIDENT)
    if earlier is not None:
        flow.sign_out(city().sessions, earlier, now())
    g.page_token = token
    answer = go_to(path, said)
    cookies.give(answer, cookies.RESIDENT, token)
    return answer


def _out(why: str) -> Response:
    answer = lead_to(SIGN_IN[Door.PORTAL], **{why: "1"})
    cookies.take(answer, cookies.RESIDENT)
    cookies.take(answer, cookies.FLASH)
    return answer
