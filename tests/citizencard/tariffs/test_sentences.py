"""Every price is explained in both languages, whatever made it, in the city's own money."""

import re
from string import Formatter

import pytest

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.quotes import Line, quote_of
from citizencard.tariffs.sentences import TEXTS, class_titles, piece, sentence, show_money, show_rate
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
        == "线路 7 全价 ¥2.00；student 卡按 20% 计，优惠 ¥1.60（由 education 承担）；应付 ¥0.40。"
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


def test_chinese_sentences_say_the_titles_of_classes() -> None:
    """普通卡按 90% 计, where the document calls the class so; a name without a title stays."""
    line = Line("concession", -20, "transit.concessions.0", {"class": "adult", "by": "pays", "pays": "90%"})
    document = {"transit": {"classes": {"01": {"name": "adult", "title": "普通卡"}, "02": {"name": "student"}}}}
    titles = class_titles(document)
    assert titles == {"adult": "普通卡"}
    assert piece(line, CNY, "zh", titles) == "普通卡按 90% 计，优惠 ¥0.20"
    assert piece(line, CNY, "en", titles) == "class adult pays 90%: ¥0.20 off"
    assert piece(line._replace(facts={**line.facts, "class": "爱心"}), CNY, "zh") == "爱心卡按 90% 计，优惠 ¥0.20"
    assert class_titles({}) == {}


def test_one_of_something_is_no_plural() -> None:
    """1 day, 2 days; what was stood on several days says so."""
    fee = Line("base_fee_months", 100, "utilities.water", {"fee": "Meter", "months": "1"})
    assert piece(fee, CNY, "en") == "Meter for 1 month: ¥1.00"
    assert piece(fee._replace(facts={"fee": "Meter", "months": "2"}), CNY, "en") == "Meter for 2 months: ¥1.00"
    facts = {"minutes": 60, "up_to_minutes": 60, "each_minutes": 30, "price_minor": 100, "steps": 2}
    first = Line("first", 200, "parking.a", facts)
    assert piece(first, CNY, "en").startswith("first 60 min: 60 min, 2 ×")
    assert piece(first._replace(facts={**facts, "minutes": 90}), CNY, "en").startswith(
        "first 60 min of each day: 90 min,"
    )
    capped = Line("over_cap", -100, "parking.a", {"most_minor": 4000, "periods": 2})
    assert "¥40.00 a period, on 2 days, which" in piece(capped, CNY, "en")
    assert piece(capped, CNY, "zh").startswith("2 天每天封顶¥40.00")
    assert piece(capped._replace(facts={"most_minor": 4000, "periods": 1}), CNY, "zh").startswith("周期封顶¥40.00")


def test_prices_for_one_unit_are_shown_as_money() -> None:
    """As exactly as the document has them, never with less than the currency's decimals."""
    assert [show_rate(text, CNY) for text in ("0.5283", "1.8", "1234.50")] == ["¥0.5283", "¥1.80", "¥1,234.50"]
    assert show_rate("55000", Money("KRW", 0)) == "₩55,000"
    line = Line(
        "add_on", 2945, "utilities.water", {"add_on": "污水处理费", "units": "31", "unit": "t", "price": "0.95"}
    )
    assert piece(line, CNY, "zh") == "污水处理费 31 t，每 t ¥0.95：¥29.45"
