"""Which households a resident pays for: added by the number on the bill and what the latest bill says, taken off again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Response

from api.city import city, now
from api.portal.blueprint import Nothing, NothingForm, pages
from api.web.doors import resident
from api.web.forms import Digits, Form, Line, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.billing.errors import HouseholdNotProved
from citizencard.billing.flow import link_household
from citizencard.billing.households import HouseholdClaim, households_of_person, unlink
from citizencard.billing.registry import list_services
from citizencard.db import reading
from citizencard.idempotency.work import Transaction

PAGE: Final = "portal/households.html"
MAX_CUSTOMER_NUMBER: Final = 20
MAX_PROOF: Final = 64


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a resident says about a household."""

    service_id: str
    customer_number: str = field(repr=False)
    proof: str = field(repr=False)


class HouseholdForm(Form):
    """Utility, number of the household, and what its latest bill amounts to or is numbered."""

    service_id = Line(64)
    customer_number = Digits(MAX_CUSTOMER_NUMBER, 1)
    proof = Line(MAX_PROOF)


@pages.get("/portal/households")
def see_households() -> Response:
    """The households, and the form for another."""
    return render_page(PAGE, form=new_form(), **_values())


@pages.post("/portal/households")
def add() -> Response:
    """Add one. Wrong tries are counted; added twice it is there once."""
    who, form = resident(), read_form(HouseholdForm, Claimed)

    def act(given: Claimed) -> Response:
        claim = HouseholdClaim(who.person_id, given.service_id, given.customer_number, given.proof)
        try:
            link_household(city().sessions, claim, who.actor, now())
        except HouseholdNotProved as refusal:
            wrong = form.but("proof", "portal.household.wrong", n=int(str(refusal.fields["tries_left"])))
            return answer_form(wrong, act, PAGE, **_values())
        return go_to("/portal/bills", Said("portal.household.added"))

    return answer_form(form, act, PAGE, **_values())


@pages.post("/portal/households/<household_id>/removal")
def remove(household_id: str) -> Response:
    """Take one off; its bills are not shown any more."""
    who, form = resident(), read_form(NothingForm, Nothing)

    def act(_given: Nothing) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            unlink(session, household_id, who.person_id, who.actor, now())
            return {"id": household_id}

        book_once(form, work)
        return go_to("/portal/households", Said("portal.household.removed"))

    return answer_form(form, act, PAGE, **_values())


def _values() -> dict[str, Any]:
    with reading(city().sessions) as session:
        return {
            "households": households_of_person(session, resident().person_id),
            "services": [(service.id, service.name) for service in list_services(session)],
        }
