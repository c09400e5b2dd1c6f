"""A service counter for tests: browsers of clerk and supervisor, a till, and a desk with a real reader agent and an emulated slot."""

import json
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from citizencard.accounts.registry import account_of_person
from citizencard.cards.models import Card
from citizencard.cards.views import find_card
from citizencard.db import reading, transaction
from citizencard.purse.loads.loads import find_load
from citizencard.purse.loads.models import Load
from citizencard.staff.outlets import open_outlet, open_till
from citizencard.staff.permissions import Role
from citizencard.workstations.messages import fingerprint
from hardware.emulator import EmulatedCard
from tests.api.web.browser import ADDRESS, Browser, Login, make_login, sign_in
from tests.api.world import World
from tests.citizencard.cards.make_cards import blank, resident
from tests.citizencard.staff.make_staff import BOOTSTRAP
from tests.citizencard.workstations.desk import MAX_STEPS, Desk

AGENTS = "/console/reader-agents"


@dataclass
class Counter:
    """One window of one outlet."""

    world: World
    language: str = "en"
    tokens: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with transaction(self.world.sessions) as session:
            outlet = open_outlet(session, "West Station", BOOTSTRAP, self.world.clock())
            self.till_id = open_till(session, outlet.id, "1", BOOTSTRAP, self.world.clock()).id
        self.outlet_id = outlet.id
        self.clerk = self.window(make_login(self.world, Role.CLERK, outlet_id=outlet.id))
        self.supervisor = self.window(make_login(self.world, Role.SUPERVISOR, outlet_id=outlet.id))

    def window(self, login: Login) -> Browser:
        """A browser in which this colleague has signed in."""
        browser = sign_in(self.world, login)
        browser.language = self.language
        return browser

    def person(self) -> str:
        """Somebody who is registered and linked to social security."""
        return resident(self.world.sessions, self.world.vault, self.world.clock()).id

    def card(self, card_id: str) -> Card:
        with reading(self.world.sessions) as session:
            found = find_card(session, card_id)
            session.expunge_all()
        return found

    def load(self, load_id: str) -> Load:
        with reading(self.world.sessions) as session:
            found = find_load(session, load_id)
            session.expunge_all()
        return found

    def account_id(self, person_id: str) -> str:
        with reading(self.world.sessions) as session:
            account = account_of_person(session, person_id)
        assert account is not None
        return account.id

    def apply(self, person_id: str) -> str:
        """Apply for a card by the pages."""
        self.clerk.get(f"/console/people/{person_id}/cards/new")
        answer = self.clerk.send(f"/console/people/{person_id}/cards", card_class="adult", follow=False)
        assert answer.status_code == 303, self.clerk.words()
        return str(answer.headers["Location"]).split("/")[3]

    def pair(self, desk: Desk) -> str:
        """Pair the desk's agent by the pages, and have the supervisor confirm it."""
        self.clerk.get(AGENTS)
        offer = json.loads(str(self.clerk.form(AGENTS).attributes["data-pairing"]))
        said, code = desk.say(offer)
        answer = self.clerk.send(AGENTS, code=code, name="window 3", said=json.dumps(said))
        assert "Paired" in self.clerk.words(), answer.status_code
        agent = desk.folder.agent
        self.supervisor.get(f"{AGENTS}/{agent}")
        self.supervisor.send(f"{AGENTS}/{agent}/confirmations", fingerprint=fingerprint(desk.folder.public_key))
        assert "Confirmed" in self.supervisor.words()
        return agent

    def blank(self) -> EmulatedCard:
        """A blank chip out of the stock."""
        return blank(self.world.sessions, self.world.vault, self.world.clock())

    def ask(self, path: str, body: object, browser: Browser | None = None) -> TestResponse:
        """What the page's script sends."""
        window = browser or self.clerk
        token = self.tokens.get(id(window)) or self.tokens.setdefault(id(window), window.token(AGENTS))
        headers = {"X-CSRF-Token": token, "Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}
        return window.client.post(path, base_url=ADDRESS, json=body, headers=headers)

    def run(self, desk: Desk, kind: str, subject: str) -> dict[str, Any]:
        """What the page's script does, to the end; `achieved` are the steps that ticked."""
        handed = self._taken(self.ask("/console/reader-steps", self.wish(desk, kind, subject)))
        achieved: list[str] = []
        for _ in range(MAX_STEPS):
            if handed["done"]:
                return {**handed, "achieved": achieved}
            answer = desk.carry(handed["signed"])
            handed = self._taken(
                self.ask("/console/reader-answers", {"answer": answer, "token": handed["token"] or ""})
            )
            achieved += [stage for stage in handed["stages"] if stage not in achieved]
        raise AssertionError("the job does not end")

    def wish(self, desk: Desk, kind: str, subject: str) -> dict[str, str]:
        """What a page asks for."""
        return {"agent": desk.folder.agent, "kind": kind, "subject": subject}

    def made(self, desk: Desk, person_id: str) -> str:
        """A card that was made on the reader and activated, all by pages."""
        card_id = self.apply(person_id)
        desk.put_in(self.blank(), f"{card_id}.json")
        assert self.run(desk, "personalise", card_id)["outcome"] == "personalised"
        self.clerk.get(f"/console/cards/{card_id}/issuing")
        self.clerk.send(f"/console/cards/{card_id}/activation")
        assert "Activated" in self.clerk.words()
        return card_id

    @staticmethod
    def _taken(answer: TestResponse) -> dict[str, Any]:
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: dict[str, Any] = answer.get_json()
        return found
