"""What somebody sees who opens the city's address for the first time."""

import itertools
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session

from api import create_app
from api.pages.language import Language
from citizencard.config import Settings
from citizencard.db import Sessions, make_engine, make_sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_records
from citizencard.purse.uploads.models import TapRecord
from citizencard.settlement.flow import prove_books
from citizencard.settlement.models import BookProof
from tests.api.pages.conftest import Visit
from tests.api.pages.page import Element, parse
from tests.citizencard.purse.uploads.make_records import City, json_of, tap
from tests.citizencard.staff.make_staff import CHEAP


def see(client: FlaskClient, path: str = "/?lang=en") -> Element:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return parse(answer.get_data(as_text=True))


def figure(page: Element, name: str) -> str:
    return page.one("div", data_part=name).all("dd")[0].words()


def test_living_city_is_seen_at_once(ridden: City, visit: Visit, sessions: Sessions, now: datetime) -> None:
    """Ten seconds are enough: cards, taps, money, what waits for a person, and that the books are proved."""
    assert ridden.merchant_id
    prove_books(sessions, now - timedelta(seconds=29))
    page = see(visit())
    assert [figure(page, name) for name in ("cards", "today", "waiting")] == ["3", "5", "1"]
    assert figure(page, "held") == "¥0.00"
    proof = page.one(data_part="proof")
    assert proof.attributes["class"] == "proof clean"
    assert "Books proved at 08:29:31" in proof.words()
    assert proof.words().endswith("Proved")


def test_taps_are_plain_sentences(ridden: City, visit: Visit) -> None:
    """Each of the last taps says where, which card, how much and why: concession, transfer, free ride, doubt."""
    assert ridden.merchant_id
    lines = {row.words() for row in see(visit()).one("section", data_part="taps").all("li")}
    assert lines == {
        "08:10:00 20 min ago Bus 1 · adult card ····0012 2.00 × 0.9 = 1.80, the transport bureau pays ¥0.20 ¥1.80",
        (
            "08:29:00 1 min ago Bus 2 · adult card ····0012 2.00 × 0.9 − 1.00 = 0.80 (transfer from bus 1),"
            " the transport bureau pays ¥1.20 ¥0.80"
        ),
        "08:26:00 4 min ago Bus 1 · senior card ····0020 free ride, the transport bureau pays ¥2.00 ¥0.00",
        (
            "08:25:40 4 min ago Bus 1 · adult card ····0012 2.00 × 0.9 = 1.80, the transport bureau pays ¥0.20,"
            " but ¥0.50 was charged: noted for a person ¥0.50"
        ),
        (
            "08:28:00 2 min ago Bus 1 · card ····0038 Suspicious: the card had been reported lost or stopped;"
            " set aside until a person decides ¥1.80 Suspicious"
        ),
    }


def test_sentences_are_chinese_by_default(ridden: City, visit: Visit) -> None:
    """A browser that asks for nothing in particular gets Chinese."""
    assert ridden.merchant_id
    words = see(visit(), "/").one("section", data_part="taps").words()
    assert "1 路 · 普通卡 ····0012 2.00 × 0.9 = 1.80，交通局支付 ¥0.20" in words
    assert "可疑：该卡已挂失或停用，款项暂挂待查" in words


def test_chart_says_its_finding(ridden: City, visit: Visit) -> None:
    """The line is described in words and by a table, not by its shape alone."""
    assert ridden.merchant_id
    chart = see(visit()).one("figure")
    assert "Busiest minute 08:10 with one tap" in chart.words()
    drawing = chart.one("svg")
    assert chart.one(id=drawing.attributes["aria-labelledby"] or "").words().startswith("Busiest minute")
    assert len((chart.one("polyline").attributes["points"] or "").split()) == 60
    rows = [row.words() for row in chart.one("tbody").all("tr")]
    assert rows == ["08:29 1", "08:28 1", "08:26 1", "08:25 1", "08:10 1"]


def test_failed_proof_is_an_alarm(city: City, visit: Visit, sessions: Sessions, now: datetime) -> None:
    """Books that differ are said in words and as danger, with what to do next."""
    assert city.merchant_id
    with transaction(sessions) as session:
        session.add(BookProof(proved_at=now - timedelta(days=1), transfers=4, accounts=3, differences=2))
    proof = see(visit()).one(data_part="proof")
    assert proof.attributes["class"] == "proof differs"
    assert "Books differ in 2 places, found at 2026-11-20 08:30" in proof.words()
    assert "citizencard ledger prove" in proof.words()
    assert "Books proved" not in proof.words()


def test_quiet_city_is_not_a_broken_page(city: City, visit: Visit) -> None:
    """Before the first tap every panel says that nothing has happened yet, and what will make it happen."""
    assert city.merchant_id
    page = see(visit())
    assert "Books not proved yet" in page.one(data_part="proof").words()
    assert "No taps in the last 60 minutes" in page.one("figure").words()
    assert "No taps yet" in page.one("section", data_part="taps").words()


def test_no_city_is_told_how_to_begin(visit: Visit) -> None:
    """On an empty database the page shows the two commands that begin a city."""
    page = see(visit())
    assert "There is no city here yet" in page.words()
    assert [one.words() for one in page.all("code")] == ["bin/run", "citizencard bootstrap"]
    assert page.all("dl") == []


def test_three_doors_lead_somewhere(visit: Visit) -> None:
    """Clerk and resident find where they sign in, the terminal developer a section that exists."""
    client = visit()
    doors = [link.attributes["href"] or "" for link in see(client).one("nav", _class="doors").all("a")]
    assert doors == ["/console?lang=en", "/portal?lang=en", "/docs?lang=en#terminals"]
    assert see(client, "/docs?lang=en").one(id="terminals").all("ol")
    for door in doors[:2]:
        answer = client.get(door, headers={"Host": "127.0.0.1:8000"})
        assert answer.headers["Location"] == f"{door.partition('?')[0]}/sign-in?lang=en"


def test_links_below_lead_to_what_is_there(visit: Visit) -> None:
    """Interface, ledger proof and state are one step away, and none of the links is dead."""
    client = visit()
    (more,) = see(client).all("section", _class="more")
    for link in more.all("a"):
        path, _, anchor = (link.attributes["href"] or "").partition("#")
        answer = client.get(path)
        assert answer.status_code == 200, path
        if anchor:
            parse(answer.get_data(as_text=True)).one(id=anchor)


def test_fragment_is_the_moving_part_of_the_page(ridden: City, visit: Visit) -> None:
    """What the script fetches is what the page was served with: no second truth."""
    assert ridden.merchant_id
    client = visit()
    page, fragment = client.get("/?lang=en"), client.get("/home/figures?lang=en")
    assert fragment.content_type == "text/html; charset=utf-8"
    assert fragment.get_data(as_text=True).strip() in page.get_data(as_text=True)
    source = parse(page.get_data(as_text=True)).one(id="city").attributes["data-source"]
    assert source == "/home/figures?lang=en"


@pytest.mark.parametrize("path", ["/", "/?lang=en", "/home/figures", "/docs", "/docs?lang=en"])
def test_nothing_runs_that_is_not_ours(ridden: City, visit: Visit, path: str) -> None:
    """The policy allows our own files alone, and the page needs nothing else: no inline script, style or handler, no other host."""
    assert ridden.merchant_id
    answer = visit().get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    page = parse(answer.get_data(as_text=True))
    for element in page.walk():
        assert element.name != "style"
        for name, value in element.attributes.items():
            assert name != "style", element
            assert not name.startswith("on"), element
            if name in ("src", "href", "action", "data-source", "poster", "srcset"):
                assert (value or "").startswith(("/", "#")), value
                assert not (value or "").startswith("//"), value
    for script in page.all("script"):
        assert "src" in script.attributes
        assert script.words() == ""


def test_files_of_the_page_are_served_and_named_by_content(visit: Visit) -> None:
    """A browser never mixes the new page with the old stylesheet."""
    client = visit()
    html = client.get("/").get_data(as_text=True)
    addresses = set(re.findall(r"/static/[a-z]+\.[a-z]+\?v=[0-9a-f]{10}", html))
    assert {address.partition("?")[0] for address in addresses} == {
        "/static/city.css", "/static/home.js", "/static/mark.svg", "/static/icons.svg",
    }  # fmt: skip
    for address in addresses:
        with client.get(address) as answer:
            assert answer.status_code == 200
    for name in ("city.css", "home.js"):
        with client.get(f"/static/{name}") as answer:
            assert not re.search(r"https?:|//[a-z]|url\(|@import", answer.get_data(as_text=True))


def test_figures_cost_the_same_in_a_large_city(
    session: Session, sessions: Sessions, ridden: City, visit: Visit, vault: SoftwareVault, now: datetime
) -> None:
    """One view costs six statements, however many taps there were; those who look within the same second cost none."""
    statements: list[str] = []
    event.listen(session.connection(), "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    looked = []
    for count in (0, 60):
        taps = [tap(ridden.bus1, ridden.adult, now, 180) for _ in range(count)]
        if taps:
            take_records(sessions, vault, ridden.bus1.terminal_id, json_of(ridden.bus1, taps), now)
        client = visit()
        statements.clear()
        assert client.get("/home/figures").status_code == 200
        looked.append([one for one in statements if not one.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))])
        statements.clear()
        assert client.get("/").status_code == 200
        assert statements == []
    assert len(looked[0]) == len(looked[1]) == 9


def test_names_from_outside_are_text(sessions: Sessions, ridden: City, visit: Visit) -> None:
    """Whatever a tariff calls a class or a sponsor, the page shows letters and runs nothing."""
    assert ridden.merchant_id
    names = {"class_name": "<script>alert(1)</script>", "subsidies": {"<img src=x>": 120}}
    with transaction(sessions) as session:
        known = session.scalars(select(TapRecord).where(TapRecord.line == 2)).one()
        copied = {column.key: getattr(known, column.key) for column in inspect(TapRecord).column_attrs}
        copied |= {"id": None, "digest": "0" * 64, "identity": None, "explanation": {**known.explanation, **names}}
        session.add(TapRecord(**copied))
    html = visit().get("/?lang=en").get_data(as_text=True)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; card" in html
    assert "&lt;img src=x&gt; pays ¥1.20" in html


def test_database_that_is_away_is_said_as_a_page(vault: SoftwareVault, tmp_path: Path) -> None:
    """When the figures cannot be read, people get words, a reference and a way on; not a problem document."""
    sessions = make_sessions(make_engine(f"sqlite:///{tmp_path}/nowhere/city.db"))
    settings = Settings("sqlite:///unused", tmp_path / "vault", tmp_path / "passphrase", "test")
    client = create_app(settings, vault, sessions, passwords=CHEAP).test_client()
    answer = client.get("/?lang=en")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    words = parse(answer.get_data(as_text=True)).words()
    assert "The database does not answer" in words
    assert "Try again" in words
    assert client.get("/home/figures").status_code == 503


@pytest.mark.parametrize("language", list(Language))
def test_page_is_understood_without_seeing_it(ridden: City, visit: Visit, language: Language) -> None:
    """Language, title, one heading, landmarks, named lists and charts: what a screen reader needs."""
    assert ridden.merchant_id
    page = see(visit(), f"/?lang={language}")
    assert page.one("html").attributes["lang"] == language
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert page.one("a", _class="skip").attributes["href"] == "#content"
    ids = [element.attributes["id"] for element in page.walk() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in page.walk():
        for name in (element.attributes.get("aria-labelledby") or "").split():
            assert name in ids
        if element.name == "img":
            assert "alt" in element.attributes
        if element.name == "a":
            assert element.words()
    order = [int(one.name[1]) for one in page.walk() if re.fullmatch(r"h[1-6]", one.name)]
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(order))
