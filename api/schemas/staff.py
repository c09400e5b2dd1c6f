"""Shapes about staff: logins, sessions, outlets, approvals."""

from dataclasses import dataclass, field

from marshmallow import fields
from marshmallow.validate import Length, OneOf

from api.schemas.fields import Id, Instant, Kind, Text
from api.schemas.shape import Answer, PageQuery, PageWanted, Request
from citizencard.staff.permissions import STAFF_ROLES, Role

MAX_SECRET_CHARACTERS = 256
MAX_REASON_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Activation:
    """A one-time token turned into a login."""

    one_time_token: str = field(repr=False)
    password: str = field(repr=False)


class ActivationRequest(Request):
    """Activate a login."""

    into = Activation

    one_time_token = Text(MAX_SECRET_CHARACTERS, required=True)
    password = Text(MAX_SECRET_CHARACTERS, required=True)


class ActivationAnswer(Answer):
    """An activated login; the secret is shown once."""

    login = fields.String(required=True)
    totp_secret = fields.String(required=True, metadata={"description": "base32, for an authenticator"})
    provisioning_uri = fields.String(required=True, metadata={"description": "otpauth:// address for a QR code"})


@dataclass(frozen=True, slots=True)
class SignInGiven:
    """What somebody types to sign in."""

    login: str
    password: str = field(repr=False)
    totp: str = field(repr=False)
    workstation: str = ""


class SignInRequest(Request):
    """Sign in."""

    into = SignInGiven

    login = Text(64, required=True)
    password = Text(MAX_SECRET_CHARACTERS, required=True)
    totp = Text(16, required=True, metadata={"description": "six digits from the authenticator"})
    workstation = Text(64, least=0, load_default="")


@dataclass(frozen=True, slots=True)
class CodeGiven:
    """A new one-time code."""

    totp: str = field(repr=False)


class CodeRequest(Request):
    """Enter a new one-time code."""

    into = CodeGiven

    totp = Text(16, required=True)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """The old password and the new one."""

    password: str = field(repr=False)
    new_password: str = field(repr=False)
    totp: str = field(repr=False)


class PasswordRequest(Request):
    """Change one's own password."""

    into = NewPassword

    password = Text(MAX_SECRET_CHARACTERS, required=True, metadata={"description": "the old one"})
    new_password = Text(MAX_SECRET_CHARACTERS, required=True)
    totp = Text(16, required=True, metadata={"description": "six digits from the authenticator"})


class SessionAnswer(Answer):
    """A new session."""

    object = Kind("staff_session")
    token = fields.String(required=True)
    expires_at = Instant(required=True)
    roles = fields.List(fields.String(), required=True)


@dataclass(frozen=True, slots=True)
class NamedOnly:
    """Something that needs nothing but a name."""

    name: str


class OutletRequest(Request):
    """Open an outlet."""

    into = NamedOnly

    name = Text(64, required=True)


class OutletAnswer(Answer):
    """A service point."""

    object = Kind("outlet")
    id = Id("out", required=True)
    name = fields.String(required=True)


@dataclass(frozen=True, slots=True)
class NewTill:
    """A till to be opened."""

    outlet_id: str
    name: str


class TillRequest(Request):
    """Open a till."""

    into = NewTill

    outlet_id = Id("out", required=True)
    name = Text(64, required=True)


class TillAnswer(Answer):
    """A cash drawer."""

    object = Kind("till")
    id = Id("till", required=True)
    outlet_id = Id("out", required=True)
    name = fields.String(required=True)


@dataclass(frozen=True, slots=True)
class StaffWanted:
    """A login to be made."""

    login: str
    name: str
    person_reference: str
    roles: list[Role]
    outlet_id: str | None = None


class StaffRequest(Request):
    """Make a login."""

    into = StaffWanted

    login = Text(32, required=True)
    name = Text(64, required=True)
    person_reference = Text(
        64, required=True, metadata={"description": "personnel number: the same for all logins of one human"}
    )
    roles = fields.List(fields.Enum(Role, by_value=True), required=True, validate=Length(1, len(STAFF_ROLES)))
    outlet_id = Id("out", load_default=None, allow_none=True)


class StaffAnswer(Answer):
    """A login that was made."""

    object = Kind("staff_member")
    id = Id("stf", required=True)
    login = fields.String(required=True)
    one_time_token = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "good once, for 24 hours; a repetition of the request gives a new one, and null once it was used"
        },
    )


class ApprovalAnswer(Answer):
    """An act before a second person."""

    object = Kind("approval")
    id = Id("apr", required=True)
    act = fields.String(required=True)
    subject = fields.String(required=True)
    reason = fields.String(required=True)
    payload = fields.Dict(required=True, metadata={"description": "exactly what is carried out"})
    state = fields.String(required=True)
    maker_id = fields.String(required=True)
    checker_id = fields.String(required=True, allow_none=True)
    proposed_at = Instant(required=True)
    expires_at = Instant(required=True)
    decided_at = Instant(required=True, allow_none=True)
    executed_at = Instant(required=True, allow_none=True)


class ApprovalSeenAnswer(ApprovalAnswer):
    """An act before a second person, with all that this person has to read."""

    details = fields.Dict(
        required=True,
        metadata={"description": "what the payload is the digest of, such as a tariff's document; else empty"},
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """What the second person says."""

    decision: str
    reason: str = ""


class DecisionRequest(Request):
    """Decide what somebody else proposed."""

    into = Decision

    decision = fields.String(required=True, validate=OneOf(["approve", "decline"]))
    reason = Text(MAX_REASON_CHARACTERS, least=0, load_default="")


@dataclass(frozen=True, slots=True)
class ApprovalsWanted(PageWanted):
    """Which approvals: those that are open."""

    state: str = "open"


class ApprovalQuery(PageQuery):
    """Which approvals."""

    into = ApprovalsWanted

    state = fields.String(load_default="open", validate=OneOf(["open"]))


class ProposedAnswer(Answer):
    """An act that waits for a second person."""

    object = Kind("proposal")
    approval_id = Id("apr", required=True)
    version = fields.Integer(metadata={"description": "of a tariff"})
