"""The words of the counter."""

import re
from pathlib import Path

import pytest

from api.pages.texts import TEXTS
from api.pages.texts_console import CONSOLE

CONSOLE_FOLDER = Path(__file__).parents[3] / "api" / "console"
TEMPLATES = sorted((CONSOLE_FOLDER / "templates" / "console").glob("*.html"))
ASKED = re.compile(r"\bt\(\s*['\"]([a-z_0-9.]+)['\"](\s*~)?")
NAMED = re.compile(r"\"([a-z_]+(?:\.[a-z_]+)*\.(?=\{)|[a-z_]+(?:\.[a-z_]+)+(?=\"))")


def asked() -> tuple[set[str], set[str]]:
    """Texts that pages ask for, and the beginnings of those whose end is a slug."""
    whole: set[str] = set()
    begun: set[str] = set()
    for template in TEMPLATES:
        for key, joined in ASKED.findall(template.read_text()):
            (begun if joined else whole).add(key)
    for module in CONSOLE_FOLDER.glob("*.py"):
        for key in NAMED.findall(module.read_text()):
            (begun if key.endswith(".") else whole).add(key)
    return whole, begun


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_pages_ask_for_words_that_exist(template: Path) -> None:
    """No page of the counter fails for want of a word."""
    for key, joined in ASKED.findall(template.read_text()):
        found = any(known.startswith(key) for known in TEXTS) if joined else key in TEXTS
        assert found, key


def test_no_word_is_left_over() -> None:
    """The catalogue of the counter holds no dead words."""
    whole, begun = asked()
    entries = {"console.start", "console.nav.people", "console.nav.approvals", "console.nav.agents"}
    left = {key for key in CONSOLE if key not in whole | entries and not key.startswith(tuple(begun))}
    assert left == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_pages_hold_no_words_of_their_own(template: Path) -> None:
    """Every word comes from the catalogue, also those that only screen readers speak."""
    source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", template.read_text(), flags=re.DOTALL)
    source = re.sub(r"<\w[^>]*>|</\w+>", " ", source, flags=re.DOTALL)
    assert not re.search(r"[A-Za-z\u4e00-\u9fff]", source), re.findall(r"\S*[A-Za-z\u4e00-\u9fff]\S*", source)
    for value in re.findall(r'\b(?:alt|title|aria-label|placeholder)="([^"]*)"', template.read_text()):
        assert value == "" or value.startswith("{{"), value
