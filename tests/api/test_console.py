"""Every page of the console that opens by itself, in both languages; and what its small parts promise."""

import pytest

from api.console.blueprint import KNOWN_ACTS, LOAD_TONES, TONES
from api.console.chapter import CHAPTERS
from api.pages.texts import TEXTS
from api.routes import ACCESS, Door
from citizencard.cards.models import CardState
from citizencard.db import transaction
from citizencard.purse.loads.models import LoadState
from citizencard.staff.outlets import open_outlet, open_till
from tests.api.console.counter import AGENTS, Counter
from tests.api.world import World
from tests.citizencard.staff.make_staff import BOOTSTRAP

HAN = range(0x4E00, 0xA000)
IGNORED = ("王**", "Chen Jing", "中文", "English")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_speaks_both_languages(world: World, language: str) -> None:
    """No page fails for want of a word, and none mixes the languages."""
    counter = Counter(world)
    person_id = counter.person()
    card_id = counter.apply(person_id)
    pages = [
        "/console",
        "/console/people/new",
        f"/console/people/{person_id}",
        f"/console/people/{person_id}/social-security",
        f"/console/people/{person_id}/revelation",
        f"/console/people/{person_id}/cards/new",
        f"/console/cards/{card_id}",
        f"/console/cards/{card_id}/issuing",
        f"/console/cards/{card_id}/loss",
        f"/console/cards/{card_id}/loads/new",
        f"/console/cards/{card_id}/unloads/new",
        "/console/approvals",
        AGENTS,
    ]
    for path in pages:
        answer = counter.supervisor.get(f"{path}?lang={language}")
        assert answer.status_code == 200, path
        words = counter.supervisor.page.one("main").words()
        for name in IGNORED:
            words = words.replace(name, "")
        chinese = any(ord(character) in HAN for character in words)
        assert chinese == (language == "zh"), (path, words)
        assert answer.headers["Cache-Control"] == "no-store"


def test_every_state_has_a_word_and_every_coloured_one_exists() -> None:
    """A new state of cards or loads needs its words before the counter meets it."""
    assert {f"card.state.{state}" for state in CardState} <= TEXTS.keys()
    assert {f"load.state.{state}" for state in LoadState} <= TEXTS.keys()
    assert set(TONES) <= set(CardState)
    assert set(LOAD_TONES) <= set(LoadState)
    assert {f"approval.act.{act}" for act in KNOWN_ACTS} <= TEXTS.keys()


def test_all_pages_of_the_console_are_behind_its_door() -> None:
    """Whatever begins with /console asks for a clerk's session, except where one is opened."""
    doors = {
        access.door for (_, rule), access in ACCESS.items() if rule.startswith("/console") and "sign-in" not in rule
    }
    assert doors == {Door.CONSOLE}
    assert [chapter.name for chapter in CHAPTERS] == ["console", "console_steps"]


def test_clerk_chooses_among_the_tills_of_the_own_outlet(world: World) -> None:
    """With one till nothing is asked; with two the clerk chooses; those of the next outlet are not offered."""
    counter = Counter(world)
    person_id = counter.person()
    path = f"/console/cards/{counter.apply(person_id)}/loads/new"
    counter.clerk.get(path)
    assert counter.clerk.page.all("select", _id="till_id") == []
    assert counter.clerk.page.one("input", _name="till_id").attributes["value"] == counter.till_id
    with transaction(world.sessions) as session:
        open_till(session, counter.outlet_id, "2", BOOTSTRAP, world.clock())
        open_till(
            session, open_outlet(session, "Town Hall", BOOTSTRAP, world.clock()).id, "9", BOOTSTRAP, world.clock()
        )
    counter.clerk.get(path)
    assert [option.words() for option in counter.clerk.page.one("select", _id="till_id").all("option")] == ["1", "2"]


def test_resident_without_anything_has_designed_empty_places(world: World) -> None:
    """A newcomer's page says what is not there yet and how it comes about, instead of showing blanks."""
    counter = Counter(world)
    counter.clerk.get(f"/console/people/{counter.person()}")
    for said in ("No card yet", "No on-line account", "No household", "No payments"):
        assert said in counter.clerk.words()


def test_browser_that_names_a_reader_that_nobody_knows_has_none(world: World) -> None:
    """The name of the reader in the browser is a convenience: made up, it opens nothing."""
    counter = Counter(world)
    for name in ("agt_0123", f"agt_{'0' * 32}"):
        counter.clerk.client.set_cookie("__Host-citizencard-agent", name, domain="127.0.0.1", secure=True)
        counter.clerk.get("/console")
        assert "Pair one, or choose one" in counter.clerk.words()
