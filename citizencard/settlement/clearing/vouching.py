"""What must hold between taps, what was set aside of them, and the ledger: checks of the proof."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from citizencard import chart
from citizencard.db import is_postgresql
from citizencard.purse.decisions.models import Outcome, TapDecision
from citizencard.purse.uploads.book import PURCHASE
from citizencard.purse.uploads.models import TapRecord, Verdict
from citizencard.settlement.clearing.asides import COVERED, SET_ASIDE
from citizencard.settlement.clearing.models import TapSetAside
from citizencard.settlement.clearing.subsidies import RESTORED, SUBSIDY_AGAIN, SUBSIDY_BACK
from ledger import Difference
from ledger.checks import streamed
from ledger.models import Account, PostedTransfer

_TAP: Final = "tap:"
_SUBSIDY: Final = ":subsidy:"
_RESTORED: Final = f":{RESTORED}:"


def taps_booked(session: Session) -> Iterator[Difference]:
    """Every tap with a good TAC has debited its card's purse by its amount, for its merchant or suspense; and no other tap is booked."""
    debit, credit = aliased(Account), aliased(Account)
    payee = case((TapRecord.verdict == Verdict.ACCEPTED, _merchants("clearing")), else_=_merchants("suspense"))
    chosen = (
        select(
            TapRecord.identity,
            TapRecord.amount_fen,
            PostedTransfer.amount_fen.label("fen"),
            PostedTransfer.kind,
            debit.code.label("payer"),
            credit.code.label("payee"),
        )
        .outerjoin(PostedTransfer, PostedTransfer.reference == literal(_TAP) + TapRecord.identity)
        .outerjoin(debit, debit.id == PostedTransfer.debit_id)
        .outerjoin(credit, credit.id == PostedTransfer.credit_id)
        .where(TapRecord.identity.is_not(None))
    )
    booked = and_(
        PostedTransfer.amount_fen == TapRecord.amount_fen,
        PostedTransfer.kind == PURCHASE,
        debit.code == literal("purse:") + TapRecord.card_id,
        credit.code == payee,
    )
    free = and_(TapRecord.amount_fen == 0, PostedTransfer.id.is_(None))
    wrong = chosen.where(func.coalesce(or_(booked, free), literal(value=False)).is_(False)).order_by(TapRecord.id)
    for row in streamed(session, wrong):
        found = "no transfer" if row.fen is None else f"{row.fen} fen, {row.kind}, {row.payer} → {row.payee}"
        yield Difference("tap", f"{_TAP}{row.identity}", f"{row.amount_fen} fen of its card for its merchant", found)
    unknown = (
        select(PostedTransfer.reference, PostedTransfer.amount_fen)
        .outerjoin(TapRecord, PostedTransfer.reference == literal(_TAP) + TapRecord.identity)
        .where(PostedTransfer.reference.startswith(_TAP, autoescape=True), TapRecord.id.is_(None))
        .order_by(PostedTransfer.id)
    )
    for row in streamed(session, unknown):
        yield Difference("tap", row.reference, "a tap that it is for", f"{row.amount_fen} fen for none")


def set_asides_booked(session: Session) -> Iterator[Difference]:
    """Every tap that was set aside, or came back, has its transfer between clearing and suspense of its merchant; and no other has."""
    debit, credit = aliased(Account), aliased(Account)
    clearing = literal("merchant:") + TapSetAside.merchant_id + literal(":clearing")
    suspense = literal("merchant:") + TapSetAside.merchant_id + literal(":suspense")
    is_aside = TapSetAside.number % 2 == 1
    chosen = (
        select(
            TapSetAside.reference,
            TapSetAside.amount_fen,
            PostedTransfer.amount_fen.label("fen"),
            PostedTransfer.kind,
            debit.code.label("payer"),
            credit.code.label("payee"),
        )
        .join(TapRecord, TapRecord.id == TapSetAside.record_id)
        .outerjoin(PostedTransfer, PostedTransfer.reference == TapSetAside.reference)
        .outerjoin(debit, debit.id == PostedTransfer.debit_id)
        .outerjoin(credit, credit.id == PostedTransfer.credit_id)
    )
    booked = and_(
        PostedTransfer.amount_fen == TapSetAside.amount_fen,
        PostedTransfer.kind == case((is_aside, SET_ASIDE), else_=COVERED),
        debit.code == case((is_aside, clearing), else_=suspense),
        credit.code == case((is_aside, suspense), else_=clearing),
    )
    free = and_(TapSetAside.amount_fen == 0, PostedTransfer.id.is_(None))
    of_its_tap = and_(
        TapRecord.verdict == Verdict.ACCEPTED,
        TapRecord.merchant_id == TapSetAside.merchant_id,
        TapSetAside.amount_fen <= TapRecord.amount_fen,
        TapSetAside.subsidy_fen == TapRecord.subsidy_fen,
    )
    right = and_(or_(booked, free), of_its_tap)
    wrong = chosen.where(func.coalesce(right, literal(value=False)).is_(False)).order_by(TapSetAside.id)
    for row in streamed(session, wrong):
        found = "no transfer" if row.fen is None else f"{row.fen} fen, {row.kind}, {row.payer} → {row.payee}"
        expected = f"{row.amount_fen} fen of its tap between clearing and suspense"
        yield Difference("set_aside", row.reference, expected, found)
    yield from _nobodys(session)


def set_asides_subsidised(session: Session) -> Iterator[Difference]:
    """Of each tap that was set aside, or came back, sponsors' money went the same way, the whole of it; restored only by a decision."""
    reference = PostedTransfer.reference
    paid = select(
        _before(session, _SUBSIDY).label("reference"), literal(0).label("said"), PostedTransfer.amount_fen.label("paid")
    ).where(PostedTransfer.kind.in_((SUBSIDY_BACK, SUBSIDY_AGAIN)), reference.contains(_SUBSIDY, autoescape=True))
    said = select(TapSetAside.reference, TapSetAside.subsidy_fen.label("said"), literal(0).label("paid"))
    yield from _unequal(session, union_all(said.where(TapSetAside.subsidy_fen > 0), paid))
    restored = select(
        _before(session, _RESTORED).label("reference"),
        literal(0).label("said"),
        PostedTransfer.amount_fen.label("paid"),
    ).where(PostedTransfer.kind == SUBSIDY_AGAIN, reference.contains(_RESTORED, autoescape=True))
    last = aliased(TapSetAside)
    decided = (
        select(TapSetAside.reference, TapSetAside.subsidy_fen.label("said"), literal(0).label("paid"))
        .join(TapDecision, TapDecision.record_id == TapSetAside.record_id)
        .outerjoin(last, and_(last.record_id == TapSetAside.record_id, last.number > TapSetAside.number))
        .where(
            TapDecision.outcome.in_((Outcome.MERCHANT, Outcome.COMPANY)),
            TapSetAside.number % 2 == 1,
            TapSetAside.subsidy_fen > 0,
            last.id.is_(None),
        )
    )
    yield from _unequal(session, union_all(decided, restored))


def set_aside_sponsors(session: Session) -> Iterator[Difference]:
    """What went back to a sponsor, or came again, is that sponsor's part of the price, and on the merchant's side it is the tap's."""
    debit, credit = aliased(Account), aliased(Account)
    is_back = PostedTransfer.kind == SUBSIDY_BACK
    sponsor = func.substr(case((is_back, credit.code), else_=debit.code), len(chart.owed("sponsor", "")) + 1)
    said: ColumnElement[int] = (
        cast(func.jsonb_extract_path_text(TapRecord.explanation, "subsidies", sponsor), BigInteger)
        if is_postgresql(session)
        else func.json_extract(TapRecord.explanation, literal('$.subsidies."') + sponsor + literal('"'))
    )
    earned = literal("merchant:") + TapRecord.merchant_id + literal(":subsidy")
    right = and_(case((is_back, debit.code), else_=credit.code) == earned, said == PostedTransfer.amount_fen)
    identity = func.substr(PostedTransfer.reference, len("finding:tap:") + 1, 32)
    chosen = (
        select(
            PostedTransfer.reference, PostedTransfer.amount_fen, debit.code.label("payer"), credit.code.label("payee")
        )
        .join(debit, debit.id == PostedTransfer.debit_id)
        .join(credit, credit.id == PostedTransfer.credit_id)
        .outerjoin(TapRecord, TapRecord.identity == identity)
        .where(PostedTransfer.kind.in_((SUBSIDY_BACK, SUBSIDY_AGAIN)))
        .where(func.coalesce(right, literal(value=False)).is_(False))
        .order_by(PostedTransfer.id)
    )
    for row in streamed(session, chosen):
        found = f"{row.amount_fen} fen, {row.payer} → {row.payee}"
        yield Difference("set_aside_subsidy", row.reference, "as the price of the ride says", found)


def _merchants(account: str) -> ColumnElement[str]:
    return literal("merchant:") + func.coalesce(TapRecord.merchant_id, chart.UNKNOWN_MERCHANT) + literal(f":{account}")


def _before(session: Session, mark: str) -> ColumnElement[str]:
    """The reference of a row of `tap_set_aside`: what stands before a mark in that of a transfer."""
    find = func.strpos if is_postgresql(session) else func.instr
    return func.substr(PostedTransfer.reference, 1, find(PostedTransfer.reference, mark) - 1)


def _unequal(session: Session, both: CompoundSelect[tuple[str, int, int]]) -> Iterator[Difference]:
    rows = both.subquery()
    sums = func.sum(rows.c.said), func.sum(rows.c.paid)
    found = select(rows.c.reference, sums[0].label("said_fen"), sums[1].label("paid_fen")).group_by(rows.c.reference)
    for row in streamed(session, found.having(sums[0] != sums[1]).order_by(rows.c.reference)):
        expected, paid = f"{int(row.said_fen)} fen", f"{int(row.paid_fen)} fen"
        yield Difference("set_aside_subsidy", row.reference, expected, paid)


def _nobodys(session: Session) -> Iterator[Difference]:
    unknown = (
        select(PostedTransfer.reference, PostedTransfer.amount_fen)
        .outerjoin(TapSetAside, TapSetAside.reference == PostedTransfer.reference)
        .where(PostedTransfer.kind.in_((SET_ASIDE, COVERED)), TapSetAside.id.is_(None))
        .order_by(PostedTransfer.id)
    )
    for row in streamed(session, unknown):
        yield Difference("set_aside", row.reference, "a tap that it is for", f"{row.amount_fen} fen for none")
