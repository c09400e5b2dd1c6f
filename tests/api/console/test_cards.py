"""Cards at the counter: applied for, made through a real reader agent, activated."""

from tests.api.console.counter import Counter
from tests.citizencard.workstations.desk import Desk


def test_clerk_makes_a_card_step_by_step(counter: Counter, desk: Desk) -> None:
    """From the application to the activated card by pages alone; every visible step ticks, in order."""
    person_id = counter.person()
    counter.pair(desk)
    card_id = counter.apply(person_id)
    page = f"/console/cards/{card_id}/issuing"
    counter.clerk.get(page)
    assert [
        step.attributes["data-step"] for step in counter.clerk.page.all("li") if "data-step" in step.attributes
    ] == [
        "connected",
        "secured",
        "written",
        "proved",
    ]
    assert counter.clerk.page.one("button", _id="start").words() == "Make the card"
    desk.put_in(counter.blank())
    end = counter.run(desk, "personalise", card_id)
    assert (end["outcome"], end["achieved"]) == ("personalised", ["connected", "secured", "written", "proved"])
    counter.clerk.get(page)
    assert "Check the holder" in counter.clerk.words()
    counter.clerk.send(f"/console/cards/{card_id}/activation")
    assert "Activated; hand it to its holder" in counter.clerk.words()
    assert counter.card(card_id).state == "active"


def test_application_sent_twice_makes_one_card(counter: Counter) -> None:
    """A double click does not use up a second card number."""
    person_id = counter.person()
    form = f"/console/people/{person_id}/cards"
    counter.clerk.get(f"{form}/new")
    first, again = (counter.clerk.send(form, card_class="adult", follow=False) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    counter.clerk.get(f"/console/people/{person_id}")
    assert len(counter.clerk.page.all("tbody")[0].all("tr")) == 1


def test_class_that_is_not_for_this_age_is_said_at_the_field(counter: Counter) -> None:
    """Nobody of thirty-six gets a senior card; the page says for whom it is."""
    form = f"/console/people/{counter.person()}/cards"
    counter.clerk.get(f"{form}/new")
    counter.clerk.send(form, card_class="senior70")
    assert counter.clerk.answer.status_code == 422
    assert "This class is for ages 70 to 150" in counter.clerk.words()


def test_page_without_a_reader_says_what_to_do(counter: Counter) -> None:
    """A workstation that has no agent shows no button that could not work, but the way to one."""
    card_id = counter.apply(counter.person())
    counter.clerk.get(f"/console/cards/{card_id}/issuing")
    assert "This workstation has no reader that can be used" in counter.clerk.words()
    assert counter.clerk.page.all("button", _id="start") == []


def test_card_that_is_not_made_cannot_be_activated(counter: Counter) -> None:
    """What a state forbids is a sentence, and nothing changes."""
    card_id = counter.apply(counter.person())
    counter.clerk.post(
        f"/console/cards/{card_id}/activation",
        {"csrf": counter.clerk.token("/console/reader-agents"), "once": "activation-before-making"},
    )
    assert counter.clerk.answer.status_code == 409
    assert "Nothing was changed" in counter.clerk.words()
    assert counter.card(card_id).state == "applied"
