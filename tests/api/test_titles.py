"""Chinese titles of problems."""

from api.titles import TITLES_ZH


def test_titles_are_chinese_and_short() -> None:
    """A clerk reads the title in one glance, in the language of the counter."""
    for code, title in TITLES_ZH.items():
        assert 2 <= len(title) <= 30, code
        assert any("\u4e00" <= character <= "\u9fff" for character in title), code
