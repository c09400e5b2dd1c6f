"""Shapes about merchants, lines, tariffs, terminals and their modules."""

from dataclasses import dataclass
from datetime import datetime

from marshmallow import fields
from marshmallow.validate import OneOf

from api.schemas.fields import Hex, Id, Instant, Kind, MinorUnits, Text, WholeNumber
from api.schemas.shape import Answer, Request
from citizencard.merchants.models import MAX_LINE_NUMBER, MAX_NAME_CHARACTERS, MerchantKind
from citizencard.merchants.registry import NewLine
from citizencard.terminals.fitting.fittings import NewModule
from citizencard.terminals.models import TerminalKind


@dataclass(frozen=True, slots=True)
class NewMerchant:
    """A merchant to be registered."""

    name: str
    kind: str


class MerchantRequest(Request):
    """Register a merchant."""

    into = NewMerchant

    name = Text(MAX_NAME_CHARACTERS, required=True)
    kind = fields.String(required=True, validate=OneOf(list(MerchantKind)))


class MerchantAnswer(Answer):
    """Somebody who is paid with cards."""

    object = Kind("merchant")
    id = Id("mer", required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    registered_at = Instant(required=True)


class LineRequest(Request):
    """Register a line."""

    into = NewLine

    merchant_id = Id("mer", required=True)
    number = WholeNumber(1, MAX_LINE_NUMBER, required=True)
    name = Text(MAX_NAME_CHARACTERS, required=True)
    base_fare_fen = MinorUnits(required=True)


class LineAnswer(Answer):
    """A line of a bus company."""

    object = Kind("line")
    number = WholeNumber(1, MAX_LINE_NUMBER, required=True)
    merchant_id = Id("mer", required=True)
    name = fields.String(required=True)
    base_fare_fen = MinorUnits(required=True)
    registered_at = Instant(required=True)


@dataclass(frozen=True, slots=True)
class NewTerminal:
    """A device to be registered."""

    name: str
    kind: str
    outlet_id: str | None


class TerminalRequest(Request):
    """Register a device."""

    into = NewTerminal

    kind = fields.String(required=True, validate=OneOf(list(TerminalKind)))
    name = Text(120, required=True)
    outlet_id = Id("mout", load_default=None, allow_none=True, metadata={"description": "where it stands"})


class TerminalAnswer(Answer):
    """A device."""

    object = Kind("terminal")
    id = Id("term", required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    outlet_id = Id("mout", required=True, allow_none=True)
    partner_id = Id("term", required=True, allow_none=True, metadata={"description": "the other gate of a pair"})
    terminal_number = Hex(6, required=True, allow_none=True)
    registered_at = Instant(required=True)
    signed_in_at = Instant(required=True, allow_none=True)


class TerminalMadeAnswer(TerminalAnswer):
    """A device with the code that it makes itself known by."""

    enrolment_code = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "good once, for 24 hours; a repetition of the request gives a new one, and null once there is a key"
        },
    )


class PsamRequest(Request):
    """Order a security module for a device; it is then made in a reader job `personalise_psam`."""

    into = NewModule

    terminal_id = Id("term", required=True)
    chip_serial = Hex(8, required=True)


class PsamAnswer(Answer):
    """A security module."""

    object = Kind("psam")
    id = Id("psam", required=True)
    psam_serial = Hex(10, required=True, attribute="serial")
    terminal_number = Hex(6, required=True)
    state = fields.String(required=True)
    ordered_at = Instant(required=True)


@dataclass(frozen=True, slots=True)
class BindingWanted:
    """Who shall be paid for what a device takes."""

    terminal_id: str
    psam_id: str
    merchant_id: str
    line: int | None
    valid_from: datetime | None


class BindingRequest(Request):
    """Propose whom a device with its module earns for."""

    into = BindingWanted

    terminal_id = Id("term", required=True)
    psam_id = Id("psam", required=True)
    merchant_id = Id("mer", required=True)
    line = WholeNumber(1, MAX_LINE_NUMBER, load_default=None, allow_none=True)
    valid_from = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "from the second on in which it is agreed to, if not given or passed by then"},
    )
