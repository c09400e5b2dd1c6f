"""Shapes about the lists that devices fetch, as staff see them: blocks of the hotlist, partner issuers, who lags behind."""

from dataclasses import dataclass
from datetime import datetime

from marshmallow import fields
from marshmallow.validate import OneOf

from api.schemas.fields import Hex, Id, Instant, Kind, Parameter, Text, WholeNumber
from api.schemas.shape import DEFAULT_PAGE, MAX_PAGE, Answer, Request
from api.schemas.terminals import NUMBER
from citizencard.cards.hotlist_acts import MAX_REASON_CHARACTERS, NewBlock
from citizencard.cards.models import BlockKind
from citizencard.terminals.issuers import MAX_NAME_CHARACTERS, NewIssuer
from citizencard.terminals.models import AcknowledgedKind

MAX_REMARK_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """Which part of a list that is numbered: at most `limit` entries after the one with this number."""

    limit: int
    starting_after: int


class NumberedPageQuery(Request):
    """Parameters of a numbered list."""

    into = NumberedPage

    limit = Parameter(1, MAX_PAGE, load_default=DEFAULT_PAGE)
    starting_after = Parameter(0, NUMBER, load_default=0)


@dataclass(frozen=True, slots=True)
class BlockWanted:
    """A block to be proposed."""

    kind: str
    first: bytes
    last: bytes
    reason: str

    def block(self) -> NewBlock:
        """As the domain wants it."""
        return NewBlock(BlockKind(self.kind), self.first, self.last, self.reason)


class HotlistBlockRequest(Request):
    """Put a range of cards, or a security module, on the hotlist."""

    into = BlockWanted

    kind = fields.String(required=True, validate=OneOf(list(BlockKind)))
    first = Hex(6, 10, required=True, metadata={"description": "application serial; of a module its terminal number"})
    last = Hex(6, 10, required=True, metadata={"description": "included; of a module the same number"})
    reason = Text(MAX_REASON_CHARACTERS, required=True)


class HotlistBlockAnswer(Answer):
    """A block that is or was on the hotlist."""

    object = Kind("hotlist_block")
    id = WholeNumber(1, NUMBER, required=True)
    kind = fields.String(required=True)
    first = fields.String(required=True)
    last = fields.String(required=True)
    reason = fields.String(required=True)
    effective_from = Instant(required=True)
    removed_from = Instant(required=True, allow_none=True)
    listed_in = WholeNumber(0, NUMBER, required=True, allow_none=True)
    unlisted_in = WholeNumber(0, NUMBER, required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class Ending:
    """Why something ends."""

    reason: str


class EndingRequest(Request):
    """End a block of the hotlist, or the admission of an issuer."""

    into = Ending

    reason = Text(MAX_REMARK_CHARACTERS, required=True)


@dataclass(frozen=True, slots=True)
class IssuerWanted:
    """An issuer to be proposed."""

    issuer: bytes
    city: str
    name: str
    admitted_from: datetime | None

    def new(self) -> NewIssuer:
        """As the domain wants it."""
        return NewIssuer(self.issuer, self.city, self.name, self.admitted_from)


class PartnerIssuerRequest(Request):
    """Admit another city's issuer."""

    into = IssuerWanted

    issuer = Hex(8, required=True, metadata={"description": "the 8 bytes of EF15 of its cards"})
    city = Text(4, least=4, required=True)
    name = Text(MAX_NAME_CHARACTERS, required=True)
    admitted_from = Instant(load_default=None, metadata={"description": "from its approval when left out"})


class PartnerIssuerAnswer(Answer):
    """An issuer that is or was admitted."""

    object = Kind("partner_issuer")
    id = WholeNumber(1, NUMBER, required=True)
    issuer = Hex(8, required=True)
    city = fields.String(required=True)
    name = fields.String(required=True)
    admitted_from = Instant(required=True)
    withdrawn_from = Instant(required=True, allow_none=True)
    listed_in = WholeNumber(0, NUMBER, required=True, allow_none=True)
    unlisted_in = WholeNumber(0, NUMBER, required=True, allow_none=True)


LAGGING = (str(AcknowledgedKind.HOTLIST), str(AcknowledgedKind.ISSUERS))


@dataclass(frozen=True, slots=True)
class LagsWanted:
    """Of which list, and which part of the answer."""

    list: str
    limit: int
    starting_after: str


class LagsQuery(Request):
    """Of which list."""

    into = LagsWanted

    list = fields.String(required=True, validate=OneOf(LAGGING))
    limit = Parameter(1, MAX_PAGE, load_default=DEFAULT_PAGE)
    starting_after = Text(64, least=0, load_default="")


class ListLagAnswer(Answer):
    """A device that does not work with the list in force."""

    object = Kind("list_lag")
    terminal_id = Id("term", required=True)
    name = fields.String(required=True)
    version = WholeNumber(0, NUMBER, required=True, metadata={"description": "0: it never said"})
    current = WholeNumber(1, NUMBER, required=True)
    behind_since = Instant(required=True)
    is_overdue = fields.Boolean(required=True)
