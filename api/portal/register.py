"""A login by proof of the card (注册), and a new password the same way: the card signs through a confirmed reader agent."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Response

from api.city import city, now, request_id
from api.console.agent_here import agent_here
from api.errors import RequestMalformed
from api.parsing import json_body
from api.portal.blueprint import pages, steps
from api.portal.holdings import open_own_account
from api.web.forms import Filled, Form, Line, Lines, Secret, new_form, read_form
from api.web.page import Said, render_page
from api.web.signing_in.residents import MAX_LOGIN, MAX_PASSWORD, let_in
from api.web.submitting import answer_form
from citizencard.accounts.errors import AccountExists, CardNotLinkable
from citizencard.audit import Actor
from citizencard.cards.states import Deed
from citizencard.cards.views import cards_of_person
from citizencard.db import reading, transaction
from citizencard.residents import flow
from citizencard.residents.errors import ResidentLoginTaken
from citizencard.residents.flow import NewLogin, SignedInResident
from citizencard.residents.proofs import ProvedCard, Purpose
from citizencard.staff.errors import LoginUnfit, PasswordUnfit
from citizencard.workstations.pairing import usable_agent
from citizencard.workstations.relay import begin_proof, read_proof
from hardware.card.files import PublicApplicationData

MAX_ANSWER: Final = 8_000
"""Characters of an agent's signed answer to three commands; twice what it has."""
PAGE: Final = "portal/register.html"

log = logging.getLogger("citizencard.api")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a resident chooses, and what the agent said about the card."""

    login: str
    new: str = field(repr=False)
    again: str = field(repr=False)
    answer: str = field(repr=False)


class RegisterForm(Form):
    """Login, password twice; the script puts the agent's answer in."""

    login = Line(MAX_LOGIN)
    new = Secret(MAX_PASSWORD)
    again = Secret(MAX_PASSWORD)
    answer = Lines(MAX_ANSWER, load_default="")


@pages.get("/portal/register")
def registering() -> Response:
    """Where a resident makes a login, with the card on a reader."""
    return _page(Purpose.REGISTER)


@pages.post("/portal/register")
def registered() -> Response:
    """Make it, if the card has proved itself."""
    return _take(Purpose.REGISTER)


@pages.get("/portal/reset")
def resetting() -> Response:
    """Where a resident who forgot the password makes a new one, with the card on a reader."""
    return _page(Purpose.RESET)


@pages.post("/portal/reset")
def was_reset() -> Response:
    """Make it, if the card has proved itself; sessions on the old password end."""
    return _take(Purpose.RESET)


@steps.post("/portal/proof-steps")
def prove() -> Response:
    """A fresh challenge as a signed step for the agent at this desk."""
    asked = json_body()
    agent_id, purpose = asked.get("agent"), asked.get("purpose")
    if not isinstance(agent_id, str) or purpose not in list(Purpose):
        raise RequestMalformed("an agent and a purpose are needed")
    with reading(city().sessions) as session:
        usable_agent(session, agent_id)
    challenge = flow.begin_proof(city().sessions, None, purpose, now())
    handed = begin_proof(city().sessions, city().hsm, agent_id, (challenge.id, challenge.commands), now())
    return Response(json.dumps(handed.document()), content_type="application/json")


def _page(purpose: Purpose) -> Response:
    return render_page(PAGE, reader=True, form=new_form(), **_values(purpose))


def _values(purpose: Purpose) -> dict[str, Any]:
    return {"purpose": purpose.value, "here": agent_here()}


def _take(purpose: Purpose) -> Response:
    form = read_form(RegisterForm, Wanted)
    if form.value is not None and form.value.new != form.value.again:
        form = form.but("again", "password.differs")
    if form.value is not None and not form.value.answer:
        form = form.but("", "portal.register.no_answer")

    def enter(given: Wanted) -> Response:
        try:
            signed_in = _registered(given)
        except (LoginUnfit, ResidentLoginTaken, PasswordUnfit) as refusal:
            return answer_form(_complaint(form, refusal), enter, PAGE, reader=True, **_values(purpose))
        return let_in(signed_in.token, "/portal", Said(f"portal.welcome.{purpose.value}"))

    return answer_form(form, enter, PAGE, reader=True, **_values(purpose))


def _registered(given: Wanted) -> SignedInResident:
    """Let the proof speak, then see to it that the holder has an account and the card pays from it."""
    proof = read_proof(city().sessions, city().hsm, _document(given.answer), now())
    proved, wanted = ProvedCard(proof.subject_id, proof.responses), NewLogin(given.login.lower(), given.new)
    signed_in = flow.register(city().sessions, city().hsm, city().secrets.passwords, proved, wanted, now())
    serial = PublicApplicationData.decode(proof.responses[1].data).serial
    who = Actor("resident", signed_in.resident_id, signed_in.person_id, flow.ROLE, request_id=request_id())
    try:
        with transaction(city().sessions) as session:
            card = [card for card in cards_of_person(session, signed_in.person_id) if card.serial == serial]
            open_own_account(session, signed_in.person_id, card, Deed(who, now()))
    except (AccountExists, CardNotLinkable):
        # A counter did the same in this moment: the login is made, and the first page offers what is missing.
        log.info("%s account not opened with the login", request_id())
    return signed_in


def _document(answer: str) -> Mapping[str, Any]:
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, Mapping):
        raise RequestMalformed("not what a reader agent says")
    return found


def _complaint(form: Filled[Wanted], refusal: LoginUnfit | ResidentLoginTaken | PasswordUnfit) -> Filled[Wanted]:
    """What cannot be used, at its field; the proof is not used up by it."""
    if isinstance(refusal, PasswordUnfit):
        return form.but("new", "portal.register.password_unfit")
    taken = isinstance(refusal, ResidentLoginTaken)
    return form.but("login", "portal.register.login_taken" if taken else "portal.register.login_unfit")
