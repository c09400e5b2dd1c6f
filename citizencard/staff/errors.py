"""Refusals about staff: logins, roles, sessions, outlets."""

from typing import ClassVar

from citizencard.errors import CitizencardError


class StaffError(CitizencardError):
    """Something about a staff member is refused."""

    code = "staff_refused"


class SignInRefused(StaffError):
    """Login, password or one-time code is wrong."""

    code = "sign_in_refused"


class SessionEnded(StaffError):
    """There is no such session, or it has ended."""

    code = "session_ended"


class PermissionDenied(StaffError):
    """Nobody with these roles may do this here."""

    code = "permission_denied"
    public: ClassVar[tuple[str, ...]] = ("permission",)


class FreshCodeNeeded(StaffError):
    """This needs a one-time code entered within the last minutes."""

    code = "fresh_code_needed"
    public: ClassVar[tuple[str, ...]] = ("max_age_s",)


class OneTimeTokenInvalid(StaffError):
    """The one-time token is unknown, used or expired."""

    code = "one_time_token_invalid"


class PasswordUnfit(StaffError):
    """The password is too short, too long or names its owner."""

    code = "password_unfit"
    public: ClassVar[tuple[str, ...]] = ("min_chars", "max_chars")


class LoginUnfit(StaffError):
    """The login or the name is not of a form that can be used."""

    code = "login_unfit"
    public: ClassVar[tuple[str, ...]] = ("field",)


class LoginTaken(StaffError):
    """Another staff member has this login."""

    code = "login_taken"
    public: ClassVar[tuple[str, ...]] = ("login",)


class RolesExcluded(StaffError):
    """One person may not hold these two roles."""

    code = "roles_excluded"
    public: ClassVar[tuple[str, ...]] = ("roles",)


class RoleUnfit(StaffError):
    """Staff cannot hold this role."""

    code = "role_unfit"
    public: ClassVar[tuple[str, ...]] = ("role",)


class OwnRolesRefused(StaffError):
    """Nobody gives roles to himself."""

    code = "own_roles_refused"


class StaffUnknown(StaffError):
    """There is no such staff member."""

    code = "staff_unknown"


class OutletUnknown(StaffError):
    """There is no such outlet."""

    code = "outlet_unknown"


class OutletNameTaken(StaffError):
    """Another outlet has this name."""

    code = "outlet_name_taken"


class TillUnknown(StaffError):
    """There is no such till."""

    code = "till_unknown"
