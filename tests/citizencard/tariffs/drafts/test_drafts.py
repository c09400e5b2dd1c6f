"""Tariffs that wait for a second person."""

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import Proposal, approve, propose
from citizencard.approvals.errors import ApprovalNotGiven, ApprovalPayloadDiffers
from citizencard.approvals.models import Approval
from citizencard.audit import Actor, AuditEntry
from citizencard.db import Sessions, reading, transaction
from citizencard.tariffs.document import check
from citizencard.tariffs.drafts.drafts import completed, drafted_document, propose_tariff, publish_draft
from citizencard.tariffs.drafts.models import TariffDraft
from citizencard.tariffs.errors import (
    TariffBackdated,
    TariffInvalid,
    TariffNotApproved,
    TariffNotForDevices,
    TariffVersionTaken,
)
from citizencard.tariffs.versions import in_force, list_versions
from tests.citizencard.tariffs.small_city import DOCUMENT

MAKER = Actor("staff", "stf_1", "P-1")
CHECKER = Actor("staff", "stf_2", "P-2")
EFFECTIVE = datetime(2026, 1, 1, tzinfo=UTC)


def terms() -> dict[str, Any]:
    """The tariff without what the server adds."""
    return {name: part for name, part in DOCUMENT.items() if name not in ("format", "version", "effective_from")}


def agreed(session: Session, draft: TariffDraft, now: datetime) -> Approval:
    return approve(session, draft.approval_id, CHECKER, now)


def test_agreed_tariff_is_in_force(session: Session, now: datetime) -> None:
    """What two agreed to is what passengers pay, from its time on, and the audit knows who carried it out."""
    draft = propose_tariff(session, terms(), EFFECTIVE, MAKER, now)
    assert drafted_document(session, session.get_one(Approval, draft.approval_id)) == draft.document
    version = publish_draft(session, agreed(session, draft, now), CHECKER, now)
    assert version.version == draft.version == 1
    assert in_force(session, now).document["transit"] == DOCUMENT["transit"]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "tariff.publish")).one()
    assert (entry.subject, entry.actor_id) == ("tariff:1", CHECKER.id)


def test_a_file_says_its_time_and_gets_its_number(session: Session, now: datetime) -> None:
    """A file is proposed as it is; two files that both call themselves version 3 get two numbers."""
    drafts = [propose_tariff(session, DOCUMENT, None, MAKER, now) for _ in range(2)]
    assert [draft.document["version"] for draft in drafts] == [1, 2]
    assert {draft.document["effective_from"] for draft in drafts} == {DOCUMENT["effective_from"]}


def test_a_draft_is_checked_as_it_would_be_proposed(session: Session, now: datetime) -> None:
    """Nobody is told that a number is missing which the server gives."""
    assert check(completed(session, terms(), now)) == []


def test_what_devices_cannot_charge_by_is_not_proposed(session: Session, now: datetime) -> None:
    """Nobody is asked to agree to fares that do not fit into the table of a validator."""
    dinars = deepcopy(terms()) | {"currency": "KWD"}
    dinars["transit"]["lines"]["1"]["fare"] = {"flat": "5000000.000"}
    with pytest.raises(TariffNotForDevices):
        propose_tariff(session, dinars, EFFECTIVE, MAKER, now)


def test_nothing_can_be_changed_between_proposal_and_agreement(session: Session, now: datetime) -> None:
    """Somebody who reaches the database changes the proposed fare: then it is not what was agreed to."""
    draft = propose_tariff(session, terms(), EFFECTIVE, MAKER, now)
    approval = agreed(session, draft, now)
    changed = deepcopy(draft.document)
    changed["transit"]["lines"]["1"]["fare"]["flat"] = "2.01"
    draft.document = changed
    session.flush()
    with pytest.raises(ApprovalPayloadDiffers):
        publish_draft(session, approval, CHECKER, now)


def test_only_an_agreed_proposal_of_a_tariff_is_published(session: Session, now: datetime) -> None:
    """An approval of something else, or none yet, publishes nothing."""
    draft = propose_tariff(session, terms(), EFFECTIVE, MAKER, now)
    waiting = session.get_one(Approval, draft.approval_id)
    with pytest.raises(ApprovalNotGiven):
        publish_draft(session, waiting, CHECKER, now)
    other = propose(session, Proposal("terminal.bind", "x", {}), MAKER, now)
    assert drafted_document(session, other) == {}
    with pytest.raises(TariffNotApproved):
        publish_draft(session, approve(session, other.id, CHECKER, now), CHECKER, now)


def test_versions_rise_over_proposals(session: Session, now: datetime) -> None:
    """Two open proposals have two numbers; the older one is void once the newer one is in force."""
    first = propose_tariff(session, terms(), EFFECTIVE, MAKER, now)
    second = propose_tariff(session, terms(), EFFECTIVE + timedelta(days=400), MAKER, now)
    assert (first.version, second.version) == (1, 2)
    publish_draft(session, agreed(session, second, now), CHECKER, now)
    with pytest.raises(TariffVersionTaken):
        publish_draft(session, agreed(session, first, now), CHECKER, now)


def test_tariff_with_mistakes_is_not_proposed(session: Session, now: datetime) -> None:
    """Nobody is asked to agree to a tariff that could not be published."""
    with pytest.raises(TariffInvalid):
        propose_tariff(session, {**terms(), "currency": "yuan"}, EFFECTIVE, MAKER, now)


def test_two_who_propose_and_agree_at_once_get_two_numbers_in_order(committed: Sessions, now: datetime) -> None:
    """Four desks propose in the same second: each tariff gets a number of its own, and versions rise with their beginnings."""

    def propose_and_agree(day: int) -> bool:
        with transaction(committed) as session:
            draft = propose_tariff(session, terms(), now + timedelta(days=day), MAKER, now)
            approval_id = draft.approval_id
        try:
            with transaction(committed) as session:
                publish_draft(session, approve(session, approval_id, CHECKER, now), CHECKER, now)
        except (TariffVersionTaken, TariffBackdated):
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        published = list(pool.map(propose_and_agree, (4, 3, 2, 1)))
    with reading(committed) as session:
        rows = list_versions(session)
    assert len(rows) == sum(published) >= 1
    assert [row.effective_from for row in rows] == sorted((row.effective_from for row in rows), reverse=True)
