"""Shapes about utility services, files of bills, and bills."""

from dataclasses import dataclass
from typing import Final

from marshmallow import ValidationError, fields

from api.schemas.fields import MAX_ID_CHARACTERS, Day, Id, Instant, Kind, MinorUnits, Parameter, Text, WholeNumber
from api.schemas.shape import DEFAULT_PAGE, MAX_PAGE, Answer, Request
from citizencard.billing.lines import CUSTOMER_NUMBER
from citizencard.billing.models import MAX_RULE_CHARACTERS, MAX_SOURCE_NAME_CHARACTERS
from citizencard.billing.registry import NewService
from citizencard.merchants.models import MAX_NAME_CHARACTERS
from citizencard.tariffs.utilities_texts import TEXTS

COUNT: Final = 2**31 - 1


def _is_customer_number(text: str) -> None:
    if not CUSTOMER_NUMBER.fullmatch(text):
        raise ValidationError("must be a household's number, digits only")


class ServiceRequest(Request):
    """Register what a utility bills."""

    into = NewService

    merchant_id = Id("mer", required=True)
    name = Text(MAX_NAME_CHARACTERS, required=True)
    rule = Text(MAX_RULE_CHARACTERS, required=True, metadata={"description": "name under `utilities` of the tariff"})


class ServiceAnswer(Answer):
    """Something that a utility bills."""

    object = Kind("utility_service")
    id = Id("utl", required=True)
    merchant_id = Id("mer", required=True)
    name = fields.String(required=True)
    rule = fields.String(required=True)
    currency = fields.String(required=True)
    registered_at = Instant(required=True)


@dataclass(frozen=True, slots=True)
class ImportWanted:
    """Which service a file of bills is for, and what it is called."""

    service_id: str
    source_name: str


class ImportQuery(Request):
    """Parameters of an import."""

    into = ImportWanted

    service_id = Id("utl", required=True)
    source_name = Text(MAX_SOURCE_NAME_CHARACTERS, load_default="upload.csv")


class RejectAnswer(Answer):
    """A line that was not taken."""

    line = WholeNumber(1, COUNT, required=True, metadata={"description": "in the file; the header is 1"})
    field = fields.String(required=True, metadata={"description": "empty for the whole line"})
    reason = fields.String(required=True)
    raw = fields.String(
        required=True, metadata={"description": "what the line said, made harmless; 200 characters at most"}
    )


class ImportAnswer(Answer):
    """What became of a file of bills."""

    object = Kind("bill_import")
    id = Id("imp", required=True, attribute="import_id")
    accepted = WholeNumber(0, COUNT, required=True)
    accepted_fen = MinorUnits(required=True)
    duplicates = WholeNumber(0, COUNT, required=True)
    rejected = WholeNumber(0, COUNT, required=True)
    rejects = fields.List(
        fields.Nested(RejectAnswer), required=True, metadata={"description": "the first 1,000 of them"}
    )


@dataclass(frozen=True, slots=True)
class BillsWanted:
    """Bills of which household: its number, of one service or of all, a part of the list."""

    customer_number: str
    service_id: str | None
    limit: int
    starting_after: str | None


class BillsQuery(Request):
    """Parameters of a list of bills."""

    into = BillsWanted

    customer_number = fields.String(
        required=True,
        validate=_is_customer_number,
        metadata={"description": "户号", "pattern": f"^{CUSTOMER_NUMBER.pattern}$"},
    )
    service_id = Id("utl", load_default=None)
    limit = Parameter(1, MAX_PAGE, load_default=DEFAULT_PAGE)
    starting_after = Text(MAX_ID_CHARACTERS, load_default=None)


class BillPartAnswer(Answer):
    """A piece of the reason of a price."""

    what = fields.String(required=True, metadata={"enum": sorted(TEXTS)})
    minor = WholeNumber(-(2**53), 2**53, required=True, metadata={"description": "fen; below zero: what it takes off"})
    rule = fields.String(required=True, metadata={"description": "place of the rule in the tariff"})
    facts = fields.Dict(required=True, metadata={"description": "numbers and names that the sentence about it tells"})
    sponsor = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "who pays what it takes off; null: the utility gives it"},
    )


class BillAnswer(Answer):
    """A bill of a utility."""

    object = Kind("bill")
    id = Id("bil", required=True)
    serial = fields.String(required=True, metadata={"description": "the utility's own"})
    service_id = Id("utl", required=True)
    customer_number = fields.String(required=True)
    period_from = Day(required=True)
    period_to = Day(required=True)
    quantity = WholeNumber(0, COUNT, required=True)
    unit = fields.String(required=True)
    amount_fen = MinorUnits(required=True)
    parts = fields.List(
        fields.Nested(BillPartAnswer), required=True, metadata={"description": "they add up to the amount"}
    )
    sentences = fields.Dict(required=True, metadata={"description": "the reason for people, by language: zh and en"})
    due_on = Day(required=True)
    version = WholeNumber(1, COUNT, required=True)
    tariff_version = WholeNumber(1, 2**32 - 1, required=True)
    state = fields.String(required=True, metadata={"description": "open, paid or cancelled"})
    paid_by = fields.String(required=True, allow_none=True, metadata={"description": "id of the payment"})
    paid_at = Instant(required=True, allow_none=True)
    receipt_token = fields.String(required=True, allow_none=True)
