"""Propose, decide, execute. Who may decide what is asked of `staff.permissions` by the caller; that they are two people, here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.approvals.errors import (
    ApprovalAlreadyExecuted,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalNotGiven,
    ApprovalPayloadDiffers,
    ApprovalUnknown,
    FourEyesNeeded,
)
from citizencard.approvals.models import APPROVED, DECLINED, EXECUTED, PROPOSED, Approval
from citizencard.audit import Actor
from citizencard.db import new_id

LIFE: Final = timedelta(hours=72)
"""From the proposal to its effect: what nobody carried out within three days is proposed anew."""
MAX_LISTED: Final = 100


@dataclass(frozen=True, slots=True)
class Proposal:
    """An act for four eyes.

    Args:
        act: what is to be done, such as `terminal.bind`; at most 64 characters.
        subject: id of what it is done to; at most 96 characters.
        payload: exactly what it will be carried out with: JSON values, ids and amounts, no personal data, no floats.
        reason: why, at most 200 characters, naming nobody by number.
    """

    act: str
    subject: str
    payload: Mapping[str, Any] = field(repr=False)
    reason: str = ""


def propose(session: Session, proposal: Proposal, maker: Actor, now: datetime) -> Approval:
    """Put an act before a second person. It is open for 72 hours.

    Raises:
        FourEyesNeeded: the maker is not known as a person, so nobody could tell him from the checker.
        ReasonUnfit: see `audit.record`.
    """
    person_id = _person(maker)
    approval = Approval(
        id=new_id("apr"),
        act=proposal.act,
        subject=proposal.subject,
        reason=proposal.reason,
        payload=dict(proposal.payload),
        payload_hash=audit.content_hash(proposal.payload),
        state=PROPOSED,
        maker_id=maker.id,
        maker_person_id=person_id,
        proposed_at=now,
        expires_at=now + LIFE,
    )
    session.add(approval)
    session.flush()
    audit.record(
        session, maker, "approval.propose", approval.id, reason=proposal.reason, after=_picture(approval), now=now
    )
    return approval


def approve(session: Session, approval_id: str, checker: Actor, now: datetime) -> Approval:
    """Approve what somebody else proposed; it may then be executed once, until it expires.

    Raises:
        ApprovalUnknown, ApprovalDecided, ApprovalExpired: there is nothing (more) to decide.
        FourEyesNeeded: the checker is the person who proposed it, under whatever login.
    """
    return _decide(session, approval_id, APPROVED, checker, now)


def decline(session: Session, approval_id: str, checker: Actor, now: datetime, reason: str = "") -> Approval:
    """Decline what somebody else proposed, or take back one's own proposal by letting it expire.

    Raises:
        ApprovalUnknown, ApprovalDecided, ApprovalExpired, FourEyesNeeded: as in `approve`.
    """
    return _decide(session, approval_id, DECLINED, checker, now, reason)


def execute(session: Session, approval_id: str, payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Use an approval up, in the transaction of its effect: call it first, then act, with references from `effect_reference`.

    Of any number of callers at the same time one gets through; the others wait for it and are refused.

    Raises:
        ApprovalUnknown: there is none.
        ApprovalNotGiven: it was not approved, or was declined.
        ApprovalAlreadyExecuted: it was used before.
        ApprovalExpired: 72 hours after the proposal.
        ApprovalPayloadDiffers: the payload is not, to the byte of its canonical form, what was approved.
    """
    approval = _locked(session, approval_id)
    if approval.state == EXECUTED:
        raise ApprovalAlreadyExecuted("the approval has taken effect already", approval_id=approval_id)
    if approval.state != APPROVED:
        raise ApprovalNotGiven(f"the proposal is {approval.state}", approval_id=approval_id, state=approval.state)
    _check_age(approval, now)
    stored, wanted = audit.content_hash(approval.payload), audit.content_hash(payload)
    if wanted != approval.payload_hash or stored != approval.payload_hash:
        raise ApprovalPayloadDiffers("what is to be done is not what was approved", approval_id=approval_id)
    before = _picture(approval)
    approval.state = EXECUTED
    approval.executed_at = now
    session.flush()
    audit.record(session, actor, "approval.execute", approval_id, before=before, after=_picture(approval), now=now)


def effect_reference(approval_id: str, line: int) -> str:
    """The ledger reference of the n-th transfer that an approval causes, from 1: the ledger's own guard that it happens once."""
    return f"approval:{approval_id}:{line}"


def find_approval(session: Session, approval_id: str) -> Approval:
    """An approval by id.

    Raises:
        ApprovalUnknown: there is none.
    """
    approval = session.get(Approval, approval_id)
    if approval is None:
        raise ApprovalUnknown("there is no such approval", approval_id=approval_id)
    return approval


def open_approvals(session: Session, now: datetime, limit: int = MAX_LISTED) -> list[Approval]:
    """What waits for a second person, oldest first, at most 100."""
    waiting = (
        select(Approval)
        .where(Approval.state == PROPOSED, Approval.expires_at > now)
        .order_by(Approval.proposed_at, Approval.id)
        .limit(min(limit, MAX_LISTED))
    )
    return list(session.scalars(waiting))


def _decide(  # noqa: PLR0913, PLR0917 # private: the two public faces have five
    session: Session, approval_id: str, state: str, checker: Actor, now: datetime, reason: str = ""
) -> Approval:
    person_id = _person(checker)
    approval = _locked(session, approval_id)
    if approval.state != PROPOSED:
        raise ApprovalDecided(f"the proposal is {approval.state}", approval_id=approval_id, state=approval.state)
    _check_age(approval, now)
    if person_id == approval.maker_person_id or checker.id == approval.maker_id:
        raise FourEyesNeeded("the person who proposes cannot decide", approval_id=approval_id)
    before = _picture(approval)
    approval.state = state
    approval.checker_id = checker.id
    approval.checker_person_id = person_id
    approval.decided_at = now
    session.flush()
    act = "approval.approve" if state == APPROVED else "approval.decline"
    audit.record(session, checker, act, approval_id, reason=reason, before=before, after=_picture(approval), now=now)
    return approval


def _locked(session: Session, approval_id: str) -> Approval:
    # populate_existing: what this session may have read before the lock is out of date by now.
    approval = session.get(Approval, approval_id, with_for_update=True, populate_existing=True)
    if approval is None:
        raise ApprovalUnknown("there is no such approval", approval_id=approval_id)
    return approval


def _check_age(approval: Approval, now: datetime) -> None:
    if now >= approval.expires_at:
        raise ApprovalExpired("the proposal is too old; make it again", approval_id=approval.id)


def _person(actor: Actor) -> str:
    if actor.kind != "staff" or not actor.person_id:
        raise FourEyesNeeded("four eyes are those of two known people")
    return actor.person_id


def _picture(approval: Approval) -> dict[str, object]:
    return {
        "act": approval.act,
        "subject": approval.subject,
        "payload_hash": approval.payload_hash,
        "state": approval.state,
        "maker": approval.maker_person_id,
        "checker": approval.checker_person_id,
    }
