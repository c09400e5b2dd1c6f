"""A merchant with a line, terminals and modules, and the four eyes that bind them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from citizencard.approvals.decisions import Proposal, approve, execute, propose
from citizencard.audit import Actor
from citizencard.merchants.registry import NewLine, register_line, register_merchant
from citizencard.terminals.models import TerminalBinding
from citizencard.terminals.registry import BIND, NewBinding, bind_terminal, register_psam

MAKER: Final = Actor("staff", "staff_maker", person_id="P-1", role="stock", workstation="W-1")
CHECKER: Final = Actor("staff", "staff_checker", person_id="P-2", role="supervisor", workstation="W-2")


def number(index: int) -> bytes:
    """A terminal number of the demo city."""
    return bytes.fromhex(f"3302{index:08d}")


def serial(index: int) -> bytes:
    """A module's serial."""
    return bytes.fromhex(f"3302{index:016d}")


def approved(session: Session, act: str, payload: Mapping[str, Any], now: datetime) -> str:
    """Two people have agreed on it, and it is being carried out; returns the approval's id."""
    approval = propose(session, Proposal(act, "test", payload), MAKER, now)
    approve(session, approval.id, CHECKER, now)
    execute(session, approval.id, payload, CHECKER, now)
    return approval.id


def bus_company(session: Session, now: datetime, line: int = 1) -> str:
    """A merchant with one line; returns its id."""
    merchant = register_merchant(session, "City Bus", "bus", now=now)
    register_line(session, NewLine(line, merchant.id, f"Line {line}", 200), now=now)
    return merchant.id


def psam(session: Session, index: int, now: datetime) -> bytes:
    """A registered module; returns its serial."""
    return register_psam(session, serial(index), number(index), now=now).serial


def bind(session: Session, binding: NewBinding, now: datetime) -> TerminalBinding:
    """Bind by four eyes."""
    return bind_terminal(session, binding, approved(session, BIND, binding.payload(), now), now=now)
