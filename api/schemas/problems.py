"""The shape of a problem document, for the documentation: `api.problems` builds them."""

from marshmallow import fields

from api.schemas.fields import WholeNumber
from api.schemas.shape import Answer


class FieldFaultAnswer(Answer):
    """One field that cannot be taken."""

    pointer = fields.String(metadata={"description": "JSON pointer into the body (RFC 6901)"})
    parameter = fields.String(metadata={"description": "name of a parameter, instead of the pointer"})
    detail = fields.String(required=True)


class ProblemAnswer(Answer):
    """A refusal (RFC 9457). Members of its own, such as `card_id`, stand beside these."""

    type = fields.String(required=True, metadata={"examples": ["/problems/unknown_card"]})
    title = fields.String(required=True)
    status = WholeNumber(400, 599, required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True, metadata={"description": "the path that was asked for"})
    code = fields.String(required=True, metadata={"description": "stable; compare this, not the texts"})
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldFaultAnswer))
