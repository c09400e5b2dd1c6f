"""The first page of the console."""

import logging

import pytest
from sqlalchemy import select

from citizencard.audit import AuditEntry
from citizencard.db import reading
from citizencard.people.flow import personal_data
from citizencard.staff.permissions import Role
from hardware.card.files import printed_number
from tests.api.console.counter import Counter
from tests.api.web.browser import Browser, signed_in
from tests.api.world import World

SEARCH = "/console/searches"


def audited(world: World, act: str) -> list[str]:
    with reading(world.sessions) as session:
        return list(session.scalars(select(AuditEntry.subject).where(AuditEntry.act == act).order_by(AuditEntry.id)))


def sought(browser: Browser, what: str) -> str:
    """Where a search leads."""
    browser.get("/console")
    answer = browser.send(SEARCH, sought=what, follow=False)
    return str(answer.headers.get("Location", ""))


def test_person_is_found_by_the_whole_number_and_the_number_stays_out_of_addresses_and_logs(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    """A clerk who asks for somebody is written down; the number itself is nowhere but in the body of the request."""
    caplog.set_level(logging.DEBUG)
    person_id = counter.person()
    number = personal_data(counter.world.sessions, counter.world.vault, person_id).document_number
    assert sought(counter.clerk, f" {number[:6]} {number[6:]} ") == f"/console/people/{person_id}"
    assert audited(counter.world, "person.search") == [person_id]
    assert number not in caplog.text
    counter.clerk.get(f"/console/people/{person_id}")
    assert number not in counter.clerk.answer.get_data(as_text=True)
    assert audited(counter.world, "person.view") == [person_id]


def test_unknown_number_leads_to_registering_with_it_filled_in(counter: Counter) -> None:
    """Nobody types eighteen digits twice; that somebody asked in vain is written down too."""
    counter.clerk.get("/console")
    counter.clerk.send(SEARCH, sought="110101194912310024")
    assert "Nobody with this number is registered yet" in counter.clerk.words()
    field = counter.clerk.page.one("input", _id="document_number")
    assert field.attributes["value"] == "110101194912310024"
    assert audited(counter.world, "person.search") == ["nobody"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("110101194912310025", "The check digit is wrong"),
        ("12", "An ID number has 18 characters"),
        ("3103302000000000010", "There is no card with this number"),
        ("card_00000000000000000000", "There is no card with this number"),
        ("per_00000000000000000000", "This person is not registered"),
        ("", "Please fill this in"),
    ],
)
def test_what_cannot_be_found_is_said_at_the_field(counter: Counter, typed: str, said: str) -> None:
    """One sentence at the field says what is wrong with what was typed, and the page is there again."""
    counter.clerk.get("/console")
    counter.clerk.send(SEARCH, sought=typed)
    assert counter.clerk.answer.status_code == 422
    assert said in counter.clerk.words()


def test_card_is_found_by_its_printed_number_and_both_by_their_ids(counter: Counter) -> None:
    """The card on the counter opens its page, however it is named."""
    person_id = counter.person()
    card_id = counter.apply(person_id)
    number = printed_number(counter.card(card_id).serial)
    assert sought(counter.clerk, number) == f"/console/cards/{card_id}"
    assert sought(counter.clerk, f"{number[:6]} {number[6:]}") == f"/console/cards/{card_id}"
    assert sought(counter.clerk, card_id) == f"/console/cards/{card_id}"
    assert sought(counter.clerk, person_id) == f"/console/people/{person_id}"


def test_start_page_is_each_persons_own(world: World) -> None:
    """A clerk gets the search field with the focus, finance its inbox without a search, nobody a dead end."""
    clerk, finance = signed_in(world, Role.CLERK), signed_in(world, Role.FINANCE)
    clerk.get("/console")
    assert "autofocus" in clerk.page.one("input", _id="sought").attributes
    assert "Waiting for a second person" not in clerk.words()
    finance.get("/console")
    assert finance.page.all("input", _id="sought") == []
    assert "Nothing waits" in finance.words()
    assert "Your role cannot look people up" in finance.words()
    assert "/ key" not in finance.words()
    assert "/docs" in [link.attributes["href"] for link in finance.page.one("main").all("a")]
    assert "127.0.0.1:47112" in clerk.answer.headers["Content-Security-Policy"]
