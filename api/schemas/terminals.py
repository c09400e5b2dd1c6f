"""Shapes of what devices send and get (hardware/terminal/uplink.py is the other side)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marshmallow import INCLUDE, RAISE, Schema, fields
from marshmallow.validate import Length

from api.schemas.fields import Flag, Hex, Id, Instant, Kind, MinorUnits, Parameter, Text, WholeNumber
from api.schemas.shape import Answer, Request
from citizencard.terminals.gaps import MAX_ASKED
from citizencard.terminals.shifts import WorksWith

NUMBER = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A device that makes itself known."""

    terminal: bytes
    code: str = field(repr=False)
    public_key: bytes


class EnrolmentRequest(Request):
    """Bring a device's public key, by its one-time code. The request is signed with the device's key."""

    into = Enrolment

    terminal = Hex(6, required=True, metadata={"description": "terminal number; the key id of the signature"})
    code = Text(64, required=True)
    public_key = Hex(32, required=True, metadata={"description": "Ed25519"})


class EnrolmentAnswer(Answer):
    """A device whose key is known."""

    object = Kind("enrolment")
    terminal_id = Id("term", required=True)
    public_key = Hex(32, required=True)


class GapAnswer(Answer):
    """Sequences of a module of which no record has come, both included."""

    terminal_number = Hex(6, required=True)
    first = WholeNumber(0, NUMBER, required=True)
    last = WholeNumber(0, NUMBER, required=True)


class UpcomingAnswer(Answer):
    """Parameters that take effect later: they can be fetched now, and count from their time on."""

    version = WholeNumber(1, NUMBER, required=True)
    effective_from = Instant(required=True)


@dataclass(frozen=True, slots=True)
class ShiftBegun:
    """A device that begins to work."""

    psam_serial: bytes
    software: str
    parameter_version: int
    hotlist_version: int
    issuer_version: int

    @property
    def works_with(self) -> WorksWith:
        """The versions that it has."""
        return WorksWith(self.parameter_version, self.hotlist_version, self.issuer_version)


class TerminalSignInRequest(Request):
    """Begin a shift (签到)."""

    into = ShiftBegun

    psam_serial = Hex(10, required=True)
    software = Text(64, least=0, load_default="")
    parameter_version = WholeNumber(0, NUMBER, load_default=0, metadata={"description": "in use; 0: none"})
    hotlist_version = WholeNumber(0, NUMBER, load_default=0, metadata={"description": "in use; 0: none"})
    issuer_version = WholeNumber(0, NUMBER, load_default=0, metadata={"description": "in use; 0: none"})


class InForce(Answer):
    """What is in force, what will be, and what is asked for; part of two answers."""

    parameter_version = WholeNumber(0, NUMBER, required=True, metadata={"description": "0: no tariff is in force"})
    upcoming = fields.List(fields.Nested(UpcomingAnswer), required=True)
    hotlist_version = WholeNumber(0, NUMBER, required=True)
    issuer_version = WholeNumber(0, NUMBER, required=True)
    gaps = fields.List(fields.Nested(GapAnswer), required=True, metadata={"description": "each once a day at most"})
    heartbeat_every_s = WholeNumber(1, 86_400, required=True)
    server_time = Instant(required=True)


class TerminalSignInAnswer(InForce):
    """What a device must know to begin."""

    object = Kind("terminal_sign_in")
    batch = WholeNumber(0, NUMBER, required=True, metadata={"description": "the next batch has at least this number"})
    most_records = WholeNumber(1, NUMBER, required=True, metadata={"description": "in one batch"})


@dataclass(frozen=True, slots=True)
class HeartbeatSaid:
    """How a device says it is."""

    software: str
    parameter_version: int
    hotlist_version: int
    issuer_version: int
    records_waiting: int
    oldest_waiting_at: datetime | None
    device_time: datetime
    free_kb: int
    faults: str

    @property
    def works_with(self) -> WorksWith:
        """The versions that it has."""
        return WorksWith(self.parameter_version, self.hotlist_version, self.issuer_version)


class HeartbeatRequest(Request):
    """Say how the device is. Nothing in it decides about money but the versions that it works with."""

    into = HeartbeatSaid

    software = Text(64, least=0, required=True)
    parameter_version = WholeNumber(0, NUMBER, required=True, metadata={"description": "in use; 0: none"})
    hotlist_version = WholeNumber(0, NUMBER, required=True, metadata={"description": "in use; 0: none"})
    issuer_version = WholeNumber(0, NUMBER, required=True, metadata={"description": "in use; 0: none"})
    records_waiting = WholeNumber(0, NUMBER, required=True)
    oldest_waiting_at = Instant(required=True, allow_none=True)
    device_time = Instant(required=True, metadata={"description": "of its own clock, without the kept difference"})
    free_kb = WholeNumber(0, NUMBER, required=True, metadata={"description": "room left for records, KiB"})
    faults = Text(200, least=0, load_default="")


class HeartbeatAnswer(InForce):
    """What a device is to do."""

    object = Kind("heartbeat")
    fetch = fields.List(fields.String(metadata={"enum": ["parameters", "hotlist", "issuers"]}), required=True)
    upload_now = Flag(required=True)
    rotate_key = Flag(required=True)


class GapRequest(Schema):
    """Sequences for which no debit was made, both included."""

    class Meta:
        """Options of the library."""

        unknown = RAISE

    terminal_number = Hex(6, required=True)
    first = WholeNumber(0, NUMBER, required=True)
    last = WholeNumber(0, NUMBER, required=True)


@dataclass(frozen=True, slots=True)
class NoDebits:
    """A device's word about gaps."""

    no_debit: list[dict[str, Any]]


class GapsRequest(Request):
    """Say for which sequences nothing was debited."""

    into = NoDebits

    no_debit = fields.List(fields.Nested(GapRequest), required=True, validate=Length(1, MAX_ASKED))


class GapsAnswer(Answer):
    """What is closed by a device's word."""

    object = Kind("gaps")
    closed = fields.List(fields.Nested(GapAnswer), required=True)


@dataclass(frozen=True, slots=True)
class ShiftEnded:
    """A device's totals of a shift."""

    batch: int
    psam_serial: bytes
    first_sequence: int
    last_sequence: int
    records: int
    amount_fen: int


class TerminalSignOutRequest(Request):
    """End a shift (签退) with its totals over all purchases made, answered or not."""

    into = ShiftEnded

    batch = WholeNumber(1, NUMBER, required=True, metadata={"description": "as the sign-in answered"})
    psam_serial = Hex(10, required=True)
    first_sequence = WholeNumber(0, NUMBER, required=True, metadata={"description": "0 when there are no records"})
    last_sequence = WholeNumber(0, NUMBER, required=True)
    records = WholeNumber(0, NUMBER, required=True)
    amount_fen = MinorUnits(required=True)


class MissingAnswer(Answer):
    """Sequences, both included."""

    first = WholeNumber(0, NUMBER, required=True)
    last = WholeNumber(0, NUMBER, required=True)


class TerminalSignOutAnswer(Answer):
    """What has arrived of a shift."""

    object = Kind("terminal_sign_out")
    batch = WholeNumber(1, NUMBER, required=True)
    agrees = Flag(required=True)
    records = WholeNumber(0, NUMBER, required=True)
    amount_fen = MinorUnits(required=True)
    missing = fields.List(fields.Nested(MissingAnswer), required=True)
    server_time = Instant(required=True)


@dataclass(frozen=True, slots=True)
class ParametersWanted:
    """Which parameters are asked for; None for those in force."""

    version: int | None


class ParametersQuery(Request):
    """Which parameters."""

    into = ParametersWanted

    version = Parameter(1, NUMBER, load_default=None)


@dataclass(frozen=True, slots=True)
class HotlistWanted:
    """The version that the device has, 0 for none."""

    since: int


class HotlistQuery(Request):
    """From which version on."""

    into = HotlistWanted

    since = Parameter(0, NUMBER, load_default=0)


class ListedIssuerAnswer(Answer):
    """Another city's issuer."""

    issuer = Hex(8, required=True)
    city = fields.String(required=True)
    name = fields.String(required=True)


class IssuerListAnswer(Answer):
    """Issuers whose cards devices know."""

    object = Kind("issuer_list")
    version = WholeNumber(0, NUMBER, required=True)
    issuers = fields.List(fields.Nested(ListedIssuerAnswer), required=True)


class DeviceTableAnswer(Answer):
    """The device table: what rides and stays cost, in the bytes that hardware/terminal/PROTOCOL.md publishes."""

    object = Kind("device_table")
    layout = WholeNumber(1, 1, required=True, metadata={"description": "of the bytes"})
    version = WholeNumber(1, NUMBER, required=True, metadata={"description": "tariff version, as in the bytes"})
    effective_from = Instant(required=True)
    table = fields.String(
        required=True,
        metadata={
            "description": "the table, base64 (RFC 4648 §4): magic CCT1, header, sections, SHA-256; at most 8 MiB of bytes",
            "contentEncoding": "base64",
        },
    )


class UploadRequest(Schema):
    """Records in their JSON form; every field is checked where records are judged, and each fault is named there."""

    class Meta:
        """Options of the library."""

        unknown = INCLUDE

    terminal = fields.Raw(metadata={"type": "string"})
    psam_serial = fields.Raw(metadata={"type": "string"})
    batch = fields.Raw(metadata={"type": "integer"})
    records = fields.Raw(metadata={"type": "array", "items": {"type": "object"}})


class VerdictAnswer(Answer):
    """What is said about one record."""

    terminal_sequence = WholeNumber(0, NUMBER, required=True)
    card_serial = fields.String(required=True)
    tac = fields.String(required=True)
    verdict = fields.String(required=True, metadata={"enum": ["accepted", "suspicious", "rejected", "duplicate"]})
    original = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    findings = fields.List(fields.String(), required=True)


class KeptAnswer(Answer):
    """A record that was not judged: the device keeps it and sends it again later."""

    terminal_sequence = WholeNumber(0, NUMBER, required=True)
    card_serial = fields.String(required=True)
    tac = fields.String(required=True)
    reason = fields.String(
        required=True,
        metadata={"enum": ["too_many_bad_tacs_of_terminal", "too_many_bad_tacs_of_card"]},
    )


class ReceiptAnswer(Answer):
    """One verdict a record that is not kept, in the order of the file. A device deletes what has a verdict, and nothing else."""

    object = Kind("batch_receipt")
    terminal = fields.String(required=True)
    batch = WholeNumber(0, NUMBER, required=True)
    verdicts = fields.List(fields.Nested(VerdictAnswer), required=True)
    kept = fields.List(fields.Nested(KeptAnswer), required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
