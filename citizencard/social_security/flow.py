"""Linking a person, and reading what goes onto a card: the keys' keeper is asked while no transaction is open."""

from dataclasses import dataclass, field
from datetime import date, datetime

from citizencard.audit import Actor
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import FieldContext, Hsm
from citizencard.people.flow import find_person
from citizencard.people.identity import Sex
from citizencard.people.registry import unsealed
from citizencard.social_security.errors import LinkUnknown
from citizencard.social_security.links import TABLE, NewLink, find_link, link, seal_link
from citizencard.social_security.models import UNLINKED, SocialSecurityLink


@dataclass(frozen=True, slots=True)
class SocialSecurityCardData:
    """What EF05 and EF06 of the social-security application say about a person.

    Args:
        region_code: pool region, 6 digits.
        number: social-security number, 18 characters.
        name: as registered.
        sex: as the number says.
        nation: 2 digits of GB/T 3304, or empty.
        birth_date: as the number says.
    """

    region_code: str
    number: str = field(repr=False)
    name: str = field(repr=False)
    sex: Sex = field(repr=False)
    nation: str = field(repr=False)
    birth_date: date = field(repr=False)


def link_person(sessions: Sessions, hsm: Hsm, new: NewLink, actor: Actor, now: datetime) -> SocialSecurityLink:
    """Link a registered person to social security under the citizen number, or bring the link up to date.

    Raises:
        PersonUnknown: no such person.
        RegionUnfit, NationUnfit, InsuranceUnfit: what was entered is wrong.
        LinkStateRefused, NumberLinkedElsewhere: see `links.link`.
    """
    person = unsealed(hsm, find_person(sessions, new.person_id))
    with reading(sessions) as session:
        known = find_link(session, new.person_id)
        link_id = None if known is None else known.id
    sealed = seal_link(hsm, person, new, link_id)
    with transaction(sessions) as session:
        return link(session, sealed, actor, now)


def card_data(sessions: Sessions, hsm: Hsm, person_id: str) -> SocialSecurityCardData:
    """What is written into a card's social-security files.

    Raises:
        PersonUnknown: no such person.
        LinkUnknown: the person is not linked, or not any more.
    """
    person = unsealed(hsm, find_person(sessions, person_id))
    with reading(sessions) as session:
        found = find_link(session, person_id)
        session.expunge_all()
    if found is None or found.status == UNLINKED:
        raise LinkUnknown("this person is not linked to social security")
    return SocialSecurityCardData(
        region_code=found.region_code,
        number=hsm.decrypt(FieldContext(TABLE, "number", found.id), found.number),
        name=person.name,
        sex=person.sex,
        nation=hsm.decrypt(FieldContext(TABLE, "nation", found.id), found.nation),
        birth_date=person.birth_date,
    )
