"""The list of what waits for a second person."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from citizencard.approvals.decisions import Proposal, approve, propose
from citizencard.approvals.waiting import waiting
from citizencard.audit import Actor

MAKER = Actor("staff", "stf_1", "P-1")
CHECKER = Actor("staff", "stf_2", "P-2")


def test_open_proposals_are_listed_page_by_page(session: Session, now: datetime) -> None:
    """A supervisor sees every open proposal exactly once, oldest first, and none that is decided or too old."""
    made = [propose(session, Proposal("x", "y", {"n": n}), MAKER, now + timedelta(seconds=n // 2)).id for n in range(7)]
    approve(session, made[0], CHECKER, now + timedelta(minutes=1))
    seen: list[str] = []
    for _ in range(4):
        page = waiting(session, now + timedelta(minutes=1), after=seen[-1] if seen else None, limit=2)
        seen += [approval.id for approval in page]
    assert sorted(seen) == sorted(made[1:])
    assert len(seen) == len(set(seen))
    assert waiting(session, now + timedelta(days=4)) == []
