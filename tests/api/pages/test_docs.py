"""The documentation that a running city shows."""

import re

import pytest

from api.openapi import document_of
from api.pages.chapters import read
from api.pages.docs import GUIDES, PROTOCOL, guides, problems, prose
from api.pages.language import Language
from api.statuses import STATUS
from tests.api.pages.conftest import Visit
from tests.api.pages.page import Element, parse


def see(visit: Visit, path: str = "/docs?lang=en") -> Element:
    answer = visit().get(path)
    assert answer.status_code == 200
    return parse(answer.get_data(as_text=True))


@pytest.fixture
def manual(visit: Visit) -> Element:
    """The page in English."""
    return see(visit)


def test_every_operation_is_there(visit: Visit, manual: Element) -> None:
    """What can be called is documented: method, path, what it does, its fields and an example of its body."""
    document = document_of(visit().application)
    shown = {
        section.all("a")[0].words().replace(" ", "") for section in manual.all("section", _class="panel operation")
    }
    wanted = {
        f"{method.upper()}{path}"
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert shown == wanted
    load = manual.one("section", id="post-v1-loads")
    assert "amount_fen required" in load.words()
    assert '"amount_fen": 10000' in load.words()
    assert "Idempotency-Key required header" in load.words()
    assert "staff session" in load.words()
    assert "terminal signature" in manual.one("section", id="post-terminals-batches").words()


def test_links_within_the_page_lead_somewhere(manual: Element) -> None:
    """Contents, guides, schemas and statuses: no anchor is dead, no id is there twice."""
    ids = [element.attributes["id"] for element in manual.walk() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    targets = {element.attributes.get("href") or "" for element in manual.all("a")}
    assert {target for target in targets if target.startswith("#") and target[1:] not in ids} == set()


@pytest.mark.parametrize("guide", ["clerk", "resident", "terminals"])
def test_each_newcomer_has_a_way_through(visit: Visit, guide: str) -> None:
    """Every step of each guide is an operation that exists."""
    found = guides(read(document_of(visit().application)))[guide]
    assert [(step.method, step.path) for step in found] == list(GUIDES[guide])


def test_terminal_developer_is_led_through_all_calls_of_devices(visit: Visit) -> None:
    """Whoever builds a till or a gate finds its calls in the guide, not only those of a bus."""
    calls = {path for path in document_of(visit().application)["paths"] if path.startswith("/terminals/")}
    assert calls == {path for _, path in GUIDES["terminals"]}


def test_vendor_reads_the_whole_protocol_here(manual: Element) -> None:
    """The page that terminals are built from is shown with its sections, its tables and its examples, and nothing of it is left out."""
    shown = manual.one("section", id="protocol")
    lines = PROTOCOL.read_text(encoding="utf-8").splitlines()
    sections = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert [heading.words() for heading in shown.all("h3")] == [words.replace("`", "") for words in sections]
    assert len(shown.all("pre")) == sum(line.startswith("```") for line in lines) / 2
    assert len(shown.all("table")) == sum(line.startswith("|--") for line in lines)
    first = next(line for line in lines[1:] if line)
    assert shown.all("p")[1].words().startswith(first)
    assert len(shown.all("li")) == sum(bool(re.match(r"(\d+\.|-) ", line)) for line in lines)


def test_every_refusal_has_its_row(manual: Element) -> None:
    """A code that a program meets is found in the table with its status; faults of ours show no inner codes."""
    rows = {
        tuple(cell.words() for cell in row.all("td")[:2]) for row in manual.one("table", _class="problems").all("tr")
    }
    for refusal, status in STATUS.items():
        if status != 500:
            assert (str(status), refusal.code) in rows  # type: ignore[attr-defined] # every refusal has a code
    assert {code for status, code in (row for row in rows if row) if status == "500"} == {"internal_error"}


def test_problem_type_leads_to_its_row(visit: Visit) -> None:
    """The address in a problem document can be opened."""
    answer = visit().get("/problems/unknown_card")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/docs#problem-unknown_card")
    assert visit().get("/problems/no_such_code").status_code == 404


def test_titles_are_chinese_where_people_meet_them(visit: Visit) -> None:
    """The frame and the common problems speak Chinese; names of fields stay what they are."""
    page = see(visit, "/docs?lang=zh")
    assert "没有这张卡" in page.one("tr", id="problem-unknown_card").words()
    assert page.one("h1").words() == "接口文档"
    assert "amount_fen 必填" in page.one("section", id="post-v1-loads").words()
    assert len(problems(Language.ZH)) == len(problems(Language.EN))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        ("a `code` word", "a <code>code</code> word"),
        ("`<b>` & <i>", "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"),
        ("one ` alone", "one ` alone"),
        ("", ""),
    ],
)
def test_prose_is_escaped(text: str, html: str) -> None:
    """Backticks become code, everything else stays text."""
    assert str(prose(text)) == html


def test_page_says_nothing_in_the_wrong_language(manual: Element) -> None:
    """English readers get an English page, but for terms of the field and invented names."""
    outside = [one.words() for one in manual.all("nav") + manual.all("h1") + manual.all("h2") + manual.all("h4")]
    assert not [words for words in outside if re.search(r"[\u4e00-\u9fff]", words.replace("中文", ""))]
