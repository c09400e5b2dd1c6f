"""The portal's bills, payments and receipts in both languages."""

from string import Formatter

from api.pages.texts import TEXTS
from api.pages.texts_portal_money import MONEY


def test_texts_name_their_page_and_say_the_same_in_both_languages() -> None:
    """A resident reads the same figures in either language, and the catalogue has each text once."""
    for key, (chinese, english) in MONEY.items():
        assert key.startswith("portal."), key
        assert TEXTS[key] == (chinese, english), key
        for form in english.split("|"):
            assert _values(form) | {"n"} == _values(chinese) | {"n"}, key


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
