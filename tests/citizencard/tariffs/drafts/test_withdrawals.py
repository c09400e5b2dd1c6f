"""Taking a tariff back before its time."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import Proposal, approve, propose
from citizencard.approvals.errors import ApprovalNotGiven, FourEyesNeeded
from citizencard.approvals.models import Approval
from citizencard.audit import AuditEntry
from citizencard.tariffs.drafts.views import TariffState, tariff_view
from citizencard.tariffs.drafts.withdrawals import WITHDRAW, propose_withdrawal, withdraw_as_approved
from citizencard.tariffs.errors import TariffBegun, TariffNotApproved, TariffWithdrawn, UnknownTariffVersion
from citizencard.tariffs.versions import in_force
from tests.citizencard.tariffs.drafts.test_drafts import CHECKER, MAKER
from tests.citizencard.tariffs.small_city import document
from tests.citizencard.tariffs.test_versions import put


@pytest.fixture
def tomorrow(session: Session, now: datetime) -> datetime:
    """Version 3 is in force, version 4 waits for tomorrow."""
    when = now + timedelta(days=1)
    put(session, document(3, now - timedelta(days=300)), now)
    put(session, document(4, when, "5.00"), now)
    return when


def test_two_people_take_a_tariff_back(session: Session, now: datetime, tomorrow: datetime) -> None:
    """The council puts the new fares off: they never come, and the audit says who took them back."""
    approval = propose_withdrawal(session, 4, "the council has put it off", MAKER, now)
    with pytest.raises(FourEyesNeeded):
        approve(session, approval.id, MAKER, now)
    with pytest.raises(ApprovalNotGiven):
        withdraw_as_approved(session, approval, CHECKER, now)
    withdraw_as_approved(session, approve(session, approval.id, CHECKER, now), CHECKER, now)
    assert in_force(session, tomorrow).version == 3
    view = tariff_view(session, 4, now)
    assert (view.state, view.withdrawn_at) == (TariffState.WITHDRAWN, now)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.act == WITHDRAW)).one()
    assert (entry.subject, entry.actor_id) == ("tariff:4", CHECKER.id)
    with pytest.raises(TariffWithdrawn):
        propose_withdrawal(session, 4, "", MAKER, now)


def test_what_has_begun_is_not_taken_back(session: Session, now: datetime, tomorrow: datetime) -> None:
    """People have paid by it: going back is another step. Agreement that comes after the beginning changes nothing."""
    with pytest.raises(TariffBegun):
        propose_withdrawal(session, 3, "", MAKER, now)
    with pytest.raises(UnknownTariffVersion):
        propose_withdrawal(session, 5, "", MAKER, now)
    approval = approve(session, propose_withdrawal(session, 4, "", MAKER, now).id, CHECKER, now)
    with pytest.raises(TariffBegun):
        withdraw_as_approved(session, approval, CHECKER, tomorrow)
    assert in_force(session, tomorrow).version == 4


def test_an_agreement_about_something_else_withdraws_nothing(session: Session, now: datetime) -> None:
    """The door of withdrawals opens to withdrawals only."""
    other = propose(session, Proposal("terminal.bind", "x", {}), MAKER, now)
    approve(session, other.id, CHECKER, now)
    with pytest.raises(TariffNotApproved):
        withdraw_as_approved(session, session.get_one(Approval, other.id), CHECKER, now)
