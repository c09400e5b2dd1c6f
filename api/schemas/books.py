"""Shapes about the books: business days, certificates, balances, statements, proofs."""

from dataclasses import dataclass

from marshmallow import fields

from api.schemas.fields import Day, Flag, Instant, Kind, MinorUnits, Parameter, WholeNumber
from api.schemas.shape import DEFAULT_PAGE, MAX_PAGE, Answer, Request
from citizencard.settlement.flow import DayClosing

COUNT = 2**53
BELOW = -(2**53)


class DayCloseRequest(Request):
    """Close the open business day (日终) and open the next."""

    into = DayClosing

    day = Day(required=True)
    next_day = Day(required=True)


class OpenDayAnswer(Answer):
    """The business day that money is booked into now."""

    object = Kind("business_day")
    day = Day(required=True)


class NetPositionAnswer(Answer):
    """What a merchant earned in the day."""

    merchant_id = fields.String(required=True)
    name = fields.String(required=True)
    clearing_fen = MinorUnits(BELOW, required=True, metadata={"description": "netted for the day; fen"})
    payable_fen = MinorUnits(BELOW, required=True)
    subsidy_fen = MinorUnits(
        BELOW, required=True, metadata={"description": "owed by sponsors, paid from the company's account; fen"}
    )
    suspense_fen = MinorUnits(BELOW, required=True, metadata={"description": "paid by cards, payee undecided; fen"})


class CertificateAnswer(Answer):
    """The proof that client money is covered (备付金)."""

    cover_fen = MinorUnits(BELOW, required=True)
    owed_fen = MinorUnits(required=True)
    surplus_fen = MinorUnits(BELOW, required=True)
    book_custody_fen = MinorUnits(BELOW, required=True, attribute="custody_fen")
    parts = fields.Dict(
        required=True, metadata={"description": "what cover and debt are made of, by family of accounts; fen"}
    )
    made_at = Instant(required=True)


class DayCloseAnswer(Answer):
    """A closed business day."""

    object = Kind("day_close")
    day = Day(required=True)
    closed_at = Instant(required=True)
    net_positions = fields.List(fields.Nested(NetPositionAnswer), required=True)
    certificate = fields.Nested(CertificateAnswer, required=True)


class TrialBalanceRowAnswer(Answer):
    """The accounts of one family together."""

    family = fields.String(required=True)
    type = fields.String(required=True)
    currency = fields.String(required=True)
    accounts = WholeNumber(0, COUNT, required=True)
    debits_fen = MinorUnits(required=True)
    credits_fen = MinorUnits(required=True)
    balance_fen = MinorUnits(BELOW, required=True)


class TrialBalanceAnswer(Answer):
    """All accounts by family, and the two totals, which are equal."""

    object = Kind("trial_balance")
    rows = fields.List(fields.Nested(TrialBalanceRowAnswer), required=True)
    total_debits_fen = MinorUnits(required=True)
    total_credits_fen = MinorUnits(required=True)


class LedgerProofAnswer(Answer):
    """A proof of the books: every invariant, recomputed from the transfers alone."""

    object = Kind("ledger_proof")
    proved = Flag(required=True)
    differences = fields.List(fields.String(), required=True)
    transfers = WholeNumber(0, COUNT, required=True)
    accounts = WholeNumber(0, COUNT, required=True)
    proved_at = Instant(required=True)


class BalanceAnswer(Answer):
    """What an account holds."""

    object = Kind("balance")
    code = fields.String(required=True)
    type = fields.String(required=True)
    family = fields.String(required=True)
    currency = fields.String(required=True)
    state = fields.String(required=True)
    debits_fen = MinorUnits(required=True)
    credits_fen = MinorUnits(required=True)
    balance_fen = MinorUnits(BELOW, required=True)
    floor_fen = MinorUnits(BELOW, required=True, allow_none=True)
    ceiling_fen = MinorUnits(required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class LinesWanted:
    """Which part of a statement: at most `limit` lines after the one with this id."""

    limit: int = DEFAULT_PAGE
    starting_after: int = 0


class StatementQuery(Request):
    """Parameters of a statement."""

    into = LinesWanted

    limit = Parameter(1, MAX_PAGE, load_default=DEFAULT_PAGE)
    starting_after = Parameter(0, COUNT, load_default=0)


class StatementLineAnswer(Answer):
    """One transfer, seen from one of its two accounts."""

    object = Kind("statement_line")
    id = WholeNumber(1, COUNT, required=True)
    reference = fields.String(required=True)
    kind = fields.String(required=True)
    other = fields.String(required=True, metadata={"description": "the other account"})
    debit = Flag(required=True)
    amount_fen = MinorUnits(required=True)
    change_fen = MinorUnits(BELOW, required=True)
    occurred_at = Instant(required=True)
    recorded_at = Instant(required=True)
    business_date = Day(required=True)
    journal = fields.String(required=True, allow_none=True)
