"""A bill as people see it; nothing is locked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.billing.models import CURRENCY, Bill, BillState, UtilityService
from citizencard.receipts.issuing import by_subjects
from citizencard.receipts.models import ReceiptKind
from citizencard.tariffs.amounts import Money, minor_digits
from citizencard.tariffs.quotes import Line, Quote, read_line
from citizencard.tariffs.sentences import Language, sentence

MONEY: Final = Money(CURRENCY.upper(), minor_digits(CURRENCY.upper()))
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
MASK: Final = "····"
SHOWN_DIGITS: Final = 4
MAX_PAGE: Final = 101
"""A page of 100 and one more, which tells that there are others."""


@dataclass(frozen=True, slots=True)
class BillView:
    """A bill with what it is made of.

    Args:
        id, serial: our name for it, and the utility's.
        service_id, service_name: what is billed.
        customer_number, household: the household's number (户号) whole, and masked for eyes.
        period_from, period_to: first and last day billed.
        quantity, unit: what was used.
        amount_fen, parts: what it costs, and the lines of the tariff that add up to it.
        due_on: last day to pay.
        version: rises when the utility corrects it and when it is opened again.
        tariff_version: by which it was checked.
        state: open, paid or cancelled.
        paid_by, paid_at: the payment's id, and when.
        receipt_token: of the slip for that payment.
    """

    id: str
    serial: str
    service_id: str
    service_name: str
    customer_number: str = field(repr=False)
    household: str
    period_from: date
    period_to: date
    quantity: int
    unit: str
    amount_fen: int
    parts: tuple[Line, ...]
    due_on: date
    version: int
    tariff_version: int
    state: BillState
    paid_by: str | None
    paid_at: datetime | None
    receipt_token: str | None

    @property
    def quote(self) -> Quote:
        """The price and why, as the tariff told it."""
        return Quote(self.amount_fen, self.parts)

    @property
    def sentences(self) -> dict[Language, str]:
        """The reason for people, in Chinese and in English."""
        return {language: sentence(self.quote, MONEY, language) for language in LANGUAGES}


def masked(customer_number: str) -> str:
    """A household's number for eyes: at most its last four digits, and never more than half of it."""
    shown = min(SHOWN_DIGITS, len(customer_number) // 2)
    return MASK + (customer_number[-shown:] if shown else "")


def bill_view(session: Session, bill: Bill) -> BillView:
    """One bill."""
    return bill_views(session, [bill])[0]


def bill_views(session: Session, bills: Sequence[Bill]) -> list[BillView]:
    """Bills in the order given, in two statements."""
    ids = {bill.service_id for bill in bills}
    names = {
        service.id: service.name
        for service in session.scalars(select(UtilityService).where(UtilityService.id.in_(ids)))
    }
    receipts = by_subjects(session, ReceiptKind.BILL, [bill.paid_by for bill in bills if bill.paid_by is not None])
    return [
        BillView(
            id=bill.id,
            serial=bill.serial,
            service_id=bill.service_id,
            service_name=names[bill.service_id],
            customer_number=bill.customer_number,
            household=masked(bill.customer_number),
            period_from=bill.period_from,
            period_to=bill.period_to,
            quantity=bill.quantity,
            unit=bill.unit,
            amount_fen=bill.amount_fen,
            parts=tuple(read_line(part) for part in bill.parts),
            due_on=bill.due_on,
            version=bill.version,
            tariff_version=bill.tariff_version,
            state=BillState(bill.state),
            paid_by=bill.paid_by,
            paid_at=bill.paid_at,
            receipt_token=receipts[bill.paid_by].token if bill.paid_by in receipts else None,
        )
        for bill in bills
    ]


def bills_of_customer(
    session: Session, customer_number: str, service_id: str | None = None, *, after: str = "", limit: int = MAX_PAGE
) -> list[BillView]:
    """A page of the bills of a household's number, by id; continue with the last id as `after`. At most 101 a page."""
    chosen = select(Bill).where(Bill.customer_number == customer_number, Bill.id > after).order_by(Bill.id)
    if service_id is not None:
        chosen = chosen.where(Bill.service_id == service_id)
    return bill_views(session, session.scalars(chosen.limit(min(limit, MAX_PAGE))).all())
