"""Shapes about how devices are and what becomes of them: health, states, codes, places, software."""

from dataclasses import dataclass

from marshmallow import fields
from marshmallow.validate import OneOf

from api.schemas.fields import Flag, Hex, Id, Instant, Kind, Parameter, Text, WholeNumber
from api.schemas.registry import TerminalAnswer
from api.schemas.shape import DEFAULT_PAGE, MAX_PAGE, Answer, Request
from citizencard.merchants.models import MAX_LINE_NUMBER
from citizencard.terminals.health import BEHIND
from citizencard.terminals.models import MAX_SOFTWARE_CHARACTERS, TerminalKind, TerminalState

NUMBER = 2**53


class TerminalHeartbeatAnswer(Answer):
    """What a device said of itself last."""

    object = Kind("terminal_heartbeat")
    at = Instant(required=True)
    software = fields.String(required=True)
    parameter_version = WholeNumber(0, NUMBER, required=True)
    hotlist_version = WholeNumber(0, NUMBER, required=True)
    records_waiting = WholeNumber(0, NUMBER, required=True)
    oldest_waiting_at = Instant(required=True, allow_none=True)
    clock_offset_s = WholeNumber(-NUMBER, NUMBER, required=True)
    free_kb = WholeNumber(0, NUMBER, required=True)
    faults = fields.String(required=True)


class TerminalHealthAnswer(TerminalAnswer):
    """A device with what is to be seen to."""

    merchant_id = Id("mer", required=True, allow_none=True)
    line = WholeNumber(1, MAX_LINE_NUMBER, required=True, allow_none=True)
    silent = Flag(required=True, metadata={"description": "not heard of for longer than its kind may be"})
    behind = fields.List(
        fields.String(validate=OneOf(BEHIND)),
        required=True,
        metadata={"description": "what it works with an old version of"},
    )
    heartbeat = fields.Nested(TerminalHeartbeatAnswer, required=True, allow_none=True)


class TerminalBindingAnswer(Answer):
    """Whom a device earned for, from when until when."""

    object = Kind("terminal_binding")
    merchant_id = Id("mer", required=True)
    line = WholeNumber(1, MAX_LINE_NUMBER, required=True, allow_none=True)
    terminal_number = Hex(6, required=True)
    psam_serial = Hex(10, required=True)
    valid_from = Instant(required=True)
    valid_to = Instant(required=True, allow_none=True)
    approval_id = Id("apr", required=True)
    end_approval_id = Id("apr", required=True, allow_none=True)


class TerminalKeyAnswer(Answer):
    """A public key of a device. A retired one still tells which files its device signed."""

    object = Kind("terminal_key")
    public_key = Hex(32, required=True)
    enrolled_at = Instant(required=True)
    retired_at = Instant(required=True, allow_none=True)
    rotated = Flag(
        required=True, metadata={"description": "made by the device itself, not brought with a one-time code"}
    )


class TerminalStateChangeAnswer(Answer):
    """Who stopped a device or let it speak again, when and why."""

    object = Kind("terminal_state_change")
    state = fields.String(required=True)
    reason = fields.String(required=True)
    changed_by = fields.String(required=True, metadata={"description": "a member of staff"})
    approval_id = Id("apr", required=True, allow_none=True)
    changed_at = Instant(required=True)


class TerminalSeenAnswer(TerminalHealthAnswer):
    """A device with its history."""

    bindings = fields.List(fields.Nested(TerminalBindingAnswer), required=True)
    keys = fields.List(fields.Nested(TerminalKeyAnswer), required=True)
    state_changes = fields.List(fields.Nested(TerminalStateChangeAnswer), required=True)


@dataclass(frozen=True, slots=True)
class TerminalsWanted:
    """Which devices; what is None does not matter."""

    kind: str | None = None
    merchant_id: str | None = None
    outlet_id: str | None = None
    state: str | None = None
    silent: str | None = None
    behind: str | None = None
    limit: int = DEFAULT_PAGE
    starting_after: str | None = None


class TerminalQuery(Request):
    """Parameters of the list of devices."""

    into = TerminalsWanted

    kind = fields.String(load_default=None, validate=OneOf(list(TerminalKind)))
    merchant_id = Id("mer", load_default=None)
    outlet_id = Id("mout", load_default=None)
    state = fields.String(load_default=None, validate=OneOf(list(TerminalState)))
    silent = fields.String(load_default=None, validate=OneOf(["true", "false"]))
    behind = fields.String(load_default=None, validate=OneOf(["any", *BEHIND]))
    limit = Parameter(1, MAX_PAGE, load_default=DEFAULT_PAGE)
    starting_after = Text(64, load_default=None)


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """A one-time code, by an approved invitation if the device has a key."""

    approval_id: str | None


class EnrolmentCodeRequest(Request):
    """Ask for a one-time code. A device that has, or had, a key needs an approved invitation that the caller proposed."""

    into = CodeWanted

    approval_id = Id("apr", load_default=None, allow_none=True)


class EnrolmentCodeAnswer(Answer):
    """A one-time code, shown once and not kept."""

    object = Kind("enrolment_code")
    terminal_id = Id("term", required=True)
    enrolment_code = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "good once, for 24 hours; a repetition of the request gives a new one, null once it was used"
        },
    )


@dataclass(frozen=True, slots=True)
class PlaceWanted:
    """Where a device stands."""

    outlet_id: str | None


class TerminalPlaceRequest(Request):
    """Say where a device stands; null for nowhere in particular."""

    into = PlaceWanted

    outlet_id = Id("mout", required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class PartnerWanted:
    """The other gate of a pair."""

    partner_id: str | None


class TerminalPartnerRequest(Request):
    """Make two gates a pair: metro gates, or an entry and an exit of a lot; null for no pair."""

    into = PartnerWanted

    partner_id = Id("term", required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class UnbindingWanted:
    """Which device shall earn for nobody any more, and why."""

    terminal_id: str
    reason: str


class UnbindingRequest(Request):
    """Propose that a device earns for nobody any more."""

    into = UnbindingWanted

    terminal_id = Id("term", required=True)
    reason = Text(200, required=True)


@dataclass(frozen=True, slots=True)
class SoftwareWanted:
    """What devices of a kind shall run."""

    kind: str
    software: str


class TerminalSoftwareRequest(Request):
    """Say what devices of a kind shall run from now on."""

    into = SoftwareWanted

    kind = fields.String(required=True, validate=OneOf(list(TerminalKind)))
    software = Text(MAX_SOFTWARE_CHARACTERS, required=True)


class TerminalSoftwareAnswer(Answer):
    """What devices of a kind shall run."""

    object = Kind("terminal_software")
    kind = fields.String(required=True)
    software = fields.String(required=True)
    set_at = Instant(required=True)
