"""The portal's bills, payments and receipts in both languages."""

from string import Formatter

import pytest

from api.pages.texts import TEXTS
from api.pages.texts_portal_money import MONEY


@pytest.mark.parametrize("key", sorted(MONEY))
def test_text_names_its_page_and_says_the_same_in_both_languages(key: str) -> None:
    """A resident reads the same figures in either language, and the catalogue has the text once."""
    chinese, english = MONEY[key]
    assert key.startswith("portal.")
    assert TEXTS[key] == (chinese, english)
    for form in english.split("|"):
        assert _values(form) | {"n"} == _values(chinese) | {"n"}


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
