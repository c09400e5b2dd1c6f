"""Four eyes: what waits for a second person, and what that person says. What is approved takes effect in the same request."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once, Stored
from api.schemas.shape import Page, list_of
from api.schemas.staff import (
    ApprovalAnswer,
    ApprovalQuery,
    ApprovalSeenAnswer,
    ApprovalsWanted,
    Decision,
    DecisionRequest,
)
from citizencard.approvals.decisions import approve, decline, find_approval
from citizencard.approvals.models import Approval
from citizencard.approvals.waiting import waiting
from citizencard.audit import Actor
from citizencard.cards.hotlist_acts import BLOCK, UNBLOCK, block_as_approved, unblock_as_approved
from citizencard.checkout.flow import send_refunds
from citizencard.checkout.refunds import PAYMENT_REFUND, refund_as_approved
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.merchants.bank_accounts import BANK_ACCOUNT, bank_account_as_approved
from citizencard.settlement.findings.deciding import decide_as_approved
from citizencard.settlement.findings.lines import TAP_DECIDE
from citizencard.staff.permissions import Permission
from citizencard.tariffs.drafts.drafts import drafted_document, publish_draft
from citizencard.tariffs.drafts.rollbacks import ROLL_BACK, roll_back_as_approved
from citizencard.tariffs.drafts.withdrawals import WITHDRAW, withdraw_as_approved
from citizencard.tariffs.versions import PUBLISH
from citizencard.terminals.fitting.bindings import bind_as_approved
from citizencard.terminals.fitting.unbindings import unbind_as_approved
from citizencard.terminals.issuers import ADMIT, WITHDRAW_ISSUER, admit_as_approved, withdraw_issuer_as_approved
from citizencard.terminals.life import ENABLE, enable_as_approved
from citizencard.terminals.registry import BIND, UNBIND

Effect = Callable[[Transaction, Approval, Actor, datetime], Any]

EFFECTS: Final[dict[str, Effect]] = {
    PUBLISH: publish_draft,
    ROLL_BACK: roll_back_as_approved,
    WITHDRAW: withdraw_as_approved,
    BIND: bind_as_approved,
    UNBIND: unbind_as_approved,
    ENABLE: enable_as_approved,
    BANK_ACCOUNT: bank_account_as_approved,
    PAYMENT_REFUND: refund_as_approved,
    TAP_DECIDE: decide_as_approved,
    BLOCK: block_as_approved,
    UNBLOCK: unblock_as_approved,
    ADMIT: admit_as_approved,
    WITHDRAW_ISSUER: withdraw_issuer_as_approved,
}
"""What is carried out when an act is approved."""

face = Face("Approvals", "/v1", "Acts that need two people.")


@face.get("/approvals", Shapes(gives=list_of(ApprovalAnswer), query=ApprovalQuery))
def list_approvals(wanted: ApprovalsWanted) -> Page:
    """What waits for a second person, oldest first."""
    with reading(city().sessions) as session:
        found = waiting(session, now(), after=wanted.starting_after, limit=wanted.limit + 1)
        session.expunge_all()
    return Page.cut(found, wanted.limit)


@face.get("/approvals/<approval_id>", Shapes(gives=ApprovalSeenAnswer))
def see_approval(approval_id: str) -> dict[str, object]:
    """One approval, whatever became of it, with what exactly is to be agreed to."""
    with reading(city().sessions) as session:
        found = find_approval(session, approval_id)
        members = [name for name in ApprovalAnswer().fields if name != "object"]
        return {name: getattr(found, name) for name in members} | {"details": drafted_document(session, found)}


@face.post("/approvals/<approval_id>/decisions", Shapes(gives=ApprovalAnswer, takes=DecisionRequest, status=201))
def decide(given: Decision, approval_id: str) -> Once:
    """Approve or decline. What is approved is carried out at once, exactly as proposed, or nothing at all happens.

    The person who proposed it cannot decide, under whatever login. A refund leaves for the provider after the commit; one that gets no
    answer stays for the sweep.
    """
    who = actor(Permission.APPROVALS_DECIDE)

    def work(session: Transaction) -> Stored:
        if given.decision == "decline":
            return {"id": decline(session, approval_id, who, now(), given.reason).id}
        approval = approve(session, approval_id, who, now())
        effect = EFFECTS.get(approval.act)
        if effect is not None:
            effect(session, approval, who, now())
        return {"id": approval.id}

    return Once(work, show=_decided)


def _decided(stored: Stored, replayed: bool) -> Approval:  # noqa: FBT001 # what `Once` calls with
    with reading(city().sessions) as session:
        approval = find_approval(session, stored["id"])
        session.expunge_all()
    gateway = city().gateway
    if approval.act == PAYMENT_REFUND and gateway is not None and not replayed:
        send_refunds(city().sessions, gateway, now(), approval.subject)
    return approval
