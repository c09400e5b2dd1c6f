"""Merchants and the lines that bus companies run."""

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once
from api.schemas.books import LinesWanted, StatementQuery
from api.schemas.registry import LineAnswer, LineRequest, MerchantAnswer, MerchantRequest, NewMerchant
from api.schemas.shape import Page, PageQuery, PageWanted, list_of
from citizencard.audit import record
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.merchants.models import Line, Merchant
from citizencard.merchants.registry import NewLine, list_lines, list_merchants, register_line, register_merchant
from citizencard.staff.permissions import Permission

face = Face("Merchants", "/v1", "Who is paid with cards.")


@face.post("/merchants", Shapes(gives=MerchantAnswer, takes=MerchantRequest, status=201))
def register_a_merchant(new: NewMerchant) -> Once:
    """Register a merchant."""
    who = actor(Permission.MERCHANTS_MANAGE)

    def work(session: Transaction) -> Merchant:
        merchant = register_merchant(session, new.name, new.kind, now=now())
        after = {"name": merchant.name, "kind": merchant.kind}
        record(session, who, "merchant.register", merchant.id, after=after, now=now())
        return merchant

    return Once(work)


@face.get("/merchants", Shapes(gives=list_of(MerchantAnswer), query=PageQuery))
def see_merchants(wanted: PageWanted) -> Page:
    """All merchants, by id."""
    with reading(city().sessions) as session:
        found = list_merchants(session, after=wanted.starting_after or "", limit=wanted.limit + 1)
    return Page.cut(found, wanted.limit)


@face.post("/lines", Shapes(gives=LineAnswer, takes=LineRequest, status=201))
def register_a_line(new: NewLine) -> Once:
    """Register a line. Its number goes onto cards and into records, and is never given twice."""
    who = actor(Permission.MERCHANTS_MANAGE)

    def work(session: Transaction) -> Line:
        line = register_line(session, new, now=now())
        after = {"merchant": line.merchant_id, "base_fare_fen": line.base_fare_fen}
        record(session, who, "line.register", f"line:{line.number}", after=after, now=now())
        return line

    return Once(work)


@face.get("/lines", Shapes(gives=list_of(LineAnswer), query=StatementQuery))
def see_lines(wanted: LinesWanted) -> Page:
    """All lines, by number."""
    with reading(city().sessions) as session:
        found = list_lines(session, after=wanted.starting_after, limit=wanted.limit + 1)
    return Page.cut(found, wanted.limit)
