"""Logins of staff: activated once, signed in with password and one-time code, signed out."""

from api.auth import bearer_token
from api.city import city, now
from api.face import Face, Shapes
from api.schemas.staff import (
    Activation,
    ActivationAnswer,
    ActivationRequest,
    CodeGiven,
    CodeRequest,
    NewPassword,
    PasswordRequest,
    SessionAnswer,
    SignInGiven,
    SignInRequest,
)
from citizencard.staff.flow import (
    Activated,
    Credentials,
    PasswordChange,
    SignedIn,
    activate,
    change_password,
    confirm_code,
    sign_in,
    sign_out,
)

face = Face("Staff sessions", "/v1", "Activate a login, sign in, enter a new one-time code, sign out.")


@face.post("/staff-activations", Shapes(gives=ActivationAnswer, takes=ActivationRequest, status=201))
def activate_login(given: Activation) -> Activated:
    """Activate a login with its one-time token and a password of one's own.

    The TOTP secret is shown once. If this answer was lost on its way, an administrator gives a new one-time token.
    """
    return activate(city().sessions, city().secrets, given.one_time_token, given.password, now())


@face.post("/staff-sessions", Shapes(gives=SessionAnswer, takes=SignInRequest, status=201))
def open_session(given: SignInGiven) -> SignedIn:
    """Sign in with login, password and one-time code.

    A session ends after 15 minutes without a request and after 12 hours. Ten failures in a row lock the login for 15 minutes.
    """
    credentials = Credentials(given.login, given.password, given.totp, given.workstation)
    return sign_in(city().sessions, city().secrets, credentials, now())


@face.post("/staff-sessions/current/codes", Shapes(gives=SessionAnswer, takes=CodeRequest, status=201))
def enter_code(given: CodeGiven) -> SignedIn:
    """Enter a new one-time code, for acts that need one of the last five minutes; the session goes on under a new token."""
    return confirm_code(city().sessions, city().secrets, bearer_token(), given.totp, now())


@face.post("/staff-sessions/current/password", Shapes(gives=None, takes=PasswordRequest, status=204))
def set_password(given: NewPassword) -> None:
    """Change one's own password, with the old one and a new one-time code. Every session of the login ends, this one too."""
    change = PasswordChange(given.password, given.new_password, given.totp)
    change_password(city().sessions, city().secrets, bearer_token(), change, now())


@face.delete("/staff-sessions/current", Shapes(gives=None, status=204))
def close_session() -> None:
    """Sign out."""
    sign_out(city().sessions, bearer_token(), now())
