"""Stopping terminals, and letting them speak again."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import approve
from citizencard.approvals.errors import ApprovalNotGiven, FourEyesNeeded
from citizencard.audit import ReasonUnfit
from citizencard.terminals.bindings import keys_of_terminal
from citizencard.terminals.enrolment import enrol, issue_enrolment_code
from citizencard.terminals.errors import TerminalDisabled, TerminalStateUnchanged, UnknownTerminal
from citizencard.terminals.life import disable_terminal, enable_as_approved, propose_enabling, state_changes
from citizencard.terminals.models import TerminalStateChange
from citizencard.terminals.registry import register_terminal
from citizencard.terminals.signing import signer
from tests.citizencard.terminals.make_terminals import CHECKER, MAKER
from tests.citizencard.terminals.test_enrolment import public_key

HOUR = timedelta(hours=1)


def test_one_stops_it_two_let_it_speak_and_the_history_says_who_and_why(session: Session, now: datetime) -> None:
    """A stolen validator is silent with its next request; nobody lets it speak again alone. What its key signed stays known."""
    terminal_id = register_terminal(session, "Bus 1", "bus_validator", now=now).id
    key = public_key()
    enrol(session, issue_enrolment_code(session, terminal_id, now=now), key, now=now)
    disable_terminal(session, terminal_id, "stolen from the depot", MAKER, now)
    with pytest.raises(TerminalDisabled):
        signer(session, terminal_id)
    assert keys_of_terminal(session, terminal_id) == [key]
    proposed = propose_enabling(session, terminal_id, "found again", MAKER, now + HOUR)
    with pytest.raises(ApprovalNotGiven):
        enable_as_approved(session, proposed, CHECKER, now + HOUR)
    with pytest.raises(FourEyesNeeded):
        approve(session, proposed.id, MAKER, now + HOUR)
    enable_as_approved(session, approve(session, proposed.id, CHECKER, now + HOUR), CHECKER, now + HOUR)
    assert signer(session, terminal_id).public_key == key
    told = [
        (change.state, change.reason, change.changed_by, change.approval_id, change.changed_at)
        for change in state_changes(session, terminal_id)
    ]
    assert told == [
        ("active", "found again", CHECKER.id, proposed.id, now + HOUR),
        ("disabled", "stolen from the depot", MAKER.id, None, now),
    ]


def test_nothing_is_stopped_twice_or_without_a_reason_that_can_be_kept(session: Session, now: datetime) -> None:
    """Two people who stop one terminal at once: the second learns that it is stopped."""
    terminal_id = register_terminal(session, "Bus 1", "bus_validator", now=now).id
    with pytest.raises(TerminalStateUnchanged):
        propose_enabling(session, terminal_id, "x", MAKER, now)
    with pytest.raises(ReasonUnfit), session.begin_nested():
        disable_terminal(session, terminal_id, "ask 13000000000", MAKER, now)
    first, second = (propose_twice(session, terminal_id, now) for _ in range(2))
    enable_as_approved(session, approve(session, first, CHECKER, now), CHECKER, now)
    with pytest.raises(TerminalStateUnchanged):
        enable_as_approved(session, approve(session, second, CHECKER, now), CHECKER, now)
    for act in (disable_terminal, propose_enabling):
        with pytest.raises(UnknownTerminal):
            act(session, "term_none", "x", MAKER, now)


def test_the_history_cannot_be_rewritten(session: Session, now: datetime) -> None:
    """Who stopped a terminal is not changed afterwards, by nobody."""
    terminal_id = register_terminal(session, "Bus 1", "bus_validator", now=now).id
    disable_terminal(session, terminal_id, "lost", MAKER, now)
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(update(TerminalStateChange).values(changed_by="stf_other"))


def propose_twice(session: Session, terminal_id: str, now: datetime) -> str:
    """Stop it unless it is, and propose to let it speak."""
    if not state_changes(session, terminal_id):
        disable_terminal(session, terminal_id, "lost", MAKER, now)
    return propose_enabling(session, terminal_id, "found", MAKER, now).id
