"""Shapes about people. Nothing here repeats what was entered: answers are masked, but for the one that says why it is not."""

from dataclasses import dataclass, field

from marshmallow import fields
from marshmallow.validate import OneOf

from api.schemas.fields import Flag, Id, Instant, Kind, Text
from api.schemas.shape import Answer, Request
from api.schemas.staff import MAX_REASON_CHARACTERS
from citizencard.people.identity import DocumentType
from citizencard.people.registry import NewPerson
from citizencard.social_security.links import Insurance, InsuranceState

MAX_NUMBER_CHARACTERS = 32


class PersonRequest(Request):
    """Register a resident."""

    into = NewPerson

    document_type = fields.Enum(DocumentType, by_value=True, load_default=DocumentType.CN_ID)
    document_number = Text(MAX_NUMBER_CHARACTERS, required=True, metadata={"examples": ["11010519491231002X"]})
    name = Text(64, required=True)
    phone = Text(32, load_default=None, allow_none=True)


@dataclass(frozen=True, slots=True)
class PersonSought:
    """A number that somebody is sought by."""

    document_number: str = field(repr=False)


class PersonSearchRequest(Request):
    """Find a resident by the whole number of the document; it stands in the body, so that it is in no log."""

    into = PersonSought

    document_number = Text(MAX_NUMBER_CHARACTERS, required=True)


class PersonAnswer(Answer):
    """A resident, masked."""

    object = Kind("person")
    id = Id("per", required=True)
    document_type = fields.String(required=True)
    document_number = fields.String(required=True, metadata={"examples": ["1101**********002X"]})
    name = fields.String(required=True, metadata={"examples": ["张*"]})
    phone = fields.String(required=True, allow_none=True)
    registered_at = Instant(required=True)


class PersonFoundAnswer(Answer):
    """At most one resident has a number."""

    object = Kind("list")
    data = fields.List(fields.Nested(PersonAnswer), required=True)
    has_more = Flag(required=True)


@dataclass(frozen=True, slots=True)
class Why:
    """A reason."""

    reason: str


class ReasonRequest(Request):
    """Say why."""

    into = Why

    reason = Text(MAX_REASON_CHARACTERS, required=True, metadata={"description": "in words, naming nobody by number"})


class PersonRevealedAnswer(Answer):
    """A resident in clear. That it was shown, to whom and why was written down before."""

    object = Kind("person_revealed")
    id = Id("per", required=True, attribute="person_id")
    document_type = fields.String(required=True)
    document_number = fields.String(required=True)
    name = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class LinkGiven:
    """A resident's place in social security, as entered."""

    region_code: str
    insurances: dict[str, str]
    nation: str = field(repr=False)


class SocialSecurityRequest(Request):
    """Link a resident to social security under the number of the identity document, or bring the link up to date."""

    into = LinkGiven

    region_code = Text(6, required=True, metadata={"description": "pool region (统筹区), six digits"})
    insurances = fields.Dict(
        keys=fields.String(validate=OneOf(list(Insurance))),
        values=fields.String(validate=OneOf(list(InsuranceState))),
        load_default=dict,
    )
    nation = Text(2, least=0, load_default="", metadata={"description": "two digits of GB/T 3304, or empty"})


class SocialSecurityAnswer(Answer):
    """A resident's place in social security."""

    object = Kind("social_security_link")
    id = Id("ssl", required=True)
    person_id = Id("per", required=True)
    region_code = fields.String(required=True)
    status = fields.String(required=True)
    insurances = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    linked_at = Instant(required=True)
