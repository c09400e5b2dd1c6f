"""Whether a terminal may speak: one person stops it at once, and says why; two let it speak again. What it has signed stays a fact."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import Proposal, execute, propose
from citizencard.approvals.models import Approval
from citizencard.audit import Actor, record
from citizencard.terminals.errors import TerminalStateUnchanged, UnknownTerminal
from citizencard.terminals.models import Terminal, TerminalState, TerminalStateChange
from citizencard.terminals.registry import terminal_by_id

ENABLE: Final = "terminal.enable"
MAX_CHANGES: Final = 200


def disable_terminal(session: Session, terminal_id: str, reason: str, actor: Actor, now: datetime) -> Terminal:
    """Let a terminal speak no longer, from its next request on. What is on it can still be brought by a collector.

    Raises:
        UnknownTerminal: there is none with this id.
        TerminalStateUnchanged: it is disabled already.
        ReasonUnfit: see `audit.record`.
    """
    terminal = _locked(session, terminal_id, TerminalState.DISABLED)
    session.add(
        TerminalStateChange(
            terminal_id=terminal_id,
            state=TerminalState.DISABLED,
            reason=reason,
            changed_by=actor.id,
            changed_at=now,
        )
    )
    terminal.state = TerminalState.DISABLED
    session.flush()
    record(session, actor, "terminal.disable", terminal_id, reason=reason, after={"state": "disabled"}, now=now)
    return terminal


def propose_enabling(session: Session, terminal_id: str, reason: str, actor: Actor, now: datetime) -> Approval:
    """Ask a second person to let a terminal speak again.

    Raises:
        UnknownTerminal: there is none with this id.
        TerminalStateUnchanged: it is not disabled.
        FourEyesNeeded, ReasonUnfit: see `approvals.propose`.
    """
    terminal = terminal_by_id(session, terminal_id)
    _check(terminal, TerminalState.ACTIVE)
    return propose(session, Proposal(ENABLE, terminal_id, {"terminal_id": terminal_id}, reason), actor, now)


def enable_as_approved(session: Session, approval: Approval, actor: Actor, now: datetime) -> Terminal:
    """Let a terminal speak again, in the transaction of the approval.

    Raises:
        ApprovalNotGiven, ApprovalAlreadyExecuted, ApprovalExpired, ApprovalPayloadDiffers: see `approvals.execute`.
        TerminalStateUnchanged: it speaks already.
    """
    terminal_id = str(approval.payload["terminal_id"])
    execute(session, approval.id, {"terminal_id": terminal_id}, actor, now)
    terminal = _locked(session, terminal_id, TerminalState.ACTIVE)
    session.add(
        TerminalStateChange(
            terminal_id=terminal_id,
            state=TerminalState.ACTIVE,
            reason=approval.reason,
            changed_by=actor.id,
            approval_id=approval.id,
            changed_at=now,
        )
    )
    terminal.state = TerminalState.ACTIVE
    session.flush()
    record(session, actor, "terminal.enable", terminal_id, reason=approval.reason, after={"state": "active"}, now=now)
    return terminal


def state_changes(session: Session, terminal_id: str, limit: int = MAX_CHANGES) -> Sequence[TerminalStateChange]:
    """Who let a terminal speak or stopped it, when and why, newest first, at most 200."""
    chosen = select(TerminalStateChange).where(TerminalStateChange.terminal_id == terminal_id)
    return session.scalars(chosen.order_by(TerminalStateChange.id.desc()).limit(min(limit, MAX_CHANGES))).all()


def _locked(session: Session, terminal_id: str, wanted: TerminalState) -> Terminal:
    terminal = session.get(Terminal, terminal_id, with_for_update={"key_share": True}, populate_existing=True)
    if terminal is None:
        raise UnknownTerminal(f"no terminal {terminal_id}", terminal=terminal_id)
    _check(terminal, wanted)
    return terminal


def _check(terminal: Terminal, wanted: TerminalState) -> None:
    if terminal.state == wanted:
        raise TerminalStateUnchanged(f"it is {wanted} already", terminal=terminal.id, state=str(wanted))
