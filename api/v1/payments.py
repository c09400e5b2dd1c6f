"""On-line payments as staff see them, refunds put before a second person, and what a person should look at."""

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once
from api.schemas.payments import PaymentAnswer, PaymentFindingAnswer, RefundRequest, RefundWanted
from api.schemas.shape import Page, PageQuery, PageWanted, list_of
from api.schemas.staff import ApprovalAnswer
from api.v1.taps import row_id
from citizencard.approvals.models import Approval
from citizencard.checkout.findings import findings_page
from citizencard.checkout.refunds import propose_refund
from citizencard.checkout.views import PaymentView, payment_view
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.payments.models import PaymentFinding
from citizencard.staff.permissions import Permission

face = Face("Payments", "/v1", "On-line payments, and money that goes back.")


@face.get("/payments/<payment_id>", Shapes(gives=PaymentAnswer))
def see_payment(payment_id: str) -> PaymentView:
    """A payment with its refunds."""
    with reading(city().sessions) as session:
        return payment_view(session, payment_id)


@face.post("/payments/<payment_id>/refunds", Shapes(gives=ApprovalAnswer, takes=RefundRequest, status=201))
def put_a_refund_forward(given: RefundWanted, payment_id: str) -> Once:
    """Propose to give money of a payment back. A second person decides; no money moves before."""
    who = actor(Permission.REFUNDS_PROPOSE)

    def work(session: Transaction) -> Approval:
        return propose_refund(session, payment_id, given.amount_fen, given.reason, who, now())

    return Once(work)


@face.get("/payment-findings", Shapes(gives=list_of(PaymentFindingAnswer), query=PageQuery))
def see_payment_findings(wanted: PageWanted) -> Page:
    """What about payments a person should look at, in the order in which it was found."""
    with reading(city().sessions) as session:
        found = findings_page(session, after=row_id(wanted.starting_after) or 0, limit=wanted.limit + 1)
        return Page.cut([_seen(one) for one in found], wanted.limit)


def _seen(one: PaymentFinding) -> dict[str, object]:
    return {
        "id": f"pfd_{one.id}",
        "kind": one.kind,
        "provider_object": one.object_id,
        "payment_id": one.payment_id,
        "detail": one.detail,
        "found_at": one.found_at,
    }
