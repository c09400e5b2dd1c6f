"""Merchants at the desk."""

from datetime import timedelta

from citizencard.staff.permissions import Role
from tests.api.registry import approve, bind, equip
from tests.api.web.browser import Browser, signed_in
from tests.api.world import World, ok

LIST = "/console/merchants"


def registered(world: World) -> tuple[Browser, str]:
    """Finance at the desk, and the page of a bus company that it has registered."""
    browser = signed_in(world, Role.FINANCE)
    browser.get(f"{LIST}/new")
    browser.send(LIST, name="City Bus", kind="bus")
    assert "The merchant is registered" in browser.words()
    found = ok(world.as_(Role.FINANCE).get("/v1/merchants"))["data"]
    return browser, f"{LIST}/{found[0]['id']}"


def fill(browser: Browser, form: str, action: str, **fields: str) -> str:
    """Open a form, send it, and read the page that it leads to."""
    browser.get(form)
    browser.send(action, **fields)
    return str(browser.words())


def test_desk_registers_lines_and_outlets_and_lists_devices(world: World) -> None:
    """Everything about a merchant on one page, three clicks from the start."""
    browser, page = registered(world)
    words = fill(browser, f"{page}/lines/new", f"{page}/lines", number="26", name="26 路", base_fare_fen="2.00")
    assert "The line is registered" in words
    words = fill(browser, f"{page}/outlets/new", f"{page}/outlets", name="Depot", address="1 Depot Road")
    assert "Depot" in words
    bind(world, equip(world, "bus 26-03"), page.rpartition("/")[2])
    browser.get(page)
    for told in ("26 路", "¥2.00", "1 Depot Road", "bus 26-03", "No contact"):
        assert told in browser.words()
    outlet = ok(world.as_(Role.FINANCE).get("/v1/merchant-outlets"))["data"][0]["id"]
    browser.send(f"/console/merchant-outlets/{outlet}/closings")
    assert "The outlet is closed" in browser.words()
    for form, action, fields in (
        ("lines/new", "lines", {"number": "70000", "name": "x", "base_fare_fen": "2"}),
        ("outlets/new", "outlets", {"name": "x"}),
        ("contacts/new", "contacts", {"name": "x", "phone": "call me"}),
        ("bank-accounts/new", "bank-accounts", {"holder": "x", "bank": "x", "number": "12", "reason": "x"}),
    ):
        fill(browser, f"{page}/{form}", f"{page}/{action}", **fields)
        assert browser.answer.status_code == 422, form


def test_bank_account_is_proposed_told_and_stopped_in_time(world: World) -> None:
    """The page says that it waits, that nobody was told yet, and who took it back and why; the number only to who says why."""
    browser, page = registered(world)
    account = {"holder": "City Bus Ltd", "bank": "Demo Bank", "number": "6200 0000 0000 0001", "reason": "new bank"}
    assert (
        "nothing was changed" in fill(browser, f"{page}/bank-accounts/new", f"{page}/bank-accounts", **account).lower()
    )
    words = fill(browser, f"{page}/contacts/new", f"{page}/contacts", name="王示例", phone="13000001111")
    assert "王*" in words
    assert "13000001111" not in words
    words = fill(browser, f"{page}/bank-accounts/new", f"{page}/bank-accounts", **account)
    assert "····0001" in words
    assert "6200" not in words
    merchant = page.rpartition("/")[2]
    proposed = ok(world.as_(Role.FINANCE).get(f"/v1/merchants/{merchant}/bank-accounts"))["data"][0]
    approve(world, proposed["approval_id"])
    browser.get(LIST)
    assert "The bank account will change" in browser.words()
    browser.get(page)
    assert "Nobody was told" in browser.words()
    notice = ok(world.as_(Role.FINANCE).get("/v1/merchant-notices"))["data"][0]["id"]
    browser.send(f"/console/merchant-notices/{notice}/tellings", way="phone")
    assert "By phone" in browser.words()
    clear = f"/console/bank-accounts/{proposed['id']}/revelation"
    assert "6200000000000001" in fill(browser, clear, clear, reason="to compare with the letter")
    contact = ok(world.as_(Role.FINANCE).get(f"/v1/merchants/{merchant}"))["contact"]["id"]
    clear = f"/console/merchant-contacts/{contact}/revelation"
    assert "13000001111" in fill(browser, clear, clear, reason="to call them")
    back = f"/console/bank-accounts/{proposed['id']}/withdrawal"
    words = fill(browser, back, back, reason="they did not ask for it")
    assert "Taken back" in words
    assert "they did not ask for it" in words
    fill(browser, back, back, reason="again")
    assert browser.answer.status_code == 409


def test_who_only_reads_changes_nothing(world: World) -> None:
    """An auditor sees merchants and no way to change them; a clerk sees none of it; a number is shown after a fresh code only."""
    browser, page = registered(world)
    auditor = signed_in(world, Role.AUDITOR)
    auditor.get(page)
    assert "City Bus" in auditor.words()
    assert "Change the bank account" not in auditor.words()
    assert signed_in(world, Role.CLERK).get(LIST).status_code == 403
    world.clock.advance(timedelta(minutes=6))
    browser.get("/console/bank-accounts/mba_none/revelation", follow=False)
    assert browser.answer.status_code == 303
    assert "/console/code" in browser.answer.headers["Location"]
