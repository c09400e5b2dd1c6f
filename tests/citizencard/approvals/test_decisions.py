"""Four eyes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import (
    LIFE,
    Proposal,
    approve,
    decline,
    effect_reference,
    execute,
    find_approval,
    open_approvals,
    propose,
)
from citizencard.approvals.errors import (
    ApprovalAlreadyExecuted,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalNotGiven,
    ApprovalPayloadDiffers,
    ApprovalUnknown,
    FourEyesNeeded,
)
from citizencard.audit import Actor, AuditEntry
from citizencard.db import Sessions, reading, transaction

PAYLOAD: dict[str, Any] = {"terminal": "term_1", "psam": "psam_1", "line": 26, "deposit_fen": 10_000}
PROPOSAL = Proposal("terminal.bind", "term_1", PAYLOAD, "new bus")


def test_two_people_make_it_happen_once(session: Session, clerk: Actor, supervisor: Actor, now: datetime) -> None:
    """What one proposes and another approves takes effect exactly once, and all three steps are on record."""
    approval = propose(session, PROPOSAL, clerk, now)
    assert [found.id for found in open_approvals(session, now)] == [approval.id]
    approve(session, approval.id, supervisor, now)
    assert open_approvals(session, now) == []
    execute(session, approval.id, dict(reversed(PAYLOAD.items())), supervisor, now)
    with pytest.raises(ApprovalAlreadyExecuted):
        execute(session, approval.id, PAYLOAD, supervisor, now)
    acts = session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)).all()
    assert acts == ["approval.propose", "approval.approve", "approval.execute"]
    assert effect_reference(approval.id, 1) == f"approval:{approval.id}:1"


def test_two_logins_of_one_person_are_two_eyes(session: Session, clerk: Actor, now: datetime) -> None:
    """A second login does not make a second person, and the system is none at all."""
    approval = propose(session, PROPOSAL, clerk, now)
    for checker in (clerk, replace(clerk, id="stf_other", role="supervisor"), Actor("system", "cron", "P-0009")):
        with pytest.raises(FourEyesNeeded):
            approve(session, approval.id, checker, now)
        with pytest.raises(FourEyesNeeded):
            decline(session, approval.id, checker, now)
    with pytest.raises(FourEyesNeeded):
        approve(session, approval.id, replace(clerk, id="stf_3", person_id=None), now)
    with pytest.raises(FourEyesNeeded):
        propose(session, PROPOSAL, Actor("system", "cron"), now)


def test_database_itself_wants_two_people(session: Session, clerk: Actor, now: datetime) -> None:
    """Even a mistake in the program cannot store an approval by its maker."""
    approval = propose(session, PROPOSAL, clerk, now)
    statement = "UPDATE approval SET state = 'approved', checker_id = 'x', checker_person_id = maker_person_id, decided_at = proposed_at"
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text(statement))
    assert find_approval(session, approval.id).state == "proposed"


@pytest.mark.parametrize(
    "changed",
    [{**PAYLOAD, "deposit_fen": 10_001}, {**PAYLOAD, "line": "26"}, {**PAYLOAD, "more": 1}, {"terminal": "term_1"}, {}],
)
def test_only_what_was_approved_is_done(
    session: Session, clerk: Actor, supervisor: Actor, now: datetime, changed: dict[str, Any]
) -> None:
    """An amount changed by one fen, a number turned to text, a field more or less: refused."""
    approval = propose(session, PROPOSAL, clerk, now)
    approve(session, approval.id, supervisor, now)
    with pytest.raises(ApprovalPayloadDiffers):
        execute(session, approval.id, changed, supervisor, now)


def test_payload_rewritten_in_the_database_is_not_done(
    session: Session, clerk: Actor, supervisor: Actor, now: datetime
) -> None:
    """Whoever swaps the stored payload between checking and doing achieves nothing."""
    approval = propose(session, PROPOSAL, clerk, now)
    approve(session, approval.id, supervisor, now)
    changed = {**PAYLOAD, "deposit_fen": 1}
    approval.payload = changed
    session.flush()
    for payload in (PAYLOAD, changed):
        with pytest.raises(ApprovalPayloadDiffers):
            execute(session, approval.id, payload, supervisor, now)


def test_nothing_is_done_that_was_not_approved(
    session: Session, clerk: Actor, supervisor: Actor, now: datetime
) -> None:
    """An open or declined proposal has no effect, and a decision is final."""
    approval = propose(session, PROPOSAL, clerk, now)
    with pytest.raises(ApprovalNotGiven):
        execute(session, approval.id, PAYLOAD, supervisor, now)
    decline(session, approval.id, supervisor, now, "wrong line")
    with pytest.raises(ApprovalNotGiven):
        execute(session, approval.id, PAYLOAD, supervisor, now)
    with pytest.raises(ApprovalDecided):
        approve(session, approval.id, supervisor, now)
    with pytest.raises(ApprovalUnknown):
        execute(session, "apr_nothing", PAYLOAD, supervisor, now)


def test_proposal_lives_three_days(session: Session, clerk: Actor, supervisor: Actor, now: datetime) -> None:
    """An old proposal is neither approved nor, once approved, carried out."""
    first = propose(session, PROPOSAL, clerk, now)
    second = propose(session, PROPOSAL, clerk, now)
    approve(session, second.id, supervisor, now + LIFE - timedelta(seconds=1))
    with pytest.raises(ApprovalExpired):
        approve(session, first.id, supervisor, now + LIFE)
    with pytest.raises(ApprovalExpired):
        execute(session, second.id, PAYLOAD, supervisor, now + LIFE)
    assert open_approvals(session, now + LIFE) == []


def test_many_hands_at_once_make_one_effect(
    committed: Sessions, clerk: Actor, supervisor: Actor, now: datetime
) -> None:
    """Eight checkers approve at once: one decides. Eight servers execute at once: one does it."""
    with transaction(committed) as session:
        approval_id = propose(session, PROPOSAL, clerk, now).id

    def approve_as(index: int) -> bool:
        try:
            with transaction(committed) as session:
                approve(session, approval_id, replace(supervisor, id=f"stf_{index}", person_id=f"P-{index}"), now)
        except ApprovalDecided:
            return False
        return True

    def execute_as(_: int) -> bool:
        try:
            with transaction(committed) as session:
                execute(session, approval_id, PAYLOAD, supervisor, now)
        except ApprovalAlreadyExecuted:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(approve_as, range(10, 18))) == 1
        assert sum(pool.map(execute_as, range(8))) == 1
    with reading(committed) as session:
        assert session.scalars(select(AuditEntry.act).where(AuditEntry.act == "approval.execute")).all() == [
            "approval.execute"
        ]


def test_effect_that_fails_leaves_the_approval_usable(
    sessions: Sessions, clerk: Actor, supervisor: Actor, now: datetime
) -> None:
    """If the act itself is refused, the approval was not used up."""
    with transaction(sessions) as session:
        approval_id = propose(session, PROPOSAL, clerk, now).id
        approve(session, approval_id, supervisor, now)

    def act_that_fails() -> None:
        with transaction(sessions) as session:
            execute(session, approval_id, PAYLOAD, supervisor, now)
            find_approval(session, "apr_nothing")

    with pytest.raises(ApprovalUnknown):
        act_that_fails()
    with transaction(sessions) as session:
        execute(session, approval_id, PAYLOAD, supervisor, now)
