"""Going back to an earlier tariff."""

from copy import deepcopy
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import approve
from citizencard.approvals.errors import ApprovalPayloadDiffers, FourEyesNeeded
from citizencard.approvals.models import Approval
from citizencard.audit import AuditEntry
from citizencard.tariffs.drafts.rollbacks import ROLL_BACK, propose_rollback, roll_back_as_approved
from citizencard.tariffs.drafts.views import TariffState, tariff_view
from citizencard.tariffs.drafts.withdrawals import propose_withdrawal, withdraw_as_approved
from citizencard.tariffs.errors import (
    TariffBackdated,
    TariffNotApproved,
    TariffNotEarlier,
    UnknownTariffVersion,
)
from citizencard.tariffs.models import TariffRollback
from citizencard.tariffs.versions import in_force, tariffs_as_of
from tests.citizencard.tariffs.drafts.test_drafts import CHECKER, MAKER
from tests.citizencard.tariffs.small_city import document
from tests.citizencard.tariffs.test_versions import put

MINUTE = timedelta(minutes=1)


@pytest.fixture
def two_versions(session: Session, now: datetime) -> None:
    """Version 3 was in force; version 4 has a mistake in its fare since an hour."""
    put(session, document(3, now - timedelta(days=300)), now - timedelta(days=301))
    put(session, document(4, now - timedelta(hours=1), "20.00"), now - timedelta(hours=2))


@pytest.mark.usefixtures("two_versions")
def test_fares_are_back_in_the_second_in_which_a_second_person_agrees(session: Session, now: datetime) -> None:
    """A fare of twenty yuan instead of two is found: one step and one agreement later, buses charge two again."""
    draft = propose_rollback(session, 3, None, MAKER, now)
    later = now + MINUTE
    version = roll_back_as_approved(session, approve(session, draft.approval_id, CHECKER, later), CHECKER, later)
    assert version.version == 5
    assert version.effective_from == later.replace(microsecond=0)
    assert in_force(session, later).version == 5
    assert version.document["transit"] == document(3, now)["transit"]
    between, since = tariffs_as_of(session, [(4, later - MINUTE), (5, later)])
    assert between is not None
    assert since is not None
    assert (between.version, since.version) == (4, 5)
    assert session.get_one(TariffRollback, 5).restores == 3
    view = tariff_view(session, 5, later)
    assert (view.restores, view.state, view.proposed_by, view.approved_by) == (
        3,
        TariffState.IN_FORCE,
        MAKER.id,
        CHECKER.id,
    )
    entry = session.scalars(select(AuditEntry).where(AuditEntry.act == ROLL_BACK)).one()
    assert (entry.subject, entry.actor_id) == ("tariff:5", CHECKER.id)
    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(text("UPDATE tariff_rollback SET restores = 1"))


@pytest.mark.usefixtures("two_versions")
def test_going_back_can_wait_for_a_day(session: Session, now: datetime) -> None:
    """A rollback that is announced for tomorrow takes effect tomorrow."""
    tomorrow = (now + timedelta(days=1)).replace(microsecond=0)
    draft = propose_rollback(session, 3, tomorrow, MAKER, now)
    version = roll_back_as_approved(session, approve(session, draft.approval_id, CHECKER, now), CHECKER, now)
    assert version.effective_from == tomorrow
    assert in_force(session, now).version == 4
    assert in_force(session, tomorrow).version == 5


@pytest.mark.usefixtures("two_versions")
def test_only_what_was_in_force_before_can_come_back(session: Session, now: datetime) -> None:
    """Neither the present tariff, nor a coming or a withdrawn one, nor one that never was."""
    put(session, document(6, now + timedelta(days=1)), now)
    for version in (4, 6):
        with pytest.raises(TariffNotEarlier):
            propose_rollback(session, version, None, MAKER, now)
    with pytest.raises(UnknownTariffVersion):
        propose_rollback(session, 5, None, MAKER, now)
    with pytest.raises(TariffBackdated):
        propose_rollback(session, 3, None, MAKER, now)
    approval = propose_withdrawal(session, 6, "put off", MAKER, now)
    withdraw_as_approved(session, approve(session, approval.id, CHECKER, now), CHECKER, now)
    assert propose_rollback(session, 3, None, MAKER, now).version == 7
    with pytest.raises(TariffBackdated):
        propose_rollback(session, 3, now - timedelta(hours=3), MAKER, now)


@pytest.mark.usefixtures("two_versions")
def test_nobody_goes_back_alone_or_to_something_else(session: Session, now: datetime) -> None:
    """Two people, and exactly the rules that they saw; a tariff that was merely proposed is not restored by this door."""
    draft = propose_rollback(session, 3, None, MAKER, now)
    with pytest.raises(FourEyesNeeded):
        approve(session, draft.approval_id, MAKER, now)
    approval = approve(session, draft.approval_id, CHECKER, now)
    changed = deepcopy(draft.document)
    changed["transit"]["lines"]["2"]["fare"]["flat"] = "9.00"
    draft.document = changed
    session.flush()
    with pytest.raises(ApprovalPayloadDiffers):
        roll_back_as_approved(session, approval, CHECKER, now)
    withdrawal = propose_withdrawal(session, put(session, document(9, now + MINUTE), now).version, "", MAKER, now)
    with pytest.raises(TariffNotApproved):
        roll_back_as_approved(session, session.get_one(Approval, withdrawal.id), CHECKER, now)
