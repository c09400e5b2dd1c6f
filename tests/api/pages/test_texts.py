"""Both languages are complete, and no page has words of its own."""

import re
from pathlib import Path
from string import Formatter

import pytest

from api.pages.texts import FRAME, TEXTS
from api.pages.texts_docs import DOCS
from api.pages.texts_home import HOME
from tests.api.pages.page import parse

PAGES = Path(__file__).parents[3] / "api" / "pages"
TEMPLATES = sorted((PAGES / "templates").glob("*.html"))
ASKED = re.compile(r"\bt\(\s*\"([^\"]+)\"(\s*~)?|\bt\(\s*'([^']+)'(\s*~)?")
SAID = re.compile(r"\bsay\(\s*language,\s*\"([^\"]+)\"( if [^,]+ else \"([^\"]+)\")?")


def test_texts_are_complete_in_both_languages() -> None:
    """English is no gloss: every text has both forms, with the same values in them."""
    for key, (chinese, english) in TEXTS.items():
        assert chinese.strip(), key
        assert english.strip(), key
        assert _values(chinese) <= _values(english) | {"n"}, key
        for form in english.split("|"):
            assert _values(form) | {"n"} >= _values(chinese), key
        assert "|" not in chinese, key


def test_chinese_texts_are_chinese() -> None:
    """Nothing was left in English by oversight; names and pure values are the same in both."""
    same = {key for key, (chinese, english) in TEXTS.items() if chinese == english}
    assert same == {"language.zh-Hans", "language.en", "tap.card", "tap.sum", "reason.other"}
    for key, (chinese, english) in TEXTS.items():
        if key not in same and key != "sponsor.other":
            assert re.search(r"[\u4e00-\u9fff]", chinese), key
        if key not in same:
            assert not re.search(r"[\u4e00-\u9fff]", english), key


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_text(template: Path) -> None:
    """Every word of a page comes from the catalogue; a template holds marks, digits and commands to be typed."""
    source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", template.read_text(), flags=re.DOTALL)
    source = re.sub(r"<pre><code>[a-z /]+</code></pre>", " ", source)
    source = re.sub(r"<!doctype[^>]*>|<\w[^>]*>|</\w+>", " ", source)
    assert not re.search(r"[A-Za-z\u4e00-\u9fff]", source), re.findall(r"\S*[A-Za-z\u4e00-\u9fff]\S*", source)
    for spoken in ("alt", "title", "aria-label", "placeholder"):
        for value in re.findall(rf'\b{spoken}="([^"]*)"', template.read_text()):
            assert value == "" or value.startswith("{{"), value


def test_script_holds_no_text() -> None:
    """The script says only what the page gives it to say."""
    source = re.sub(r"^\s*//.*$", "", (PAGES / "static" / "home.js").read_text(), flags=re.MULTILINE)
    for written in re.findall(r"textContent = (.*);", source):
        assert "dataset" in written
    assert not re.search(r"[\u4e00-\u9fff]", source)
    assert "innerHTML" not in source


def test_every_text_that_is_asked_for_exists_and_none_is_left_over() -> None:
    """A page never fails for want of a word, and the catalogue holds no dead ones."""
    asked: set[str] = set()
    begun: set[str] = set()
    for template in TEMPLATES:
        for found in ASKED.finditer(template.read_text()):
            key, joined = found[1] or found[3], found[2] or found[4]
            (begun if joined else asked).add(key)
        asked |= set(re.findall(r'else "([a-z]+\.[a-z_.]+)"', template.read_text()))
        asked |= set(re.findall(r'"(docs\.(?:staff|devices)|trouble\.[a-z_]+|proof\.[a-z]+)"', template.read_text()))
    for module in PAGES.glob("*.py"):
        for found in SAID.finditer(module.read_text()):
            asked |= {key for key in (found[1], found[3]) if key}
    asked |= set(re.findall(r'say\(\s*language,\s*"([^"]+)"', (PAGES / "sentences.py").read_text()))
    assert asked - TEXTS.keys() == set()
    families = {*begun, "class.", "sponsor.", "reason.", "proof.", "language."}
    left = {key for key in {**FRAME, **HOME, **DOCS} if key not in asked and not key.startswith(tuple(families))}
    assert left == set()


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_reader_notices_what_is_closed_out_of_order() -> None:
    """The tests' own reader of pages is strict."""
    with pytest.raises(AssertionError):
        parse("<p><b>words</p></b>")
