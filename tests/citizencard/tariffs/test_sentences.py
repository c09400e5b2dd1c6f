"""Every price is explained in both languages, whatever made it, in the city's own money."""

import re
from string import Formatter

import pytest

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.quotes import Line, quote_of
from citizencard.tariffs.sentences import TEXTS, piece, sentence, show_money
from tests.citizencard.tariffs.every_line import lines, priced

CNY = Money("CNY", 2)
CHINESE = re.compile(r"[\u4e00-\u9fff\uff00-\uffef]")
"""Characters, and the punctuation that goes with them."""


def test_every_line_that_comes_up_is_said_in_both_languages() -> None:
    """A city in which every kind of line comes up: each is a sentence, none has a hole."""
    seen = set()
    for line in lines():
        part = line.rule.partition(".")[0]
        longer = f"{line.what}.{line.facts.get('by')}"
        seen.add((part, longer if longer in TEXTS[part] else line.what))
        chinese, english = piece(line, CNY, "zh"), piece(line, CNY, "en")
        assert CHINESE.search(chinese)
        assert not CHINESE.search(english)
        assert "{" not in chinese + english
    assert {(part, what) for part, texts in TEXTS.items() for what in texts} - seen == set()


def test_every_price_of_that_city_is_as_expected() -> None:
    """The sentences are about prices that are right."""
    assert [(one.event.fields, one.quote) for one in priced()[1] if not one.is_good] == []


@pytest.mark.parametrize("part", TEXTS)
def test_both_languages_say_the_same_facts(part: str) -> None:
    """Nobody reads less for reading English."""
    for what, texts in TEXTS[part].items():
        chinese, english = ({name for _, name, _, _ in Formatter().parse(text) if name} for text in texts)
        assert chinese == english, what
        assert all("*" not in text for text in texts)


def test_a_sentence_says_base_concession_transfer_and_who_pays() -> None:
    """What the resident's page shows under a ride."""
    quote = quote_of(
        [
            Line("base", 200, "transit.lines.7.fare", {"line": 7, "by": "flat"}),
            Line(
                "concession",
                -160,
                "transit.concessions.0",
                {"class": "student", "by": "pays", "pays": "20%"},
                "education",
            ),
        ]
    )
    assert sentence(quote, CNY, "en") == (
        "full fare of line 7: ¥2.00; class student pays 20%: ¥1.60 off (paid by education); to pay ¥0.40."
    )
    assert (
        sentence(quote, CNY, "zh")
        == "7 路全价 ¥2.00；student 卡按 20% 计，优惠 ¥1.60（由 education 承担）；应付 ¥0.40。"
    )


@pytest.mark.parametrize(
    ("minor", "money", "shown"),
    [
        (123_450, CNY, "¥1,234.50"),
        (-5, CNY, "-¥0.05"),
        (1000, Money("KRW", 0), "₩1,000"),
        (1250, Money("KWD", 3), "KWD 1.250"),
        (0, Money("HKD", 2), "HK$0.00"),
    ],
)
def test_money_is_shown_as_its_country_does(minor: int, money: Money, shown: str) -> None:
    """Symbol or code, thousands apart, as many decimals as there are, the minus sign in front."""
    assert show_money(minor, money) == shown


def test_times_are_shown_as_a_clock_shows_them() -> None:
    """A fact that is a time is no ISO text to people; any other text stays."""
    line = Line("discount", -1, "parking.a", {"discount": "2026-03-02T08:00:00+08:00"})
    assert "2026-03-02 08:00" in piece(line, CNY, "en")
    assert "T08" not in piece(line, CNY, "en")
    assert "Taxi" in piece(line._replace(facts={"discount": "Taxi"}), CNY, "en")
