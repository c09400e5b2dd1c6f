"""Binding by four eyes: one person proposes which merchant a device earns for, another one agrees, and it is so."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from citizencard.approvals.decisions import Proposal, execute, propose
from citizencard.approvals.models import Approval
from citizencard.audit import Actor
from citizencard.merchants.registry import line_by_number, merchant_by_id
from citizencard.terminals.errors import BindingLineForeign, UnknownPsam
from citizencard.terminals.models import Psam, TerminalBinding
from citizencard.terminals.registry import BIND, NewBinding, bind_terminal, terminal_by_id


def propose_binding(session: Session, binding: NewBinding, actor: Actor, now: datetime) -> Approval:
    """Put a binding before a second person.

    Raises, in this order:
        UnknownTerminal, UnknownPsam, UnknownMerchant, UnknownLine: one of the parts is not registered.
        BindingLineForeign: the line is another merchant's.
        FourEyesNeeded: the proposer is not known as a person.
    """
    terminal_by_id(session, binding.terminal_id)
    if session.get(Psam, binding.psam_serial) is None:
        raise UnknownPsam("no such security module", psam_serial=binding.psam_serial.hex().upper())
    merchant_by_id(session, binding.merchant_id)
    if binding.line is not None and line_by_number(session, binding.line).merchant_id != binding.merchant_id:
        raise BindingLineForeign(
            f"line {binding.line} is another merchant's", line=binding.line, merchant_id=binding.merchant_id
        )
    return propose(session, Proposal(BIND, binding.terminal_id, binding.payload()), actor, now)


def bind_as_approved(session: Session, approval: Approval, actor: Actor, now: datetime) -> TerminalBinding:
    """Carry an approved binding out, in the transaction of the approval.

    Raises:
        ApprovalNotGiven, ApprovalAlreadyExecuted, ApprovalExpired, ApprovalPayloadDiffers: see `approvals.execute`.
        TerminalError: see `bind_terminal`; nothing is changed.
    """
    binding = _read(approval.payload)
    execute(session, approval.id, binding.payload(), actor, now)
    return bind_terminal(session, binding, approval.id, now=now)


def _read(payload: dict[str, Any]) -> NewBinding:
    valid_from = payload["valid_from"]
    return NewBinding(
        terminal_id=payload["terminal_id"],
        psam_serial=bytes.fromhex(payload["psam_serial"]),
        merchant_id=payload["merchant_id"],
        line=payload["line"],
        valid_from=None if valid_from is None else datetime.fromisoformat(valid_from),
    )
