"""Bindings by four eyes."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import approve, decline
from citizencard.approvals.errors import ApprovalNotGiven
from citizencard.merchants.errors import UnknownLine, UnknownMerchant
from citizencard.merchants.registry import register_merchant
from citizencard.terminals.errors import BindingLineForeign, UnknownPsam, UnknownTerminal
from citizencard.terminals.fitting.bindings import bind_as_approved, propose_binding
from citizencard.terminals.registry import NewBinding, register_terminal
from tests.citizencard.terminals.make_terminals import CHECKER, MAKER, bus_company, psam, serial

LATER = timedelta(minutes=5)


def wanted(session: Session, now: datetime, valid_from: datetime | None = None) -> NewBinding:
    terminal_id = register_terminal(session, "bus", "bus_validator", now=now).id
    return NewBinding(terminal_id, psam(session, 1, now), bus_company(session, now), 1, valid_from)


@pytest.mark.parametrize("ahead", [None, timedelta(0), timedelta(hours=1)])
def test_binding_begins_when_it_was_agreed_to_or_later(
    session: Session, now: datetime, ahead: timedelta | None
) -> None:
    """However long the second person takes: nobody is paid for what happened before, and a later beginning is kept."""
    binding = wanted(session, now, None if ahead is None else now + ahead)
    approval = approve(session, propose_binding(session, binding, MAKER, now).id, CHECKER, now + LATER)
    bound = bind_as_approved(session, approval, CHECKER, now + LATER)
    assert bound.valid_from == max(now + (ahead or timedelta(0)), now + LATER)
    assert (bound.terminal_id, bound.merchant_id, bound.line) == (binding.terminal_id, binding.merchant_id, 1)
    assert bound.approval_id == approval.id


def test_declined_binding_binds_nothing(session: Session, now: datetime) -> None:
    """Without the second person's yes there is no payee."""
    approval = propose_binding(session, wanted(session, now), MAKER, now)
    decline(session, approval.id, CHECKER, now)
    with pytest.raises(ApprovalNotGiven):
        bind_as_approved(session, approval, CHECKER, now)


def test_parts_that_are_not_registered_are_not_proposed(session: Session, now: datetime) -> None:
    """Nobody is asked to agree to a binding that cannot be."""
    good = wanted(session, now)
    other = register_merchant(session, "Other", "bus", now=now).id
    for parts, refusal in (
        (("term_none", good.psam_serial, good.merchant_id, 1), UnknownTerminal),
        ((good.terminal_id, serial(9), good.merchant_id, 1), UnknownPsam),
        ((good.terminal_id, good.psam_serial, "mer_none", 1), UnknownMerchant),
        ((good.terminal_id, good.psam_serial, good.merchant_id, 9), UnknownLine),
        ((good.terminal_id, good.psam_serial, other, 1), BindingLineForeign),
    ):
        with pytest.raises(refusal):
            propose_binding(session, NewBinding(*parts), MAKER, now)
