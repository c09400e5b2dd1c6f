"""Linking, moving away and unlinking, inside the caller's transaction. Number and nation come here sealed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.audit import Actor
from citizencard.db import new_id
from citizencard.keys.hsm import FieldContext, Hsm
from citizencard.people.registry import PersonalData
from citizencard.social_security.errors import (
    InsuranceUnfit,
    LinkStateRefused,
    LinkUnknown,
    NationUnfit,
    NumberLinkedElsewhere,
    RegionUnfit,
)
from citizencard.social_security.models import (
    LINKED,
    TRANSFER_OUT_PENDING,
    UNLINKED,
    SocialSecurityEvent,
    SocialSecurityLink,
)

TABLE: Final = "social_security_link"
INDEX_FIELD: Final = "social_security.number"
REGION_FORM: Final = re.compile(r"[1-9][0-9]{5}")
NATIONS: Final = frozenset({"", "97", "98", *(f"{number:02d}" for number in range(1, 57))})
"""Codes of GB/T 3304: the 56 nations, others, foreigners naturalised; empty when it was not said."""


class Insurance(StrEnum):
    """The five insurances (五险)."""

    PENSION = "pension"
    UNEMPLOYMENT = "unemployment"
    MEDICAL = "medical"
    WORK_INJURY = "work_injury"
    MATERNITY = "maternity"


class InsuranceState(StrEnum):
    """Where a person stands in one insurance: never in it, 参保, 暂停, 终止."""

    NONE = "none"
    INSURED = "insured"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class NewLink:
    """A person's place in social security.

    Args:
        person_id: the registered person.
        region_code: pool region (统筹区), 6 digits.
        insurances: state of insurances by name; those not named are not touched, at first `none`.
        nation: 2 digits of GB/T 3304, or empty when it was not said.
    """

    person_id: str
    region_code: str
    insurances: Mapping[str, str] = field(default_factory=dict)
    nation: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SealedLink:
    """A checked and encrypted link, ready to be stored under the id that the ciphertexts are bound to."""

    link_id: str
    person_id: str
    number: bytes = field(repr=False)
    number_index: bytes = field(repr=False)
    nation: bytes = field(repr=False)
    region_code: str
    insurances: Mapping[str, str]


def seal_link(hsm: Hsm, person: PersonalData, new: NewLink, link_id: str | None = None) -> SealedLink:
    """Check what was entered and encrypt it; the number is the person's citizen number. Call it with no transaction open.

    Args:
        hsm: the keys' keeper.
        person: the person in clear.
        new: what was entered.
        link_id: id of the person's link if there is one already; ciphertexts are bound to it.

    Raises:
        RegionUnfit, NationUnfit, InsuranceUnfit: what is wrong.
    """
    if not REGION_FORM.fullmatch(new.region_code):
        raise RegionUnfit("a pool region has six digits")
    if new.nation not in NATIONS:
        raise NationUnfit("a nation is named by two digits of GB/T 3304")
    insurances = check_insurances(new.insurances)
    row_id = link_id or new_id("ssl")
    return SealedLink(
        row_id,
        person.person_id,
        hsm.encrypt(FieldContext(TABLE, "number", row_id), person.document_number),
        hsm.blind_index(INDEX_FIELD, person.document_number),
        hsm.encrypt(FieldContext(TABLE, "nation", row_id), new.nation),
        new.region_code,
        insurances,
    )


def check_insurances(insurances: Mapping[str, str]) -> dict[str, str]:
    """The states as stored.

    Raises:
        InsuranceUnfit: an insurance or a state that there is not.
    """
    known_insurances, known_states = list(Insurance), list(InsuranceState)
    if not set(insurances) <= set(known_insurances) or not set(insurances.values()) <= set(known_states):
        raise InsuranceUnfit(
            "there is no such insurance, or no such state of one",
            insurances=[str(insurance) for insurance in known_insurances],
            states=[str(state) for state in known_states],
        )
    return {str(insurance): str(state) for insurance, state in insurances.items()}


def link(session: Session, sealed: SealedLink, actor: Actor, now: datetime) -> SocialSecurityLink:
    """Link a person, link him again after he came back, or bring the state of his insurances up to date.

    Raises:
        LinkStateRefused: the person is linked in another region, or is moving away: that has to end first.
        NumberLinkedElsewhere: the number stands with another person.
    """
    found = find_link(session, sealed.person_id, lock=True)
    if found is None:
        return _happened(session, _first_link(session, sealed, now), "link", actor, now)
    moved = found.region_code != sealed.region_code
    if found.status == TRANSFER_OUT_PENDING or (found.status == LINKED and moved):
        raise LinkStateRefused("the person is linked in another region or moving away", status=found.status)
    if found.id != sealed.link_id:
        raise LinkStateRefused("the person was linked a moment ago; look again", status=found.status)
    event = "update" if found.status == LINKED else "link"
    if found.status == UNLINKED:
        found.linked_at = now
    found.status = LINKED
    found.region_code = sealed.region_code
    found.nation = sealed.nation
    found.insurances = found.insurances | dict(sealed.insurances)
    return _happened(session, found, event, actor, now)


def set_insurances(
    session: Session, person_id: str, insurances: Mapping[str, str], actor: Actor, now: datetime
) -> SocialSecurityLink:
    """Note what the bureau says about some of the insurances.

    Raises:
        LinkUnknown: the person is not linked.
        InsuranceUnfit: an insurance or a state that there is not.
        LinkStateRefused: the link has ended.
    """
    found = _in_state(session, person_id, LINKED, TRANSFER_OUT_PENDING)
    found.insurances = found.insurances | check_insurances(insurances)
    return _happened(session, found, "update", actor, now)


def begin_transfer_out(session: Session, person_id: str, actor: Actor, now: datetime) -> SocialSecurityLink:
    """The person moves to another pool region: medical use is frozen until the link ends; the purse is not touched.

    Raises:
        LinkUnknown, LinkStateRefused: there is no link, or it is not in use.
    """
    found = _in_state(session, person_id, LINKED)
    found.status = TRANSFER_OUT_PENDING
    return _happened(session, found, "transfer_out", actor, now)


def unlink(session: Session, person_id: str, actor: Actor, now: datetime) -> SocialSecurityLink:
    """End the link, after a transfer or at once. The row and its history stay.

    Raises:
        LinkUnknown, LinkStateRefused: there is no link, or it has ended already.
    """
    found = _in_state(session, person_id, LINKED, TRANSFER_OUT_PENDING)
    found.status = UNLINKED
    return _happened(session, found, "unlink", actor, now)


def find_link(session: Session, person_id: str, *, lock: bool = False) -> SocialSecurityLink | None:
    """A person's link, in whatever state; locked until the end of the transaction if asked."""
    wanted = select(SocialSecurityLink).where(SocialSecurityLink.person_id == person_id)
    return session.scalar(wanted.with_for_update().execution_options(populate_existing=True) if lock else wanted)


def history(session: Session, person_id: str) -> list[SocialSecurityEvent]:
    """Everything that happened to a person's link, oldest first."""
    events = (
        select(SocialSecurityEvent)
        .join(SocialSecurityLink, SocialSecurityLink.id == SocialSecurityEvent.link_id)
        .where(SocialSecurityLink.person_id == person_id)
        .order_by(SocialSecurityEvent.id)
    )
    return list(session.scalars(events))


def medical_use_allowed(found: SocialSecurityLink) -> bool:
    """Whether the card may be used at a hospital: linked, not moving away, medical insurance running."""
    return found.status == LINKED and found.insurances.get(Insurance.MEDICAL) == InsuranceState.INSURED


def _first_link(session: Session, sealed: SealedLink, now: datetime) -> SocialSecurityLink:
    _refuse_taken_number(session, sealed)
    made = SocialSecurityLink(
        id=sealed.link_id,
        person_id=sealed.person_id,
        number=sealed.number,
        number_index=sealed.number_index,
        nation=sealed.nation,
        region_code=sealed.region_code,
        status=LINKED,
        insurances=dict.fromkeys(map(str, Insurance), str(InsuranceState.NONE)) | dict(sealed.insurances),
        linked_at=now,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        _refuse_taken_number(session, sealed)
        raise LinkStateRefused("the person was linked a moment ago; look again", status=LINKED) from None
    return made


def _refuse_taken_number(session: Session, sealed: SealedLink) -> None:
    """Say whose the number is: another counter may have linked this very person since the look at his link."""
    holder = session.scalar(
        select(SocialSecurityLink.person_id).where(SocialSecurityLink.number_index == sealed.number_index)
    )
    if holder == sealed.person_id:
        raise LinkStateRefused("the person was linked a moment ago; look again", status=LINKED)
    if holder is not None:
        raise NumberLinkedElsewhere("this social-security number is linked to another person")


def _in_state(session: Session, person_id: str, *allowed: str) -> SocialSecurityLink:
    found = find_link(session, person_id, lock=True)
    if found is None:
        raise LinkUnknown("this person is not linked to social security")
    if found.status not in allowed:
        raise LinkStateRefused(f"the link is {found.status}", status=found.status)
    return found


def _happened(
    session: Session, changed: SocialSecurityLink, event: str, actor: Actor, now: datetime
) -> SocialSecurityLink:
    session.flush()
    session.add(
        SocialSecurityEvent(
            link_id=changed.id,
            event=event,
            region_code=changed.region_code,
            insurances=changed.insurances,
            actor_id=actor.id,
            recorded_at=now,
        )
    )
    after = {"status": changed.status, "region": changed.region_code, "insurances": changed.insurances}
    audit.record(session, actor, f"social_security.{event}", changed.person_id, after=after, now=now)
    return changed
