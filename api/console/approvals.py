"""The four-eyes inbox: what waits for a second person, exactly what is to be agreed to, and the decision with a fresh code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, request

from api.auth import actor, principal
from api.city import city, now
from api.console.blueprint import pages
from api.console.findings import KNOWN_KINDS
from api.console.tariff_words import TariffSeen, seen
from api.v1.approvals import EFFECTS
from api.v1.taps import masked_number
from api.web.forms import Choice, Form, Line, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.approvals.decisions import approve, decline, find_approval
from citizencard.approvals.models import PROPOSED, Approval
from citizencard.approvals.waiting import waiting
from citizencard.audit import REASON_CHARS
from citizencard.checkout.flow import send_refunds
from citizencard.checkout.refunds import PAYMENT_REFUND
from citizencard.checkout.views import PaymentView, payment_view
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.merchants.registry import list_merchants
from citizencard.settlement.findings.entries import Entry
from citizencard.settlement.findings.lines import TAP_DECIDE, lines_of
from citizencard.settlement.findings.queue import entries
from citizencard.settlement.previewing import preview
from citizencard.settlement.simulating import CURRENCY
from citizencard.staff.colleagues import names_of
from citizencard.staff.permissions import Permission
from citizencard.tariffs.drafts.drafts import drafted_document
from citizencard.tariffs.drafts.views import TariffView, tariff_view
from citizencard.tariffs.drafts.withdrawals import WITHDRAW

PAGE: Final = 20
APPROVE: Final = "approve"
DECLINE: Final = "decline"
LIST: Final = "/console/approvals"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the second person says."""

    decision: str
    reason: str


class DecisionForm(Form):
    """Yes or no, and why."""

    decision = Choice(APPROVE, DECLINE)
    reason = Line(REASON_CHARS, load_default="")


@dataclass(frozen=True, slots=True)
class DecidedTap:
    """A line of a decision, in words.

    Args:
        entry: the tap as the queue shows it now.
        number: of its card, masked.
        outcome, amount_fen: what becomes of its money.
        payee: the merchant, where the decision names it; else empty.
    """

    entry: Entry
    number: str
    outcome: str
    amount_fen: int
    payee: str


@dataclass(frozen=True, slots=True)
class ApprovalPage:
    """A proposal for the eyes of the second person.

    Args:
        approval: as it stands.
        maker: who proposed it.
        checker: who decided; empty while nobody has.
        is_own: the reader has proposed it and cannot decide.
        payment: that a refund is about; None for other acts.
        details: exactly what would be carried out, as text, where no better picture of it is drawn.
        tariff: in words, with what it changes; None for other acts.
        withdrawn: the version that shall never take effect; None for other acts.
        taps: what becomes of each tap that a decision is about; none for other acts.
    """

    approval: Approval
    maker: str
    checker: str
    is_own: bool
    payment: PaymentView | None
    details: str
    tariff: TariffSeen | None = None
    withdrawn: TariffView | None = None
    taps: tuple[DecidedTap, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody can still decide."""
        return self.approval.state == "proposed" and self.approval.expires_at > now()


@pages.get("/console/approvals")
def inbox() -> Response:
    """What waits, oldest first."""
    after = request.args.get("after")
    with reading(city().sessions) as session:
        found = waiting(session, now(), after=after, limit=PAGE + 1)
        names = names_of(session, [approval.maker_id for approval in found])
        session.expunge_all()
    older = f"?after={found[PAGE - 1].id}" if len(found) > PAGE else ""
    return render_page("console/approvals.html", found=found[:PAGE], names=names, older=older)


@pages.get("/console/approvals/<approval_id>")
def see_approval(approval_id: str) -> Response:
    """One proposal."""
    shown = _page(approval_id, previewed=True)
    return render_page("console/approval.html", form=new_form(), shown=shown, kinds=KNOWN_KINDS)


@pages.post("/console/approvals/<approval_id>/decisions")
def decide(approval_id: str) -> Response:
    """Approve or decline, once for this form. What is approved is carried out in the same transaction, exactly as proposed.

    A refund leaves for the provider after the commit; one that gets no answer stays for the sweep, with its key.
    """
    who = actor(Permission.APPROVALS_DECIDE)
    form = read_form(DecisionForm, Decision)

    def act(given: Decision) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            if given.decision == DECLINE:
                return _told(decline(session, approval_id, who, now(), given.reason))
            approval = approve(session, approval_id, who, now())
            effect = EFFECTS.get(approval.act)
            if effect is not None:
                effect(session, approval, who, now())
            return _told(approval)

        done = book_once(form, work).answer.body
        if given.decision == APPROVE and done["act"] == PAYMENT_REFUND:
            _send(str(done["subject"]))
        return go_to(f"{LIST}/{approval_id}", Said(f"console.approval.done.{given.decision}"))

    return answer_form(form, act, "console/approval.html", shown=_page(approval_id), kinds=KNOWN_KINDS)


def _send(payment_id: str) -> None:
    gateway = city().gateway
    if gateway is not None:
        send_refunds(city().sessions, gateway, now(), payment_id)


def _told(approval: Approval) -> Mapping[str, Any]:
    return {"act": approval.act, "subject": approval.subject, "state": approval.state}


def _page(approval_id: str, *, previewed: bool = False) -> ApprovalPage:
    with reading(city().sessions) as session:
        approval = find_approval(session, approval_id)
        names = names_of(session, [approval.maker_id, approval.checker_id or ""])
        payment = payment_view(session, approval.subject) if approval.act == PAYMENT_REFUND else None
        drafted = dict(drafted_document(session, approval))
        found = None
        if drafted and previewed and approval.state == PROPOSED and drafted["currency"] == CURRENCY:
            found = preview(session, drafted, now(), None, None)
        taps = _taps(session, approval)
        withdrawn = tariff_view(session, approval.payload["version"], now()) if approval.act == WITHDRAW else None
        session.expunge_all()
    return ApprovalPage(
        approval=approval,
        maker=names.get(approval.maker_id, ""),
        checker=names.get(approval.checker_id or "", ""),
        is_own=approval.maker_person_id == principal().actor.person_id,
        payment=payment,
        details=""
        if payment is not None
        else json.dumps(drafted or approval.payload, ensure_ascii=False, indent=2, sort_keys=True),
        tariff=seen(drafted, found) if drafted else None,
        withdrawn=withdrawn,
        taps=taps,
    )


def _taps(session: Any, approval: Approval) -> tuple[DecidedTap, ...]:  # noqa: ANN401 # as `reading` gives it: its class stays below
    if approval.act != TAP_DECIDE:
        return ()
    lines = lines_of(approval.payload)
    found = {one.record_id: one for one in entries(session, [line.record_id for line in lines], now())}
    names = {merchant.id: merchant.name for merchant in list_merchants(session)}
    return tuple(
        DecidedTap(
            entry=found[line.record_id],
            number=masked_number(found[line.record_id].card_serial),
            outcome=line.outcome,
            amount_fen=line.amount_fen,
            payee="" if line.merchant_id is None else names.get(line.merchant_id, line.merchant_id),
        )
        for line in lines
        if line.record_id in found
    )
