"""A day at the counter: the clerk makes a card on a real reader service, loads it, tops an account up, reports a loss."""

from playwright.sync_api import Browser

from citizencard.staff.permissions import Role
from demo.reader import CREDIT_FOR_LOAD
from hardware.emulator import EmulatedCard
from tests.browser.counter import Counter, TornOnce, at_instruction, at_number
from tests.browser.town import Town
from tests.browser.window import Window
from tests.reader.stack import RunningAgent, VirtualReader


def test_card_is_made_loaded_and_lost(
    chromium: Browser, town: Town, agent: RunningAgent, reader: VirtualReader
) -> None:
    """From an empty desk to a card with money on it: pairing, registering, a torn card that goes on, cash, a loss, all by pages."""
    with Window(chromium, town) as window, Window(chromium, town, language="en") as boss:
        window.open("/")
        window.seen("home")
        window.sign_in(town.hire(Role.CLERK))
        counter = Counter(window, town, agent, reader)
        counter.pair(boss)
        person = _registered(window, town)
        chip = town.blank()
        card = _made(counter, person, chip)
        _loaded(counter, card, chip)
        _topped_up(window, card)
        _lost(window, town)


def _registered(window: Window, town: Town) -> str:
    """Search, find nobody, register, link social security; returns the address of the person's page."""
    number = town.newcomer()
    window.open("/console")
    window.seen("start-reader")
    window.fill(sought=number)
    window.send("/console/searches")
    window.seen("register")
    window.fill(name="欧阳子轩", phone="13800138000")
    window.send("/console/people")
    window.seen("person-new")
    person = window.path
    assert number not in window.page.content()
    window.follow(f"{person}/social-security")
    window.seen("social-security")
    window.fill(region_code="330203")
    window.send(f"{person}/social-security")
    return person


def _made(counter: Counter, person: str, chip: EmulatedCard) -> str:
    """Apply for a card and make it; pulled out in the middle, it goes on where it was. Returns the address of the card's page."""
    window = counter.window
    window.follow(f"{person}/cards/new")
    window.seen("apply")
    window.fill(card_class="adult")
    window.send(f"{person}/cards")
    window.seen("issuing")
    issuing = window.path
    counter.start()
    counter.hears("no_reader")
    window.seen("issuing-no-card")
    counter.reader.insert(TornOnce(chip, at_number(25)))
    counter.hears("torn")
    window.seen("issuing-torn")
    counter.reader.remove()
    counter.reader.insert(EmulatedCard(chip.image))
    counter.start()
    counter.stage("secured", "done")
    counter.window.page.wait_for_selector("form[action$='/activation']")
    window.seen("issuing-made")
    card = issuing.removesuffix("/issuing")
    window.send(f"{card}/activation")
    window.seen("issuing-active")
    counter.reader.remove()
    return card


def _loaded(counter: Counter, card: str, chip: EmulatedCard) -> None:
    """¥100 cash onto the card; it is torn while the money is on its way, and says itself that it has it."""
    window = counter.window
    window.open(card)
    window.seen("card-empty")
    window.follow(f"{card}/loads/new")
    window.seen("load-new")
    window.fill(amount_fen="12345678.9")
    window.send(f"{card}/loads", status=422)
    window.seen("load-fault")
    window.fill(amount_fen="100")
    window.send(f"{card}/loads")
    window.seen("load")
    counter.reader.insert(TornOnce(EmulatedCard(chip.image), at_instruction(CREDIT_FOR_LOAD)))
    counter.start()
    counter.hears("torn")
    window.seen("load-torn")
    counter.reader.remove()
    counter.reader.insert(EmulatedCard(chip.image))
    counter.start()
    window.page.wait_for_selector(".said.good:visible")
    window.page.reload()
    window.seen("load-done")
    assert "¥100.00" in window.words()
    counter.reader.remove()


def _topped_up(window: Window, card: str) -> None:
    """The account is opened and takes ¥50."""
    window.open(card)
    window.send(f"{card}/account")
    window.seen("card-account")
    window.page.locator('main a[href*="/top-ups/new"]').first.click()
    window.page.wait_for_load_state()
    window.seen("top-up")
    window.fill(amount_fen="50")
    window.send(window.path.removesuffix("/new"))
    window.seen("top-up-done")
    assert "¥50.00" in window.words()


def _lost(window: Window, town: Town) -> None:
    """Somebody else's card, found by its number."""
    lost, _chip = town.card()
    card = f"/console/cards/{lost.id}"
    window.fill(sought=lost.id)
    window.send("/console/searches")
    assert window.path == card
    window.follow(f"{card}/loss")
    window.seen("loss")
    window.fill(kind="final", reason="忘在 26 路车上")
    window.send(f"{card}/loss-reports")
    window.seen("card-lost")
