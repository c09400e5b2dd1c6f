"""Proposing a tariff, and putting it into force once a second person has agreed to exactly this text."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import Proposal, execute, propose
from citizencard.approvals.models import Approval
from citizencard.audit import Actor
from citizencard.tariffs.document import FORMAT, read
from citizencard.tariffs.drafts.models import TariffDraft
from citizencard.tariffs.errors import TariffNotApproved
from citizencard.tariffs.models import TariffVersion
from citizencard.tariffs.versions import PUBLISH, publish, publish_payload


def propose_tariff(
    session: Session, terms: Mapping[str, Any], effective_from: datetime, actor: Actor, now: datetime
) -> TariffDraft:
    """Put a tariff before a second person, under the next version number.

    Args:
        session: joined, never committed.
        terms: `transfer`, `lines`, `classes` and `rounding` of the document (README.md of the tariffs); the rest is added here.
        effective_from: when it takes effect, aware.
        actor: who proposes.
        now: present instant.

    Raises:
        TariffInvalid: the document has mistakes; names all of them.
        FourEyesNeeded: the proposer is not known as a person.
    """
    published, drafted = session.execute(
        select(select(func.max(TariffVersion.version)).scalar_subquery(), func.max(TariffDraft.version))
    ).one()
    version = max(published or 0, drafted or 0) + 1
    document = {**terms, "format": FORMAT, "version": version, "effective_from": effective_from.isoformat()}
    read(document)
    approval = propose(session, Proposal(PUBLISH, f"tariff:{version}", publish_payload(document)), actor, now)
    draft = TariffDraft(approval_id=approval.id, version=version, document=document, proposed_at=now)
    session.add(draft)
    session.flush()
    return draft


def drafted_document(session: Session, approval: Approval) -> Mapping[str, Any]:
    """What exactly is proposed, for the second person to read: the approval itself holds only its digest. Empty if it is no tariff."""
    draft = session.get(TariffDraft, approval.id)
    return {} if draft is None else draft.document


def publish_draft(session: Session, approval: Approval, actor: Actor, now: datetime) -> TariffVersion:
    """Carry an approved proposal out, in the transaction of the approval.

    Raises:
        TariffNotApproved: the approval is not one of a proposed tariff.
        ApprovalNotGiven, ApprovalAlreadyExecuted, ApprovalExpired, ApprovalPayloadDiffers: see `approvals.execute`.
        TariffVersionTaken, TariffBackdated: see `publish`; nothing is changed.
    """
    draft = session.get(TariffDraft, approval.id)
    if draft is None:
        raise TariffNotApproved("nobody proposed a tariff by this approval", approval_id=approval.id)
    execute(session, approval.id, publish_payload(draft.document), actor, now)
    return publish(session, draft.document, approval.id, now=now)
