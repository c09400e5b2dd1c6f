"""Shapes about on-line accounts: opened, linked with cards, topped up with cash."""

from dataclasses import dataclass

from marshmallow import fields

from api.schemas.fields import Flag, Id, Instant, Kind, MinorUnits, WholeNumber
from api.schemas.shape import Answer, Request
from citizencard.chart import REGISTERED_WALLET_CEILING_FEN
from ledger import AccountState

MAX_SLIP = 2**53


@dataclass(frozen=True, slots=True)
class AccountWanted:
    """Whose account; None for a bearer's."""

    person_id: str | None


class OnlineAccountRequest(Request):
    """Open an on-line account."""

    into = AccountWanted

    person_id = Id(
        "per", required=True, allow_none=True, metadata={"description": "null: unregistered, with the lower ceiling"}
    )


class OnlineAccountAnswer(Answer):
    """An on-line account."""

    object = Kind("online_account")
    id = Id("acc", required=True)
    is_registered = Flag(required=True)
    state = fields.String(required=True, metadata={"enum": list(AccountState)})
    balance_fen = MinorUnits(required=True)
    ceiling_fen = MinorUnits(required=True)
    card_ids = fields.List(Id("card"), required=True, metadata={"description": "that pay from it now"})


@dataclass(frozen=True, slots=True)
class CardLinked:
    """The card that shall pay."""

    card_id: str


class CardLinkRequest(Request):
    """Let a card pay from the account."""

    into = CardLinked

    card_id = Id("card", required=True)


@dataclass(frozen=True, slots=True)
class CashGiven:
    """How much cash, into which till."""

    amount_fen: int
    till_id: str


class CashTopUpRequest(Request):
    """Take cash for the account."""

    into = CashGiven

    amount_fen = WholeNumber(1, REGISTERED_WALLET_CEILING_FEN, required=True, metadata={"description": "fen"})
    till_id = Id("till", required=True)


class CashTopUpAnswer(Answer):
    """Cash that was taken, with the number of its slip."""

    object = Kind("cash_top_up")
    id = Id("top", required=True)
    account_id = Id("acc", required=True)
    amount_fen = MinorUnits(required=True)
    till_id = Id("till", required=True)
    slip_serial = WholeNumber(1, MAX_SLIP, required=True, metadata={"description": "of the outlet, without a gap"})
    paid_at = Instant(required=True)
