"""Residents: registered, found by their whole number, shown masked; in clear only to somebody who says why."""

from dataclasses import asdict

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once, Stored
from api.schemas.people import (
    LinkGiven,
    PersonAnswer,
    PersonFoundAnswer,
    PersonRequest,
    PersonRevealedAnswer,
    PersonSearchRequest,
    PersonSought,
    ReasonRequest,
    SocialSecurityAnswer,
    SocialSecurityRequest,
    Why,
)
from api.schemas.shape import Page
from citizencard.audit import Access
from citizencard.clock import beijing_date
from citizencard.idempotency.work import Transaction
from citizencard.people.flow import find_by_document, find_person, look_at, reveal
from citizencard.people.models import Person
from citizencard.people.registry import NewPerson, PersonalData, masked, register, seal
from citizencard.social_security.flow import link_person
from citizencard.social_security.links import NewLink
from citizencard.social_security.models import SocialSecurityLink
from citizencard.staff.permissions import Permission

face = Face("People", "/v1", "Residents and their place in social security.")


@face.post("/people", Shapes(gives=PersonAnswer, takes=PersonRequest, status=201))
def register_a_person(new: NewPerson) -> Once:
    """Register a resident. Number, name and phone are encrypted before they are stored; the answer is masked."""
    who = actor(Permission.PEOPLE_REGISTER)
    sealed = seal(city().hsm, new, beijing_date(now()))

    def work(session: Transaction) -> Stored:
        return {"id": register(session, sealed, who, now()).id}

    return Once(work, lambda stored, _replayed: _masked(find_person(city().sessions, stored["id"])))


@face.post("/people/searches", Shapes(gives=PersonFoundAnswer, takes=PersonSearchRequest))
def search_people(sought: PersonSought) -> Page:
    """Find a resident by the whole number of the identity document. There is no search by a part of it; who asked is written down."""
    who = actor(Permission.PEOPLE_READ)
    found = find_by_document(city().sessions, city().hsm, sought.document_number, who, now())
    return Page(() if found is None else (_masked(found),), has_more=False)


@face.get("/people/<person_id>", Shapes(gives=PersonAnswer))
def see_person(person_id: str) -> dict[str, object]:
    """A resident, masked. Who looked is written down."""
    return _masked(look_at(city().sessions, person_id, actor(Permission.PEOPLE_READ), now()))


@face.post("/people/<person_id>/revelations", Shapes(gives=PersonRevealedAnswer, takes=ReasonRequest, status=201))
def reveal_person(why: Why, person_id: str) -> dict[str, object]:
    """A resident in clear. Who looked, and why, is written down before anything is shown."""
    access = Access(actor(Permission.PEOPLE_REVEAL), why.reason, now())
    clear: PersonalData = reveal(city().sessions, city().hsm, person_id, access)
    return {**asdict(clear), "document_type": str(clear.document_type)}


@face.put("/people/<person_id>/social-security", Shapes(gives=SocialSecurityAnswer, takes=SocialSecurityRequest))
def link_to_social_security(given: LinkGiven, person_id: str) -> SocialSecurityLink:
    """Link a resident to social security, or bring the link up to date; the number is that of the identity document."""
    who = actor(Permission.SOCIAL_SECURITY_LINK)
    new = NewLink(person_id, given.region_code, given.insurances, given.nation)
    return link_person(city().sessions, city().hsm, new, who, now())


def _masked(person: Person) -> dict[str, object]:
    shown = asdict(masked(city().hsm, person))
    return {**shown, "document_type": str(shown["document_type"])}
