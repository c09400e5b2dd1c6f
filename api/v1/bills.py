"""Bills of utilities: registered services, files of bills, and the bills of a household."""

from dataclasses import asdict
from typing import Final

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once, Stored
from api.schemas.bills import (
    BillAnswer,
    BillsQuery,
    BillsWanted,
    ImportAnswer,
    ImportQuery,
    ImportWanted,
    ServiceAnswer,
    ServiceRequest,
)
from api.schemas.shape import Page, list_of
from citizencard.audit import Access, record_reading
from citizencard.billing.importing import BillFile, ImportReport, import_bills, neutral, report_of
from citizencard.billing.models import UtilityService
from citizencard.billing.registry import NewService, register_service
from citizencard.billing.views import bills_of_customer, masked
from citizencard.cards.states import Deed
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.staff.permissions import Permission

CSV: Final = "text/csv"
MAX_REJECTS_SHOWN: Final = 1_000

face = Face("Bills", "/v1", "What utilities bill, and who paid it.")


@face.post("/utility-services", Shapes(gives=ServiceAnswer, takes=ServiceRequest, status=201))
def register_a_utility_service(new: NewService) -> Once:
    """Register what a utility bills, such as water, by a rule of the tariff."""
    who = actor(Permission.BILLS_MANAGE)

    def work(session: Transaction) -> UtilityService:
        return register_service(session, new, Deed(who, now()))

    return Once(work)


@face.post(
    "/bill-imports",
    Shapes(gives=ImportAnswer, query=ImportQuery, status=201, body=(CSV, {"type": "string", "format": "binary"})),
)
def import_a_file_of_bills(wanted: ImportWanted) -> Once:
    """Take a file of bills. Every line is accepted, a duplicate, or rejected with its field and reason; the others are taken all the same.

    The body is `text/csv` in UTF-8 with the header `serial,customer_number,period_from,period_to,quantity,amount_fen,due_on`, at most
    8 MiB and 50,000 lines.
    """
    if request.mimetype != CSV:
        raise UnsupportedMediaType(f"send {CSV}")
    who = actor(Permission.BILLS_MANAGE)
    file = BillFile(wanted.service_id, wanted.source_name, request.get_data(cache=True))

    def work(session: Transaction) -> Stored:
        return {"id": import_bills(session, file, Deed(who, now())).import_id}

    return Once(work, lambda stored, _replayed: _imported(stored["id"], file.raw))


@face.get("/bills", Shapes(gives=list_of(BillAnswer), query=BillsQuery))
def see_bills(wanted: BillsWanted) -> Page:
    """The bills of a household, by id. Who looked is written down."""
    access = Access(actor(Permission.BILLS_READ), "asked by the household's number", now())
    record_reading(city().sessions, access, "bills.read", masked(wanted.customer_number))
    with reading(city().sessions) as session:
        found = bills_of_customer(
            session,
            wanted.customer_number,
            wanted.service_id,
            after=wanted.starting_after or "",
            limit=wanted.limit + 1,
        )
    return Page.cut(found, wanted.limit)


def _imported(import_id: str, raw: bytes) -> dict[str, object]:
    with reading(city().sessions) as session:
        report: ImportReport = report_of(session, import_id, raw)
    shown = [{**asdict(reject), "raw": neutral(reject.raw)} for reject in report.rejected[:MAX_REJECTS_SHOWN]]
    return {
        "import_id": report.import_id,
        "accepted": report.accepted,
        "accepted_fen": report.accepted_fen,
        "duplicates": report.duplicates,
        "rejected": len(report.rejected),
        "rejects": shown,
    }
