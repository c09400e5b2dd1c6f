"""One-time codes: a device that has no key gets one from any clerk; one that has a key only by four eyes, shown to the proposer once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import Proposal, execute, find_approval, propose
from citizencard.approvals.errors import ApprovalNotGiven
from citizencard.approvals.models import APPROVED, EXECUTED, Approval
from citizencard.audit import Actor, record
from citizencard.terminals.enrolment import issue_enrolment_code
from citizencard.terminals.errors import InvitationForeign, InvitationNeeded
from citizencard.terminals.models import TerminalKey
from citizencard.terminals.registry import terminal_by_id

INVITE: Final = "terminal.invite"
MAX_INVITATIONS: Final = 20


def invite_again(session: Session, terminal_id: str, *, now: datetime) -> str | None:
    """A new one-time code, which makes the one before void; None for a device that has brought its key meanwhile.

    Raises:
        UnknownTerminal: there is no such device.
    """
    return None if has_key(session, terminal_id) else issue_enrolment_code(session, terminal_id, now=now)


def issue_first_code(session: Session, terminal_id: str, actor: Actor, now: datetime) -> str:
    """A one-time code for a device that never had a key; the code before it is void.

    Raises:
        UnknownTerminal: there is no such device.
        InvitationNeeded: it has a key, or had one.
    """
    code = invite_again(session, terminal_id, now=now)
    if code is None:
        raise InvitationNeeded("the device has a key", terminal=terminal_id)
    record(session, actor, "terminal.code", terminal_id, now=now)
    return code


def propose_invitation(session: Session, terminal_id: str, reason: str, actor: Actor, now: datetime) -> Approval:
    """Ask a second person to let a device that has a key bring another one.

    Raises:
        UnknownTerminal: there is no such device.
        FourEyesNeeded, ReasonUnfit: see `approvals.propose`.
    """
    terminal_by_id(session, terminal_id)
    return propose(session, Proposal(INVITE, terminal_id, {"terminal_id": terminal_id}, reason), actor, now)


def collect_code(session: Session, terminal_id: str, approval_id: str, actor: Actor, now: datetime) -> str:
    """The one-time code of an approved invitation, for the person who proposed it. It is not stored; the approval is used up.

    Raises, in this order:
        ApprovalUnknown: there is none.
        ApprovalNotGiven: it is about something else, or nobody has approved it.
        InvitationForeign: somebody else proposed it.
        ApprovalAlreadyExecuted, ApprovalExpired: it was used, or is too old.
    """
    approval = _invitation(session, terminal_id, approval_id, actor)
    execute(session, approval_id, {"terminal_id": terminal_id}, actor, now)
    code = issue_enrolment_code(session, terminal_id, now=now)
    record(session, actor, "terminal.code", terminal_id, reason=approval.reason, now=now)
    return code


def collect_again(session: Session, terminal_id: str, approval_id: str, actor: Actor, now: datetime) -> str | None:
    """The code once more, anew, for who got no answer: it makes the first one void. None once the device has brought a key since.

    Raises:
        ApprovalUnknown, ApprovalNotGiven, InvitationForeign: as in `collect_code`.
    """
    approval = _invitation(session, terminal_id, approval_id, actor)
    if approval.state != EXECUTED or approval.executed_at is None or now >= approval.expires_at:
        return None
    brought = select(TerminalKey.id).where(
        TerminalKey.terminal_id == terminal_id, TerminalKey.enrolled_at > approval.executed_at
    )
    if session.scalar(brought.limit(1)) is not None:
        return None
    return issue_enrolment_code(session, terminal_id, now=now)


def invitations_to_collect(session: Session, terminal_id: str, actor: Actor, now: datetime) -> Sequence[Approval]:
    """Approved invitations of a device whose code the person has not had yet, oldest first, at most 20."""
    chosen = select(Approval).where(
        Approval.act == INVITE,
        Approval.subject == terminal_id,
        Approval.state == APPROVED,
        Approval.maker_person_id == actor.person_id,
        Approval.expires_at > now,
    )
    return session.scalars(chosen.order_by(Approval.proposed_at, Approval.id).limit(MAX_INVITATIONS)).all()


def has_key(session: Session, terminal_id: str) -> bool:
    """Whether a device has brought a key, ever."""
    return session.scalar(select(TerminalKey.id).where(TerminalKey.terminal_id == terminal_id).limit(1)) is not None


def _invitation(session: Session, terminal_id: str, approval_id: str, actor: Actor) -> Approval:
    approval = find_approval(session, approval_id)
    if (approval.act, approval.subject) != (INVITE, terminal_id):
        raise ApprovalNotGiven("this approval is about something else", approval_id=approval_id, state=approval.state)
    if actor.person_id != approval.maker_person_id:
        raise InvitationForeign("somebody else proposed it", approval_id=approval_id)
    return approval
