"""Ending a binding by four eyes: from the second person's word on the device earns for nobody."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import Proposal, execute, propose
from citizencard.approvals.models import Approval
from citizencard.audit import Actor
from citizencard.terminals.errors import NotBound
from citizencard.terminals.models import TerminalBinding
from citizencard.terminals.registry import UNBIND, terminal_by_id, unbind_payload, unbind_terminal


def propose_unbinding(session: Session, terminal_id: str, reason: str, actor: Actor, now: datetime) -> Approval:
    """Put the end of a device's binding before a second person.

    Raises, in this order:
        UnknownTerminal: there is no such device.
        NotBound: there is nothing to end.
        FourEyesNeeded, ReasonUnfit: see `approvals.propose`.
    """
    terminal_by_id(session, terminal_id)
    is_open = select(TerminalBinding.id).where(
        TerminalBinding.terminal_id == terminal_id, TerminalBinding.valid_to.is_(None)
    )
    if session.scalar(is_open) is None:
        raise NotBound(f"terminal {terminal_id} is not bound", terminal=terminal_id)
    return propose(session, Proposal(UNBIND, terminal_id, unbind_payload(terminal_id), reason), actor, now)


def unbind_as_approved(session: Session, approval: Approval, actor: Actor, now: datetime) -> TerminalBinding:
    """Carry an approved end of a binding out, in the transaction of the approval.

    Raises:
        ApprovalNotGiven, ApprovalAlreadyExecuted, ApprovalExpired, ApprovalPayloadDiffers: see `approvals.execute`.
        TerminalError: see `unbind_terminal`; nothing is changed.
    """
    terminal_id = str(approval.payload["terminal_id"])
    execute(session, approval.id, unbind_payload(terminal_id), actor, now)
    return unbind_terminal(session, terminal_id, approval.id, now=now)
