"""Registering with the card on a reader: a real agent over HTTP with an emulated slot, and every way to do without the card."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from citizencard.accounts.losses import report_loss
from citizencard.accounts.registry import account_of_card, account_of_person
from citizencard.cards.models import Card
from citizencard.cards.states import Deed
from citizencard.db import Sessions, reading, transaction
from citizencard.residents.models import Resident
from citizencard.workstations import pairing
from hardware.emulator import EmulatedCard
from tests.api.web.browser import ADDRESS, Browser
from tests.api.world import World
from tests.citizencard.cards.make_cards import issue_card
from tests.citizencard.workstations.desk import CLERK, Counter, Desk, at_desk

PASSWORD = "quiet rivers 1987"
AGENT_COOKIE = "__Host-citizencard-agent"


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    """A self-service desk whose agent answers the address of the tests."""
    with at_desk(tmp_path / "desk", world.clock(), ADDRESS) as desk:
        yield desk


@pytest.fixture
def agent_id(world: World, desk: Desk) -> str:
    """The desk's agent, confirmed by a supervisor."""
    return paired(world, desk, confirm=True)


@pytest.fixture
def in_hand(world: World, desk: Desk) -> tuple[Card, EmulatedCard]:
    """A resident's active card, on the reader."""
    card, chip = issue_card(world.sessions, world.vault, world.clock())
    chip.reset()
    desk.put_in(chip)
    return card, chip


def paired(world: World, desk: Desk, *, confirm: bool) -> str:
    counter = _Counter(world.sessions, world.vault, desk)
    return counter.confirm() if confirm else counter.pair()


class _Counter(Counter):
    """The counter that pairs the agent with the address of the tests' server."""

    def pair(self) -> str:

        offered = pairing.offer(self.hsm, ADDRESS + "/")
        said, code = self.desk.say(offered.document())
        new = pairing.NewAgent(pairing.read_said(offered, said, code), "self service 1", None)
        with transaction(self.sessions) as session:
            return pairing.pair(session, offered, new, CLERK, self.now).id


def at(world: World, agent_id: str, language: str = "en") -> Browser:
    """A browser at the desk."""
    browser = Browser(world, language)
    browser.client.set_cookie(AGENT_COOKIE, agent_id, domain="127.0.0.1", secure=True)
    return browser


def ask(browser: Browser, body: object) -> TestResponse:
    """What the page's script asks for."""
    token = str(browser.page.one(id="proof").attributes["data-csrf"])
    headers = {"X-CSRF-Token": token, "Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}
    return browser.client.post("/portal/proof-steps", base_url=ADDRESS, json=body, headers=headers)


def prove(browser: Browser, desk: Desk, path: str = "/portal/register") -> str:
    """Open the page and let its script carry the challenge to the card: what stands in the hidden field then."""
    browser.get(path)
    answer = ask(browser, json.loads(str(browser.page.one(id="proof").attributes["data-body"])))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return json.dumps(desk.carry(answer.get_json()["signed"]))


def fill(browser: Browser, said: str, path: str = "/portal/register", **other: str) -> TestResponse:
    return browser.send(path, **{"login": "wang.xm", "new": PASSWORD, "again": PASSWORD, "answer": said, **other})


def logins(sessions: Sessions) -> list[str]:
    with reading(sessions) as session:
        return [row.login for row in session.query(Resident).order_by(Resident.login)]


def test_resident_registers_with_the_card(
    world: World, desk: Desk, agent_id: str, in_hand: tuple[Card, EmulatedCard]
) -> None:
    """With the card on the reader somebody gets a login and an on-line account, and the card pays from it."""
    card, _ = in_hand
    browser = at(world, agent_id)
    fill(browser, prove(browser, desk))
    assert "You are registered" in browser.words()
    assert browser.page.one(id="account-balance").words() == "¥0.00"
    with reading(world.sessions) as session:
        account = account_of_person(session, card.person_id)
        linked = account_of_card(session, card.id)
        assert account is not None
        assert linked is not None
        assert account.id == linked.id
    again = Browser(world)
    again.get("/portal/sign-in")
    assert again.send("/portal/sign-in", login="wang.xm", password=PASSWORD, follow=False).status_code == 303


def test_page_says_that_it_needs_a_reader(world: World, desk: Desk) -> None:
    """At home there is no reader: the page says where to go, and has no form that could not work."""
    for agent in ("", paired(world, desk, confirm=False), "agt_none"):
        browser = at(world, agent)
        browser.get("/portal/register")
        assert "service point" in browser.words()
        assert not browser.page.all("form", id="proof")


def test_login_that_is_taken_is_chosen_anew(
    world: World, desk: Desk, agent_id: str, in_hand: tuple[Card, EmulatedCard]
) -> None:
    """What is wrong stands at its field, nothing is lost, and the page may go on speaking with the reader."""
    browser = at(world, agent_id)
    answer = prove(browser, desk)
    for wrong, said in (
        ({"login": "9x"}, "cannot be used"),
        ({"new": "short", "again": "short"}, "12 to 128"),
        ({"again": "something else entirely"}, "differ"),
        ({"answer": ""}, "No card was read"),
    ):
        assert fill(browser, answer, **wrong).status_code == 422
        assert said in browser.words()
        assert "127.0.0.1:47112" in browser.answer.headers["Content-Security-Policy"]
        assert PASSWORD not in browser.answer.get_data(as_text=True)
    fill(browser, answer)
    assert "You are registered" in browser.words()
    other_card, other_chip = issue_card(world.sessions, world.vault, world.clock())
    other_chip.reset()
    desk.put_in(other_chip, "other.json")
    second = at(world, agent_id)
    fill(second, prove(second, desk))
    assert "Somebody has this login" in second.words()
    assert logins(world.sessions) == ["wang.xm"]
    assert other_card.person_id != in_hand[0].person_id


@pytest.mark.usefixtures("in_hand")
def test_proof_counts_once(world: World, desk: Desk, agent_id: str) -> None:
    """An answer that somebody has recorded opens nothing later, not even to set another password."""
    browser = at(world, agent_id)
    answer = prove(browser, desk)
    fill(browser, answer)
    thief = at(world, agent_id)
    thief.get("/portal/reset")
    assert fill(thief, answer, "/portal/reset", new="another password 1", again="another password 1").status_code == 403
    honest = Browser(world)
    honest.get("/portal/sign-in")
    assert honest.send("/portal/sign-in", login="wang.xm", password=PASSWORD, follow=False).status_code == 303


@pytest.mark.usefixtures("in_hand")
def test_forgotten_password_is_set_with_the_card(world: World, desk: Desk, agent_id: str) -> None:
    """The same proof gives a new password, and whoever still sat in a session on the old one is out at once."""
    browser = at(world, agent_id)
    fill(browser, prove(browser, desk))
    world.clock.advance(timedelta(minutes=1))
    desk.now = world.clock()
    second = at(world, agent_id)
    new = "an entirely new one"
    fill(second, prove(second, desk, "/portal/reset"), "/portal/reset", new=new, again=new)
    assert "The password is new" in second.words()
    assert browser.get("/portal", follow=False).headers["Location"].startswith("/portal/sign-in")
    assert logins(world.sessions) == ["wang.xm"]


@pytest.mark.usefixtures("in_hand")
@pytest.mark.parametrize("spoil", ["signature", "responses", "agent", "nonsense", "bare"])
def test_without_a_real_proof_there_is_no_login(world: World, desk: Desk, agent_id: str, spoil: str) -> None:
    """Only what a confirmed agent has signed counts: not bare answers of a card, not somebody else's agent, not a changed word."""
    browser = at(world, agent_id)
    answer: dict[str, Any] = json.loads(prove(browser, desk))
    spoilt: Callable[[], str] = {
        "signature": lambda: json.dumps({**answer, "signature": "00" * 64}),
        "responses": lambda: json.dumps({**answer, "responses": [*answer["responses"][:-1], "00" * 8 + "9000"]}),
        "agent": lambda: json.dumps({**answer, "agent": "agt_" + "A" * 32}),
        "nonsense": lambda: "[" * 2_000,
        "bare": lambda: json.dumps({"subject": "chl_x", "responses": answer["responses"]}),
    }[spoil]
    assert 400 <= fill(browser, spoilt()).status_code < 500
    assert logins(world.sessions) == []


def test_another_chip_does_not_prove(world: World, desk: Desk, agent_id: str) -> None:
    """A card that is lost, and no card at all, make no login."""
    card, chip = issue_card(world.sessions, world.vault, world.clock())
    with transaction(world.sessions) as session:
        report_loss(session, card.id, Deed(CLERK, world.clock()), temporary=True)
    chip.reset()
    desk.put_in(chip)
    browser = at(world, agent_id)
    assert fill(browser, prove(browser, desk)).status_code == 409
    assert logins(world.sessions) == []


def test_proof_steps_are_for_confirmed_agents(world: World, agent_id: str) -> None:
    """Nobody gets a challenge for an agent that is not ours, and what is no question is refused."""
    browser = at(world, agent_id)
    browser.get("/portal/register")
    for body, status in (
        ({"agent": "agt_none", "purpose": "register"}, 404),
        ({"agent": agent_id, "purpose": "marry"}, 400),
        ({"agent": agent_id}, 400),
        ({"agent": agent_id, "purpose": ["register"]}, 400),
        ({"agent": "\ud800", "purpose": "register"}, 400),
        ([], 400),
    ):
        assert ask(browser, body).status_code == status, body
    unpaired = browser.client.post("/portal/proof-steps", base_url=ADDRESS, json={"agent": agent_id})
    assert unpaired.status_code == 403
