"""Shapes about merchants' outlets, contacts, bank accounts, and what they are to be told."""

from dataclasses import dataclass, field

from marshmallow import fields
from marshmallow.validate import OneOf

from api.schemas.fields import Id, Instant, Kind, Parameter, Text
from api.schemas.registry import MerchantAnswer
from api.schemas.shape import DEFAULT_PAGE, MAX_PAGE, Answer, Request
from citizencard.merchants.contacts import MAX_CONTACT_NAME_CHARACTERS
from citizencard.merchants.models import (
    MAX_ADDRESS_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_OPENING_HOURS_CHARACTERS,
    MAX_REASON_CHARACTERS,
)
from citizencard.merchants.notices import WAYS
from citizencard.merchants.outlets import NewOutlet

MAX_PHONE_CHARACTERS = 32
MAX_NUMBER_CHARACTERS = 48


class MerchantOutletRequest(Request):
    """Open an outlet of a merchant."""

    into = NewOutlet

    merchant_id = Id("mer", required=True)
    name = Text(MAX_NAME_CHARACTERS, required=True)
    address = Text(MAX_ADDRESS_CHARACTERS, required=True)
    opening_hours = Text(MAX_OPENING_HOURS_CHARACTERS, least=0, load_default="")


class MerchantOutletAnswer(Answer):
    """Where a merchant does business."""

    object = Kind("merchant_outlet")
    id = Id("mout", required=True)
    merchant_id = Id("mer", required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    opening_hours = fields.String(required=True)
    opened_at = Instant(required=True)
    closed_at = Instant(required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class OutletsWanted:
    """Which outlets: of one merchant or of all."""

    merchant_id: str | None = None
    limit: int = DEFAULT_PAGE
    starting_after: str | None = None


class MerchantOutletQuery(Request):
    """Parameters of the list of outlets."""

    into = OutletsWanted

    merchant_id = Id("mer", load_default=None)
    limit = Parameter(1, MAX_PAGE, load_default=DEFAULT_PAGE)
    starting_after = Text(64, load_default=None)


@dataclass(frozen=True, slots=True)
class ContactWanted:
    """Somebody to be told things."""

    name: str = field(repr=False)
    phone: str = field(repr=False)


class MerchantContactRequest(Request):
    """Make somebody a merchant's contact, in place of the one before, who is told."""

    into = ContactWanted

    name = Text(MAX_CONTACT_NAME_CHARACTERS, required=True)
    phone = Text(MAX_PHONE_CHARACTERS, required=True, metadata={"description": "5 to 20 digits"})


class MerchantContactAnswer(Answer):
    """Whom a merchant is told things through. Masked, unless it was revealed."""

    object = Kind("merchant_contact")
    id = Id("mcon", required=True, attribute="contact_id")
    name = fields.String(required=True)
    phone = fields.String(required=True)
    recorded_at = Instant(required=True)


class MerchantSeenAnswer(MerchantAnswer):
    """A merchant with its contact, masked."""

    contact = fields.Nested(MerchantContactAnswer, required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class BankAccountWanted:
    """Where a merchant's money shall go."""

    bank: str
    reason: str
    holder: str = field(repr=False)
    number: str = field(repr=False)


class BankAccountRequest(Request):
    """Propose where a merchant's money shall go. It does three days after a second person has agreed; the contact is told at once."""

    into = BankAccountWanted

    holder = Text(MAX_NAME_CHARACTERS, required=True)
    bank = Text(MAX_NAME_CHARACTERS, required=True, metadata={"description": "bank and branch"})
    number = Text(MAX_NUMBER_CHARACTERS, required=True, metadata={"description": "8 to 32 digits"})
    reason = Text(MAX_REASON_CHARACTERS, required=True)


class BankAccountAnswer(Answer):
    """Where a merchant's money goes, or went, or shall go: the last four digits only."""

    object = Kind("bank_account")
    id = Id("mba", required=True)
    merchant_id = Id("mer", required=True)
    bank = fields.String(required=True)
    last4 = fields.String(required=True)
    state = fields.String(
        required=True,
        metadata={"description": "proposed, declined, expired, agreed, in_force, replaced, taken_back or superseded"},
    )
    approval_id = Id("apr", required=True)
    proposed_at = Instant(required=True)
    effective_from = Instant(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)
    end_reason = fields.String(required=True, allow_none=True)
    superseded_by = Id("mba", required=True, allow_none=True)


class BankAccountRevealedAnswer(Answer):
    """A bank account in clear. That it was shown, to whom and why, is written down."""

    object = Kind("bank_account_revealed")
    id = Id("mba", required=True, attribute="bank_account_id")
    bank = fields.String(required=True)
    holder = fields.String(required=True)
    number = fields.String(required=True)


class MerchantNoticeAnswer(Answer):
    """Something that a contact is to be told, and whether somebody says that it was."""

    object = Kind("merchant_notice")
    id = Id("mnot", required=True)
    merchant_id = Id("mer", required=True)
    contact_id = Id("mcon", required=True)
    kind = fields.String(required=True)
    subject = fields.String(required=True, metadata={"description": "the bank account, or the new contact"})
    made_at = Instant(required=True)
    sent_at = Instant(required=True, allow_none=True)
    way = fields.String(required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class Told:
    """How a contact was told."""

    way: str


class ToldRequest(Request):
    """Say that a contact was told, and how."""

    into = Told

    way = fields.String(required=True, validate=OneOf(WAYS))
