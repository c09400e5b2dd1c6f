"""Shapes of what devices send and get (hardware/terminal/uplink.py is the other side)."""

from dataclasses import dataclass, field

from marshmallow import INCLUDE, Schema, fields

from api.schemas.fields import Hex, Id, Instant, Kind, Text, WholeNumber
from api.schemas.shape import Answer, Request

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


@dataclass(frozen=True, slots=True)
class ShiftBegun:
    """A device that begins to work."""

    psam_serial: bytes
    software: str


class TerminalSignInRequest(Request):
    """Begin a shift (签到)."""

    into = ShiftBegun

    psam_serial = Hex(10, required=True)
    software = Text(64, least=0, load_default="")


class TerminalSignInAnswer(Answer):
    """What a device must know to begin."""

    object = Kind("terminal_sign_in")
    batch = WholeNumber(0, NUMBER, required=True, metadata={"description": "the next batch has at least this number"})
    parameter_version = WholeNumber(0, NUMBER, required=True, metadata={"description": "0: no tariff is in force"})
    hotlist_version = WholeNumber(0, NUMBER, required=True)
    server_time = Instant(required=True)


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


class HotlistAnswer(Answer):
    """Cards that devices refuse."""

    object = Kind("hotlist")
    version = WholeNumber(0, NUMBER, required=True)
    serials = fields.List(Hex(10), required=True)


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


class ReceiptAnswer(Answer):
    """One verdict a record, in the order of the file. A device deletes what is listed, and nothing else."""

    object = Kind("batch_receipt")
    terminal = fields.String(required=True)
    batch = WholeNumber(0, NUMBER, required=True)
    verdicts = fields.List(fields.Nested(VerdictAnswer), required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
