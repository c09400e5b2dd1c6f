"""Proposing a tariff, and putting it into force once a second person has agreed to exactly this text."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.approvals.decisions import Proposal, execute, propose
from citizencard.approvals.models import Approval
from citizencard.audit import Actor
from citizencard.tariffs.document import FORMAT
from citizencard.tariffs.drafts.models import TariffDraft
from citizencard.tariffs.errors import TariffNotApproved
from citizencard.tariffs.models import TariffVersion
from citizencard.tariffs.versions import PUBLISH, digest_of, publish, publish_payload, read_for_devices, take_turns


def propose_tariff(
    session: Session, terms: Mapping[str, Any], effective_from: datetime | None, actor: Actor, now: datetime
) -> TariffDraft:
    """Put a tariff before a second person, under the next version number.

    Args:
        session: joined, never committed.
        terms: the document (README.md of the tariffs). Its number is given here, and so is `format` where it is left out.
        effective_from: when it takes effect, aware; None: when the document says.
        actor: who proposes.
        now: present instant.

    Raises:
        TariffInvalid: the document has mistakes; names all of them.
        TariffNotForDevices: a number in it is too large for the table by which devices charge.
        FourEyesNeeded: the proposer is not known as a person.
    """
    take_turns(session)
    document = numbered(terms, next_version(session), effective_from)
    read_for_devices(document)
    version = document["version"]
    approval = propose(session, Proposal(PUBLISH, subject_of(version), publish_payload(document)), actor, now)
    return keep_draft(session, approval, document, now)


def completed(session: Session, terms: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A document as a proposal would make it, where it leaves out what a proposal adds: to be checked or previewed."""
    return {
        "version": next_version(session),
        "effective_from": now.isoformat(timespec="seconds"),
        "format": FORMAT,
        **terms,
    }


def numbered(terms: Mapping[str, Any], version: int, effective_from: datetime | None) -> dict[str, Any]:
    """A document under another number, and with another beginning where one is given."""
    document = {"format": FORMAT, **terms, "version": version}
    if effective_from is not None:
        document["effective_from"] = effective_from.isoformat(timespec="seconds")
    return document


def next_version(session: Session) -> int:
    """The number that a new proposal would get: above all that were published or proposed."""
    published, drafted = session.execute(
        select(select(func.max(TariffVersion.version)).scalar_subquery(), func.max(TariffDraft.version))
    ).one()
    return max(published or 0, drafted or 0) + 1


def subject_of(version: int) -> str:
    """How approvals and the audit name a version."""
    return f"tariff:{version}"


def keep_draft(session: Session, approval: Approval, document: dict[str, Any], now: datetime) -> TariffDraft:
    """Keep word for word what was proposed, for the second person to read."""
    draft = TariffDraft(approval_id=approval.id, version=document["version"], document=document, proposed_at=now)
    session.add(draft)
    session.flush()
    return draft


def find_draft(session: Session, approval_id: str) -> TariffDraft:
    """What was proposed by an approval.

    Raises:
        TariffNotApproved: the approval is not one of a proposed tariff.
    """
    draft = session.get(TariffDraft, approval_id)
    if draft is None:
        raise TariffNotApproved("nobody proposed a tariff by this approval", approval_id=approval_id)
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
    draft = find_draft(session, approval.id)
    execute(session, approval.id, publish_payload(draft.document), actor, now)
    version = publish(session, draft.document, approval.id, now=now)
    audit.record(session, actor, PUBLISH, subject_of(version.version), after=picture(version), now=now)
    return version


def picture(version: TariffVersion) -> dict[str, object]:
    """A version as the audit keeps it."""
    return {
        "version": version.version,
        "effective_from": version.effective_from.isoformat(),
        "digest": digest_of(version.document),
    }
