"""Residents at the counter."""

from datetime import date, timedelta

from sqlalchemy import func, select

from citizencard.audit import AuditEntry
from citizencard.db import reading
from citizencard.people.models import Person
from citizencard.staff.permissions import Role
from tests.api.console.counter import Counter
from tests.api.web.browser import signed_in
from tests.citizencard.cards.make_cards import citizen_number

NAME = "欧阳晓光"
FORM = "/console/people/new"
ACTION = "/console/people"
BORN = date(1990, 5, 17)


def people(counter: Counter) -> int:
    with reading(counter.world.sessions) as session:
        return session.scalars(select(func.count(Person.id))).one()


def test_clerk_registers_somebody_once_however_often_the_form_is_sent(counter: Counter) -> None:
    """A double click registers one resident, shown masked; a second form for the same number leads to the record that is there."""
    number = citizen_number(BORN)
    counter.clerk.get(FORM)
    fields = {"document_number": number, "name": NAME, "phone": "138 0013 8000"}
    first = counter.clerk.send(ACTION, follow=False, **fields)
    again = counter.clerk.send(ACTION, follow=False, **fields)
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["Location"] == again.headers["Location"]
    assert people(counter) == 1
    counter.clerk.get(first.headers["Location"])
    shown = counter.clerk.words()
    assert "欧***" in shown
    assert f"{number[:4]}**********{number[-4:]}" in shown
    assert NAME not in shown
    assert number not in shown
    counter.clerk.get(FORM)
    counter.clerk.send(ACTION, **fields)
    assert "registered already" in counter.clerk.words()
    assert people(counter) == 1


def test_wrong_number_is_refused_with_the_reason_at_the_field(counter: Counter) -> None:
    """The clerk reads what is wrong with the number and what was typed is still there; nobody is registered."""
    for number, said in (
        ("110101194912310025", "The check digit is wrong"),
        (citizen_number(date(2090, 1, 1)), "birth date in the future"),
        ("1101011949123100", "An ID number has 18 characters"),
    ):
        counter.clerk.get(FORM)
        counter.clerk.send(ACTION, document_number=number, name=NAME, phone="")
        assert counter.clerk.answer.status_code == 422
        assert said.casefold() in counter.clerk.words().casefold(), number
        assert counter.clerk.page.one("input", _id="document_number").attributes["value"] == number
    counter.clerk.get(FORM)
    counter.clerk.send(ACTION, document_number="110101194912310024", name=NAME, phone="12")
    assert "A phone number has 5 to 20 digits" in counter.clerk.words()
    assert people(counter) == 0


def test_person_is_linked_to_social_security(counter: Counter) -> None:
    """The region is all that is asked for; a wrong one is said at the field."""
    counter.clerk.get(FORM)
    number = citizen_number(BORN)
    answer = counter.clerk.send(ACTION, document_number=number, name=NAME, phone="", follow=False)
    path = answer.headers["Location"]
    counter.clerk.get(f"{path}/social-security")
    counter.clerk.send(f"{path}/social-security", region_code="030200")
    assert "A pool region has six digits" in counter.clerk.words()
    counter.clerk.send(f"{path}/social-security", region_code="330200")
    assert "Linked to social security" in counter.clerk.words()
    assert "region 330200" in counter.clerk.words()


def test_number_is_shown_in_full_only_to_a_supervisor_with_a_reason_and_on_record(counter: Counter) -> None:
    """No reason, no number; the audit row with the reason is there before anything is shown, and a clerk is not let in at all."""
    person_id = counter.person()
    path = f"/console/people/{person_id}/revelation"
    assert counter.clerk.get(path).status_code == 403
    counter.supervisor.get(path)
    counter.supervisor.send(path, reason="")
    assert "王小明" not in counter.supervisor.words()
    counter.supervisor.send(path, reason="called 13800138000 back")
    assert counter.supervisor.answer.status_code == 422
    assert "王小明" not in counter.supervisor.words()
    counter.supervisor.send(path, reason="compares the name with the passport")
    assert "王小明" in counter.supervisor.words()
    with reading(counter.world.sessions) as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.act == "person.reveal"))
    assert (entry.subject, entry.reason) == (person_id, "compares the name with the passport")


def test_stale_code_stands_before_the_full_number(counter: Counter) -> None:
    """Six minutes after the last code a supervisor enters a new one first."""
    person_id = counter.person()
    counter.world.clock.advance(timedelta(minutes=6))
    answer = counter.supervisor.get(f"/console/people/{person_id}/revelation", follow=False)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/console/code")


def test_stranger_has_no_page(counter: Counter) -> None:
    """An id that nobody has is a sentence, and finance sees no residents."""
    assert counter.clerk.get("/console/people/per_00000000000000000000").status_code == 404
    assert "Nothing was changed" in counter.clerk.words()
    assert signed_in(counter.world, Role.FINANCE).get(f"/console/people/{counter.person()}").status_code == 403
