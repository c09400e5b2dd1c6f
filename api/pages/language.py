"""Which language a page speaks, and its texts in it: Chinese first, English complete."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from flask import request

from api.pages.texts import TEXTS

PARAMETER: Final = "lang"
LOOK: Final = "__Host-citizencard-look"
"""The cookie that keeps how somebody likes to read: a language, a full stop, and `large` for large print."""


class Language(StrEnum):
    """A language that every page is written in; the value is its BCP 47 tag."""

    ZH = "zh-Hans"
    EN = "en"

    @property
    def other(self) -> "Language":
        """The one that a page offers to change to."""
        return Language.EN if self is Language.ZH else Language.ZH


_CHOICES: Final[Mapping[str, Language]] = {
    "zh": Language.ZH,
    "zh-cn": Language.ZH,
    "zh-hans": Language.ZH,
    "en": Language.EN,
}


def preferred() -> Language:
    """The language of the present request: `?lang=`, else the one chosen before, else what the browser asks for, else Chinese."""
    kept = request.cookies.get(LOOK, "").partition(".")[0]
    for choice in (request.args.get(PARAMETER, ""), kept):
        if choice.lower() in _CHOICES:
            return _CHOICES[choice.lower()]
    return Language.EN if request.accept_languages.best_match(["zh", "en"], "zh") == "en" else Language.ZH


def say(language: Language, key: str, **values: str | int) -> str:
    """A text of the catalogue with its values put in.

    A text with a `|` has a form for one and a form for other numbers, chosen by the value `n`; whole numbers get thousands separators.

    Raises:
        KeyError: the catalogue has no such text, or the text wants a value that is not given.
    """
    text = TEXTS[key][0 if language is Language.ZH else 1]
    one, divided, many = text.partition("|")
    chosen = many if divided and values.get("n") != 1 else one
    return chosen.format(**{name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()})
