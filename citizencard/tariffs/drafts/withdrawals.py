"""Taking a published tariff back before its time: two people agree, and it never takes effect."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.approvals.decisions import Proposal, execute, propose
from citizencard.approvals.models import Approval
from citizencard.audit import Actor
from citizencard.tariffs.drafts.drafts import picture, subject_of
from citizencard.tariffs.errors import TariffBegun, TariffNotApproved, TariffWithdrawn
from citizencard.tariffs.models import TariffVersion, TariffWithdrawal
from citizencard.tariffs.versions import take_turns, tariff_version

WITHDRAW: Final = "tariff.withdraw"


def propose_withdrawal(session: Session, version: int, reason: str, actor: Actor, now: datetime) -> Approval:
    """Propose that a version never takes effect.

    Raises:
        UnknownTariffVersion: it was never published.
        TariffBegun: it has taken effect; `propose_rollback` is for that.
        TariffWithdrawn: it was withdrawn before.
        FourEyesNeeded: the proposer is not known as a person.
        ReasonUnfit: see `audit.record`.
    """
    row = _waiting(session, version, now)
    payload = {"version": row.version, "digest": row.digest}
    return propose(session, Proposal(WITHDRAW, subject_of(version), payload, reason), actor, now)


def withdraw_as_approved(session: Session, approval: Approval, actor: Actor, now: datetime) -> TariffWithdrawal:
    """Carry an approved withdrawal out, in the transaction of the approval.

    Raises:
        TariffNotApproved: the approval is not one of a withdrawal.
        TariffBegun: its time has come meanwhile.
        TariffWithdrawn: somebody else withdrew it meanwhile.
        ApprovalNotGiven, ApprovalAlreadyExecuted, ApprovalExpired, ApprovalPayloadDiffers: see `approvals.execute`.
    """
    if approval.act != WITHDRAW:
        raise TariffNotApproved("nobody proposed a withdrawal by this approval", approval_id=approval.id)
    take_turns(session)
    row = _waiting(session, int(approval.payload["version"]), now)
    execute(session, approval.id, {"version": row.version, "digest": row.digest}, actor, now)
    withdrawal = TariffWithdrawal(version=row.version, approval_id=approval.id, withdrawn_at=now)
    session.add(withdrawal)
    session.flush()
    audit.record(session, actor, WITHDRAW, subject_of(row.version), before=picture(row), now=now)
    return withdrawal


def _waiting(session: Session, version: int, now: datetime) -> TariffVersion:
    row = tariff_version(session, version)
    if session.get(TariffWithdrawal, version) is not None:
        raise TariffWithdrawn(f"version {version} was withdrawn", version=version)
    if row.effective_from <= now:
        raise TariffBegun(
            f"version {version} has taken effect", version=version, effective_from=row.effective_from.isoformat()
        )
    return row
