"""Every page of the portal in both languages and with few, many and large things on it."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from api.pages.formats import yuan
from api.routes import ACCESS, Door
from citizencard.accounts.top_ups import CashPaid, top_up
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.staff.outlets import open_tills
from tests.api.portal.household import Home, at_home
from tests.api.portal.test_payments import begin_bill, begin_top_up
from tests.api.world import Clock
from tests.citizencard.billing.make_bills import file_of, price_fen, row

CHINESE = re.compile(r"[\u4e00-\u9fff]")
NAMES = ("居民生活用水", "示范市自来水公司", "中文")
"""Words that stay Chinese on an English page: names of services and companies, and the other language's own name."""


@pytest.fixture
def home(sessions: Sessions, api_vault: SoftwareVault, now: datetime, tmp_path: Path) -> Iterator[Home]:
    """A household with a water bill to come, ¥200 in the account."""
    with at_home(sessions, api_vault, Clock(now), tmp_path) as home:
        yield home


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_are_whole_in_both_languages(home: Home, language: str) -> None:
    """No page fails for want of a word, none mixes the languages, and each names itself."""
    paid, still_open = home.linked_bill("W1"), home.linked_bill("W2", period_from="2026-11-01", period_to="2026-11-30")
    browser = home.resident(language)
    begin_top_up(browser, "30")
    payment = begin_bill(browser, paid)
    browser.send(f"{payment}/confirmation")
    pages = [
        rule
        for (method, rule), access in ACCESS.items()
        if method == "GET" and rule.startswith("/portal") and access.door in (Door.PORTAL, Door.PAGE)
    ]
    for rule in pages:
        if "<card_id>" in rule:
            continue
        path = rule.replace("<bill_id>", still_open).replace("<payment_id>", payment.rpartition("/")[2])
        assert browser.get(path).status_code == 200, path
        words = browser.words()
        for name in NAMES:
            words = words.replace(name, "")
        assert bool(CHINESE.search(words)) == (language == "zh"), (path, CHINESE.findall(words))
        (heading,) = browser.page.all("h1")
        assert heading.words()
        names = [str(entry.attributes["id"]) for entry in browser.page.walk() if entry.attributes.get("id")]
        assert len(names) == len(set(names)), path


def test_many_bills_and_large_amounts(home: Home) -> None:
    """A hundred bills and an amount of nine digits stand on the pages in full."""
    home.linked_bill()
    rows = [row(f"M{number}", period_to="2026-10-30") for number in range(98)]
    home.works.take(file_of(*rows, row("L1", quantity=270_000, period_to="2026-10-29")))
    browser = home.resident()
    browser.get("/portal/bills")
    assert len(browser.page.all("tr")) == 101
    assert yuan(price_fen(270_000)) in browser.words()
    assert "The latest 100 bills are shown" in browser.words()
    browser.get("/portal")
    assert len(browser.page.one(id="section-pay").all("tr")) == 6


def test_without_a_provider_the_pages_say_so(home: Home) -> None:
    """Where nothing can be paid on-line, residents read that in a sentence and can still pay from the account."""
    bill_id = home.linked_bill()
    browser = home.resident()
    city = home.world.app.extensions["citizencard"]
    home.world.app.extensions["citizencard"] = type(city)(
        **{name: getattr(city, name) for name in city.__dataclass_fields__ if name != "gateway"}
    )
    browser.get(f"/portal/bills/{bill_id}")
    assert "not set up here" in browser.page.one(id="online-unavailable").words()
    assert browser.page.one(id="from-account")
    browser.get("/portal/top-ups")
    assert "not set up here" in browser.words()
    token = browser.token("/portal/households")
    fields = {"csrf": token, "once": "x" * 20, "way": "pm_card_visa", "amount_fen": "30"}
    assert browser.post("/portal/top-ups", fields).status_code == 503


def test_statement_is_paged(home: Home) -> None:
    """What came in and went out, in order, with words; a page leads to the next and back to the first."""
    with reading(home.world.sessions) as session:
        till_id = open_tills(session, None)[0].id
    for _ in range(25):
        with transaction(home.world.sessions) as session:
            top_up(session, CashPaid(home.works.account_id, 100, till_id), home.works.deed())
    browser = home.resident()
    browser.get("/portal/account")
    assert len(browser.page.all("tr")) == 21
    assert "Cash paid in" in browser.words()
    (onward,) = browser.page.all("a", rel="next")
    browser.get(str(onward.attributes["href"]))
    assert len(browser.page.all("tr")) == 7
    assert browser.page.all("a", rel="next") == []
    assert browser.get("/portal/account?after=x").status_code == 422


def test_household_is_added_with_the_latest_bill(home: Home) -> None:
    """Number and amount of the latest bill add a household; wrong tries are counted, and it can be taken off again."""
    home.works.bill()
    browser = home.resident()
    browser.get("/portal/households")
    given = {"service_id": home.works.service_id, "customer_number": "10023344"}
    assert browser.send("/portal/households", proof="49.51", **given).status_code == 422
    assert "4 tries are left" in browser.words()
    browser.send("/portal/households", proof="49.50", **given)
    assert "¥49.50" in browser.words()
    assert "10023344" not in browser.words()
    browser.get("/portal/households")
    (removal,) = [
        str(form.attributes["action"]) for form in browser.page.all("form") if "removal" in str(form.attributes)
    ]
    stranger = home.neighbour()
    token = stranger.token("/portal/households")
    assert stranger.post(removal, {"csrf": token, "once": "x" * 20}).status_code == 404
    browser.send(removal)
    browser.get("/portal/bills")
    assert "No household yet" in browser.words()
