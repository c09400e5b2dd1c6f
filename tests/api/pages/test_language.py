"""Which language a page speaks."""

import pytest
from flask import Flask

from api.pages.language import Language, preferred, say


@pytest.mark.parametrize(
    ("query", "asked", "spoken"),
    [
        ("", "", Language.ZH),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", Language.ZH),
        ("", "zh-TW", Language.ZH),
        ("", "en-GB,en;q=0.9", Language.EN),
        ("", "en;q=0.4,zh;q=0.9", Language.ZH),
        ("", "fr-FR,fr;q=0.9", Language.ZH),
        ("", "fr-FR,en;q=0.5", Language.EN),
        ("?lang=en", "zh-CN", Language.EN),
        ("?lang=zh", "en", Language.ZH),
        ("?lang=zh-Hans", "en", Language.ZH),
        ("?lang=EN", "", Language.EN),
        ("?lang=tlh", "en", Language.EN),
        ("?lang=", "", Language.ZH),
    ],
)
def test_choice_by_hand_then_browser_then_chinese(query: str, asked: str, spoken: Language) -> None:
    """Who chooses a language gets it; else the browser's wish counts; else Chinese."""
    with Flask(__name__).test_request_context(f"/{query}", headers={"Accept-Language": asked}):
        assert preferred() is spoken


@pytest.mark.parametrize(
    ("count", "english", "chinese"),
    [
        (1, "one terminal on a line", "1 台终端在线路上"),
        (0, "0 terminals on lines", "0 台终端在线路上"),
        (12_345, "12,345 terminals on lines", "12,345 台终端在线路上"),
    ],
)
def test_numbers_agree_with_their_nouns(count: int, english: str, chinese: str) -> None:
    """English has a form for one; both separate thousands."""
    assert say(Language.EN, "state.terminals", n=count) == english
    assert say(Language.ZH, "state.terminals", n=count) == chinese


def test_unknown_text_is_a_mistake_of_ours() -> None:
    """A missing word fails in the tests, not silently before people."""
    with pytest.raises(KeyError):
        say(Language.EN, "no.such.text")
    with pytest.raises(KeyError):
        say(Language.EN, "state.day")


def test_each_language_offers_the_other() -> None:
    """There are two, and one leads to the other."""
    assert {language.other for language in Language} == set(Language)
