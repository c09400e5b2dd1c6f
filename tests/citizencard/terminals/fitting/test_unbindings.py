"""The end of a binding by four eyes."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import approve, decline
from citizencard.approvals.errors import ApprovalNotGiven
from citizencard.terminals.errors import NotBound, UnknownTerminal
from citizencard.terminals.fitting.unbindings import propose_unbinding, unbind_as_approved
from citizencard.terminals.registry import NewBinding, bindings_of, register_terminal
from tests.citizencard.terminals.make_terminals import CHECKER, MAKER, bind, bus_company, psam

HOUR = timedelta(hours=1)


def test_a_binding_ends_when_the_second_person_agrees(session: Session, now: datetime) -> None:
    """A bus that is sold earns until both have said so, and nothing from that second on."""
    terminal_id = register_terminal(session, "bus", "bus_validator", now=now).id
    with pytest.raises(NotBound):
        propose_unbinding(session, terminal_id, "sold", MAKER, now)
    with pytest.raises(UnknownTerminal):
        propose_unbinding(session, "term_none", "sold", MAKER, now)
    bind(session, NewBinding(terminal_id, psam(session, 1, now), bus_company(session, now), 1), now)
    declined = propose_unbinding(session, terminal_id, "sold", MAKER, now)
    decline(session, declined.id, CHECKER, now)
    with pytest.raises(ApprovalNotGiven):
        unbind_as_approved(session, declined, CHECKER, now)
    proposed = propose_unbinding(session, terminal_id, "sold", MAKER, now)
    ended = unbind_as_approved(session, approve(session, proposed.id, CHECKER, now + HOUR), CHECKER, now + HOUR)
    assert (ended.valid_to, ended.end_approval_id) == (now + HOUR, proposed.id)
    assert [row.id for row in bindings_of(session, terminal_id)] == [ended.id]
