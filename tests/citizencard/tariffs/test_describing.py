"""Tariffs for people: every rule is a sentence, every line has a price, and what another tariff changes is said by meaning."""

import json
import re
from copy import deepcopy
from typing import Any

import pytest

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.describing.changes import changes
from citizencard.tariffs.describing.describe import describe
from citizencard.tariffs.describing.line_prices import line_groups, runs
from citizencard.tariffs.describing.phrases import Speaker
from citizencard.tariffs.document import read
from citizencard.tariffs.sentences import Language
from tests.citizencard.tariffs.every_line import DOCUMENT

ENGLISH = Speaker("en", Money("CNY", 2))
DISTANCE = {"first_km": "6", "first": "2.00", "then": [{"each_km": "5", "adds": "1.00"}]}
CITY: dict[str, Any] = {
    **{name: DOCUMENT[name] for name in ("format", "name", "version", "effective_from", "currency", "source")},
    "transit": {
        "classes": {"01": {"name": "adult"}, "02": {"name": "student", "title": "学生卡"}},
        "modes": {"bus": {}, "metro": {"window_starts_at": "exit"}},
        "lines": {
            "1-20": {"title": "Town", "mode": "bus", "fare": {"flat": "2.00"}},
            "30": {"mode": "metro", "fare": {"distance": DISTANCE, "top": "9.00"}},
            "40": {"mode": "bus", "fare": {"flat": "5.00"}, "no_concession": True, "no_transfer": True},
        },
        "concessions": [
            {"name": "peak", "classes": ["02"], "when": {"hours": {"from": "07:00", "until": "09:00"}}, "pays": "0.8"},
            {"name": "student", "classes": ["02"], "pays": "0.5", "sponsor": "education"},
            {"name": "old_town", "lines": ["3-5"], "less": "0.50"},
            {"name": "card", "pays": "0.9"},
        ],
        "transfers": [{"name": "change", "minutes": 60, "less": "1.00"}],
        "caps": [{"name": "daily", "period": "day", "most": "10.00"}],
    },
    "parking": {"street": {"title": "Street", "charges": [{"name": "day", "steps": [{"each_minutes": 30, "price": "2.00"}]}]}},
}  # fmt: skip


def told(document: dict[str, Any], language: Language = "en") -> str:
    sections = describe(document, language)
    rows = [row for section in sections for table in section.tables for row in table.rows]
    return "\n".join([*(statement.text for section in sections for statement in section.statements), *map(str, rows)])


def test_every_line_has_its_price_for_every_class() -> None:
    """Lines that cost the same stand together; a star says that it depends on the time."""
    (table,) = describe(CITY, "en")[1].tables
    assert list(table.heads) == ["lines", "mode", "full fare", "adult 01", "学生卡 02"]
    assert [list(row) for row in table.rows] == [
        ["1-2, 6-20 Town", "bus", "¥2.00", "¥1.80", "¥1.00*"],
        ["3-5 Town", "bus", "¥2.00", "¥1.50", "¥1.00*"],
        ["30", "metro", "¥2.00 up to 6 km, ¥1.00 each 5 km; without exit ¥9.00", "90%", "50%*"],
        ["40", "bus", "¥5.00", "¥5.00", "¥5.00"],
    ]
    assert table.note == "* varies by time, see below"


def test_every_rule_is_a_sentence() -> None:
    """What the city's page says can be found again, with the sponsor."""
    text = told(CITY)
    for words in (
        "Concession peak: 学生卡 02, 07:00–09:00, pays 80%",
        "Concession student: 学生卡 02, pays 50%, paid by education",
        "Concession old_town: lines 3-5, ¥0.50 less",
        "Transfer change: within 60 min (60 min exactly included), counted from the ride before, ¥1.00 less, reduced after",
        "Cap daily: at most ¥10.00 a day, all rides",
        "metro: a transfer window starts at the exit of this mode, and ends at its entry",
        "Line 40: no concessions, no transfers",
        "Charge day: ¥2.00 each 30 min, a part of a step counts as a whole",
    ):
        assert words in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_that_a_tariff_says_is_left_out(language: Language) -> None:
    """Every amount of a city with every kind of rule is found in what is shown."""
    text = told(DOCUMENT, language)
    for part in ("transit", "parking", "taxi", "fuel", "utilities", "late_fees"):
        for field, amount in re.findall(r'"(\w+)": "(\d+\.\d+)"', json.dumps(DOCUMENT[part])):
            shown = amount in text or ENGLISH.percent(amount) in text
            assert shown, (part, field, amount)
    assert bool(re.search("[\u4e00-\u9fff]", text)) is (language == "zh")


def test_texts_of_times_shares_and_money() -> None:
    """A few turns of phrase by themselves."""
    when = {
        "hours": {"from": "22:00", "until": "05:00"},
        "days": ["sat"],
        "season": {"from": "06-01", "until": "09-30"},
    }
    assert (
        ENGLISH.when({**when, "except_dates": ["2026-10-01"]}) == "22:00–05:00, sat, 06-01 to 09-30, not on 2026-10-01"
    )
    assert (
        Speaker("zh", Money("CNY", 2)).when({"days": ["mon", "sun"], "dates": ["2026-05-01"]})
        == "周一、周日、仅 2026-05-01"
    )
    assert [ENGLISH.percent(share) for share in ("0.95", "0.333", "2/3")] == ["95%", "33.3%", "200/3%"]
    assert ENGLISH.rounding({"to": "0.10", "how": "down"}) == "rounded to ¥0.10 (downwards)"
    assert ENGLISH.reduction({"pays": "0"}) == "free"
    assert list(runs((1, 2, 3, 7, 9, 10))) == [[1, 2, 3], [7], [9, 10]]


def test_many_lines_are_grouped_quickly() -> None:
    """A large city's table stays short."""
    document = deepcopy(CITY)
    document["transit"]["lines"] = {"1-65535": CITY["transit"]["lines"]["1-20"]}
    transit = read(document).transit
    assert transit is not None
    assert [group.label() for group in line_groups(transit)] == ["1-2, 6-65535", "3-5"]


def test_what_changes_is_said_with_prices_before_and_after() -> None:
    """Whoever approves a tariff sees what becomes dearer, for whom, and which rule makes it so."""
    after = deepcopy(CITY)
    after["transit"]["lines"]["1-20"]["fare"]["flat"] = "3.00"
    after["transit"]["lines"]["50"] = {"mode": "bus", "fare": {"flat": "1.00"}}
    del after["transit"]["lines"]["40"]
    after["transit"]["transfers"][0]["minutes"] = 90
    after["transit"]["caps"] = []
    after["parking"]["street"]["charges"][0]["steps"][0]["price"] = "2.50"
    after["transit"]["classes"]["01"]["title"] = "普通卡"
    found = changes(CITY, after, "en")
    prices = {(one.lines, one.who): (one.before, one.after) for one in found.prices}
    assert prices["1-2, 6-20", "full fare"] == ("¥2.00", "¥3.00")
    assert prices["3-5", "普通卡 01"] == ("¥1.50", "¥2.50")
    assert prices["40", "普通卡 01"] == ("¥5.00", None)
    assert prices["50", "学生卡 02"] == (None, "¥0.50*")
    rules = {one.key: (one.before, one.after) for one in found.rules}
    assert set(rules) == {
        "transit.lines.40.exceptions", "transit.transfers.change", "transit.caps.daily", "parking.street.charges.day",
    }  # fmt: skip
    assert "within 60 min" in str(rules["transit.transfers.change"][0])
    assert rules["transit.caps.daily"][1] is None
    assert "¥2.50" in str(rules["parking.street.charges.day"][1])
    assert [one.place for one in found.others] == ["transit.classes.01.title"]


def test_what_means_the_same_is_no_change() -> None:
    """Another version of the same content, with its fields in another order, changes nothing."""
    same = {name: CITY[name] for name in reversed(CITY)} | {"version": 9, "effective_from": "2027-01-01T00:00:00+08:00"}
    found = changes(CITY, same, "en")
    assert [(rule.key, rule.place) for rule in found.rules] == [("effective_from", "effective_from")]
    assert found.versions == (CITY["version"], 9)
    assert (list(found.prices), list(found.others)) == ([], [])


def test_rules_of_one_name_are_told_apart() -> None:
    """A rule may be called by the number that another one without a name has."""
    before, after = deepcopy(CITY), deepcopy(CITY)
    for document in (before, after):
        document["transit"]["concessions"][0]["name"] = "1"
        del document["transit"]["concessions"][1]["name"]
    after["transit"]["concessions"][1]["pays"] = "0.4"
    (rule,) = changes(before, after, "en").rules
    assert (rule.key, rule.place) == ("transit.concessions.1 (2)", "transit.concessions.1")


def test_a_part_that_is_taken_out_is_told_once() -> None:
    """Its sentences say it; the document as JSON is not told besides."""
    after = {name: part for name, part in CITY.items() if name != "parking"}
    found = changes(CITY, after, "en")
    assert [(rule.place, rule.after) for rule in found.rules] == [("parking.street.charges.0", None)]
    assert list(found.others) == []
    found = changes(CITY, {name: part for name, part in CITY.items() if name != "transit"}, "en")
    assert list(found.others) == []


def test_places_of_changes_are_those_of_check() -> None:
    """Whoever looks for a changed rule finds it by its number in its list."""
    after = deepcopy(CITY)
    after["transit"]["concessions"].insert(0, {"name": "first", "classes": ["01"], "pays": "0.1"})
    after["transit"]["concessions"][-1]["pays"] = "0.7"
    after["transit"]["lines"]["40"]["no_transfer"] = False
    places = {rule.key: rule.place for rule in changes(CITY, after, "en").rules}
    assert places == {
        "transit.concessions.first": "transit.concessions.0",
        "transit.concessions.card": "transit.concessions.4",
        "transit.lines.40.exceptions": "transit.lines.40",
    }


def test_titles_are_said_for_modes_and_classes() -> None:
    """A reader sees 公交 and 普通卡, not the keys of the document."""
    document = deepcopy(DOCUMENT)
    document["transit"]["modes"]["bus"] = {"title": "公交"}
    document["transit"]["classes"]["01"]["title"] = "普通卡"
    document["transit"]["concessions"].insert(0, {"name": "bus", "classes": ["01"], "modes": ["bus"], "pays": "0.9"})
    document["fuel"]["east"]["discounts"].insert(0, {"name": "adults", "classes": ["01"], "less": "1.00"})
    text = told(document, "zh")
    assert "优惠 bus：普通卡 01，公交，付 90%" in text
    document["transit"]["transfers"].insert(
        0, {"to": {"modes": ["bus"]}, "from": {"lines": ["1"]}, "minutes": 5, "less": "0.50"}
    )
    text = told(document, "zh")
    assert "换乘：从线路 1，到公交，5 分钟内" in text
    assert "优惠 adults：普通卡 01，减 ¥1.00" in text
    assert "'公交'" in text


def test_a_small_table_between_stations_is_listed() -> None:
    """Up to 30 pairs are read one by one, with an arrow where they hold one way only."""
    document = deepcopy(CITY)
    pairs = [{"from": 1, "to": 2, "price": "2.00"}, {"from": 2, "to": 3, "price": "3.00", "one_way": True}]
    document["transit"]["lines"]["30"]["fare"] = {"between": pairs, "top": "9.00"}
    assert "Line 30: 1–2 ¥2.00, 2→3 ¥3.00" in told(document)
    document["transit"]["lines"]["30"]["fare"] = {"distance": DISTANCE, "most": "8.00"}
    assert "¥1.00 each 5 km; at most ¥8.00" in told(document)
    document["transit"]["lines"]["30"]["fare"] = {"between": pairs}
    many = [{"from": 1, "to": 2 + number, "price": "2.00"} for number in range(31)]
    document["transit"]["lines"]["30"]["fare"]["between"] = many
    assert "Line 30:" not in told(document)


def test_amounts_and_counts_are_said_as_people_do() -> None:
    """₩55,000, nothing added instead of +¥0, 1 month, and days that count from the end of the grace."""
    assert Speaker("en", Money("KRW", 0)).price("55000") == "₩55,000"
    document = {name: part for name, part in CITY.items() if name not in {"transit", "parking"}}
    tiers = {"per": "year", "steps": [{"up_to": "2760", "adds": "0"}, {"adds": "0.05"}]}
    once = [{"after_days": 0, "share": "0.05"}, {"after_months": 1, "share": "0.1"}]
    late = {"title": "Homes", "of": "bill", "grace_days": 1, "per_day": [{"share": "0.001"}], "once": once}
    night = [{"when": {"hours": {"from": "23:00", "until": "06:00"}}, "km_adds": "0.2"}]
    document |= {
        "utilities": {"power": {"title": "Power", "unit": "kWh", "price": "0.5", "tiers": tiers}},
        "late_fees": {"home": late},
        "taxi": {"city": {"title": "Taxi", "flag": {"km": "3", "price": "9.00"}, "km_price": "1.60", "night": night}},
    }
    text = told(document)
    assert "Tiers a year, nothing added up to 2760, +¥0.05 above" in text
    assert "From day 1 after the grace 0.1% of the whole bill a day" in text
    assert "1 day of grace" in text
    assert "On the first day after the grace 5% of the whole bill" in text
    assert "After 1 month 10% of the whole bill" in text
    assert "Night 23:00–06:00: km 20% more" in text
    assert "一周从周日开始" in told({**CITY, "transit": {**CITY["transit"], "week_starts": "sun"}}, "zh")
