"""Tables with Chinese in them stand straight."""

from citizencard.cli.tariff_tables import table, width_of


def test_a_wide_letter_takes_two_columns() -> None:
    """A table of Chinese titles can be read in a terminal."""
    assert [width_of(text) for text in ("abc", "公交", "1路", "e\u0301")] == [3, 4, 3, 1]
    assert list(table(("线路", "fare"), [("1-9 公交", "2.00"), ("10", "12.00")])) == [
        "线路       fare",
        "--------  -----",
        "1-9 公交   2.00",
        "10        12.00",
    ]


def test_words_stand_left_and_figures_right() -> None:
    """Prices stand under each other; a column with one word in it is a column of words."""
    assert list(table(("a", "b"), [("1", "90%"), ("22", "free")])) == [" a  b", "--  ----", " 1  90%", "22  free"]
    assert list(table(("a", "b"), [])) == ["a  b", "-  -"]
