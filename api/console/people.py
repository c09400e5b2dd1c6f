"""Residents at the counter: registered, seen masked, revealed with a reason, linked to social security."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response

from api.auth import actor
from api.city import city, now
from api.console.blueprint import pages
from api.console.holdings import holdings_of
from api.web.forms import Digits, Filled, Form, Line, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.audit import REASON_CHARS, Access
from citizencard.clock import beijing_date
from citizencard.idempotency.work import Transaction
from citizencard.people.errors import DocumentInvalid, NameUnfit, PersonAlreadyRegistered, PhoneUnfit
from citizencard.people.flow import find_person, look_at, reveal
from citizencard.people.identity import NAME_CHARS
from citizencard.people.registry import NewPerson, SealedPerson, masked, register, seal
from citizencard.social_security.errors import RegionUnfit
from citizencard.social_security.flow import link_person
from citizencard.social_security.links import NewLink
from citizencard.staff.permissions import Permission

MAX_NUMBER: Final = 24
MAX_PHONE: Final = 24
REGION_DIGITS: Final = 6


class PersonForm(Form):
    """Who is to be registered."""

    document_number = Line(MAX_NUMBER)
    name = Line(NAME_CHARS)
    phone = Line(MAX_PHONE, load_default=None)


@dataclass(frozen=True, slots=True)
class Region:
    """Where somebody is insured."""

    region_code: str


class RegionForm(Form):
    """The pool region."""

    region_code = Digits(REGION_DIGITS, REGION_DIGITS)


@dataclass(frozen=True, slots=True)
class Why:
    """Why somebody wants to see more."""

    reason: str


class ReasonForm(Form):
    """A reason in words."""

    reason = Line(REASON_CHARS)


@pages.get("/console/people/new")
def new_person() -> Response:
    """The form to register somebody."""
    return render_page("console/register.html", form=new_form(), unknown=False)


@pages.post("/console/people")
def register_person() -> Response:
    """Register a resident, once for this form; the number is checked before anything is stored."""
    who = actor(Permission.PEOPLE_REGISTER)
    form, sealed = _sealed(read_form(PersonForm, NewPerson))

    def act(_new: NewPerson) -> Response:
        if sealed is None:
            raise TypeError("a form without complaints has its person sealed")

        def work(session: Transaction) -> Mapping[str, Any]:
            return {"id": register(session, sealed, who, now()).id}

        try:
            person_id = book_once(form, work).answer.body["id"]
        except PersonAlreadyRegistered as known:
            return go_to(f"/console/people/{known.fields['person_id']}", Said("console.person.known", "note"))
        return go_to(f"/console/people/{person_id}", Said("console.person.registered"))

    return answer_form(form, act, "console/register.html", unknown=False)


@pages.get("/console/people/<person_id>")
def see_person(person_id: str) -> Response:
    """A resident, masked, with everything that is held here. Who looked is written down first."""
    person = masked(city().hsm, look_at(city().sessions, person_id, actor(Permission.PEOPLE_READ), now()))
    return render_page("console/person.html", person=person, held=holdings_of(person_id))


@pages.get("/console/people/<person_id>/social-security")
def social_security_form(person_id: str) -> Response:
    """The form of the link to social security."""
    find_person(city().sessions, person_id)
    return render_page("console/social_security.html", form=new_form(), person_id=person_id)


@pages.post("/console/people/<person_id>/social-security")
def link_social_security(person_id: str) -> Response:
    """Link a resident to social security, or bring the link up to date; sent twice it ends the same."""
    who = actor(Permission.SOCIAL_SECURITY_LINK)
    form = read_form(RegionForm, Region)

    def act(given: Region) -> Response:
        try:
            link_person(city().sessions, city().hsm, NewLink(person_id, given.region_code), who, now())
        except RegionUnfit:
            again = form.but("region_code", "console.region.unfit")
            return answer_form(again, act, "console/social_security.html", person_id=person_id)
        return go_to(f"/console/people/{person_id}", Said("console.region.linked"))

    return answer_form(form, act, "console/social_security.html", person_id=person_id)


@pages.get("/console/people/<person_id>/revelation")
def reveal_form(person_id: str) -> Response:
    """Where the reason is asked for; nothing is shown in clear yet."""
    person = masked(city().hsm, find_person(city().sessions, person_id))
    return render_page("console/reveal.html", form=new_form(), person=person, clear=None)


@pages.post("/console/people/<person_id>/revelation")
def reveal_person(person_id: str) -> Response:
    """A resident in clear. Who looked, and why, is committed before anything is decrypted.

    Nothing is changed, and every look counts for itself: the page is the answer to the form, and to no address that could be kept.
    """
    who = actor(Permission.PEOPLE_REVEAL)
    person = masked(city().hsm, find_person(city().sessions, person_id))
    form = read_form(ReasonForm, Why)

    def act(given: Why) -> Response:
        clear = reveal(city().sessions, city().hsm, person_id, Access(who, given.reason, now()))
        return render_page("console/reveal.html", form=form, person=person, clear=clear)

    return answer_form(form, act, "console/reveal.html", person=person, clear=None)


def unknown_number(document_number: str) -> Response:
    """The form to register somebody whose number was just sought and not found, with the number filled in."""
    return render_page("console/register.html", form=new_form(document_number=document_number), unknown=True)


def _sealed(form: Filled[NewPerson]) -> tuple[Filled[NewPerson], SealedPerson | None]:
    """The person encrypted, or the form with what cannot be taken. Asks the keys' keeper, so no transaction is open."""
    if form.value is None:
        return form, None
    try:
        return form, seal(city().hsm, form.value, beijing_date(now()))
    except DocumentInvalid as refusal:
        return form.but("document_number", f"fault.{refusal.fields['fault']}"), None
    except NameUnfit:
        return form.but("name", "console.name.unfit"), None
    except PhoneUnfit:
        return form.but("phone", "console.phone.unfit"), None
