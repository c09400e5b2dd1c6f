"""Going back: an earlier version's rules again under a new number, now or later, in one step that two people agree to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.approvals.decisions import Proposal, execute, propose
from citizencard.approvals.models import Approval
from citizencard.audit import Actor
from citizencard.tariffs.document import read
from citizencard.tariffs.drafts.drafts import find_draft, keep_draft, next_version, numbered, picture, subject_of
from citizencard.tariffs.drafts.models import TariffDraft
from citizencard.tariffs.errors import TariffNotEarlier
from citizencard.tariffs.models import TariffRollback, TariffVersion, TariffWithdrawal
from citizencard.tariffs.versions import (
    check_future,
    digest_of,
    in_force,
    publish,
    read_for_devices,
    read_version,
    take_turns,
    tariff_version,
)

ROLL_BACK: Final = "tariff.roll_back"


def propose_rollback(
    session: Session, restores: int, effective_from: datetime | None, actor: Actor, now: datetime
) -> TariffDraft:
    """Propose to bring an earlier version's rules back, under the next number.

    Args:
        session: joined, never committed.
        restores: the version whose rules shall hold again; it was in force before the present one.
        effective_from: when, aware; None: in the second in which the second person agrees.
        actor: who proposes.
        now: present instant.

    Raises:
        UnknownTariffVersion: it was never published.
        NoTariffInForce: there is nothing to go back from.
        TariffNotEarlier: it is in force, was withdrawn, or has never been in force.
        TariffBackdated: its time has passed, or a later version waits; that one is to be withdrawn first.
        TariffNotForDevices: devices cannot charge by the earlier version.
        FourEyesNeeded: the proposer is not known as a person.
    """
    earlier = tariff_version(session, restores)
    withdrawn = session.get(TariffWithdrawal, restores) is not None
    if withdrawn or restores >= in_force(session, now).version:
        raise TariffNotEarlier(f"version {restores} was not in force before the present one", version=restores)
    take_turns(session)
    version = next_version(session)
    check_future(session, version, effective_from or now.replace(microsecond=0), now)
    begins = (effective_from or now).astimezone(read_version(earlier).offset)
    document = numbered(earlier.document, version, begins)
    read_for_devices(document)
    payload = _payload(document, restores, at_once=effective_from is None)
    approval = propose(session, Proposal(ROLL_BACK, subject_of(version), payload), actor, now)
    return keep_draft(session, approval, document, now)


def roll_back_as_approved(session: Session, approval: Approval, actor: Actor, now: datetime) -> TariffVersion:
    """Carry an approved rollback out, in the transaction of the approval.

    Raises:
        TariffNotApproved: the approval is not one of a rollback.
        ApprovalNotGiven, ApprovalAlreadyExecuted, ApprovalExpired, ApprovalPayloadDiffers: see `approvals.execute`.
        TariffVersionTaken, TariffBackdated: see `publish`; nothing is changed.
    """
    draft = find_draft(session, approval.id)
    restores, at_once = int(approval.payload["restores"]), approval.payload["effective_from"] is None
    payload = _payload(draft.document, restores, at_once=at_once)
    execute(session, approval.id, payload, actor, now)
    document = draft.document
    if at_once:
        begins = now.astimezone(UTC).replace(microsecond=0).astimezone(read(document).offset)
        document = numbered(document, draft.version, begins)
    version = publish(session, document, approval.id, now=now, agreed=(ROLL_BACK, payload))
    session.add(TariffRollback(version=version.version, restores=restores))
    session.flush()
    after = {**picture(version), "restores": restores}
    audit.record(session, actor, ROLL_BACK, subject_of(version.version), after=after, now=now)
    return version


def _payload(document: Mapping[str, Any], restores: int, *, at_once: bool) -> dict[str, Any]:
    """What is agreed to: which rules, under which number, from when on; the digest is that of all but the beginning."""
    rules = {name: part for name, part in document.items() if name != "effective_from"}
    return {
        "version": document["version"],
        "restores": restores,
        "effective_from": None if at_once else document["effective_from"],
        "digest": digest_of(rules),
    }
