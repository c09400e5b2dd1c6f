"""Staff sign in and out, enter a fresh one-time code, and change their password."""

from dataclasses import dataclass, field
from typing import Final

from flask import Response, g, request

from api.city import city, now
from api.pages.language import PARAMETER
from api.routes import Door
from api.web import cookies
from api.web.doors import HOME, NEXT, SIGN_IN, local, page_token
from api.web.forms import Code, Form, Line, Secret, new_form, read_form
from api.web.page import Said, go_to, page_blueprint, render_page
from api.web.submitting import answer_form
from citizencard.staff.flow import Credentials, confirm_code, sign_in, sign_out

WORKSTATION: Final = "console"
MAX_LOGIN: Final = 64
MAX_PASSWORD: Final = 256
CONSOLE: Final = HOME[Door.CONSOLE]

pages = page_blueprint("web", __name__.rpartition(".signing_in")[0])


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


@pages.get("/console/sign-in")
def staff_sign_in() -> Response:
    """Where staff sign in."""
    return render_page("web/sign_in_staff.html", form=new_form(), onward=_onward(), ended="ended" in request.args)


@pages.post("/console/sign-in")
def staff_signed_in() -> Response:
    """Open a session; one that the browser still had ends."""
    return answer_form(read_form(SignInForm, SignIn), _open, "web/sign_in_staff.html", onward=_onward(), ended=False)


@pages.post("/console/sign-out")
def staff_sign_out() -> Response:
    """End the session, here and for whoever has copied its token."""
    sign_out(city().sessions, page_token() or "", now())
    answer = go_to(SIGN_IN[Door.CONSOLE])
    cookies.take(answer, cookies.STAFF)
    return answer


@pages.get("/console/code")
def code() -> Response:
    """Where a fresh one-time code is entered."""
    return render_page("web/code.html", form=new_form(), onward=_onward(), stale="stale" in request.args)


@pages.post("/console/code")
def code_entered() -> Response:
    """Go on under a new token, with the right to what needs a fresh code."""

    def enter(given: NewCode) -> Response:
        opened = confirm_code(city().sessions, city().secrets, page_token() or "", given.code, now())
        return _with_session(opened.token)

    return answer_form(read_form(CodeForm, NewCode), enter, "web/code.html", onward=_onward(), stale=False)


def _open(given: SignIn) -> Response:
    credentials = Credentials(given.login, given.password, given.code, WORKSTATION)
    opened = sign_in(city().sessions, city().secrets, credentials, now())
    earlier = cookies.secret_cookie(cookies.STAFF)
    if earlier is not None:
        sign_out(city().sessions, earlier, now())
    return _with_session(opened.token)


def _with_session(token: str, said: Said | None = None) -> Response:
    g.page_token = token
    answer = go_to(local(request.args.get(NEXT, ""), CONSOLE), said)
    cookies.give(answer, cookies.STAFF, token)
    return answer


def _onward() -> dict[str, str]:
    """What the form's own address carries on: where to go afterwards, and the language."""
    kept = {NEXT: local(request.args.get(NEXT, ""), CONSOLE)}
    return kept | {name: request.args[name] for name in (PARAMETER,) if name in request.args}
