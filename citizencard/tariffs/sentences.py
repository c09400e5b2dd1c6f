"""Explanations for people: what a price is made of, who pays the difference, in Chinese and English, in any currency."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from citizencard.tariffs import fuel_texts, late_fees_texts, parking_texts, taxi_texts, utilities_texts
from citizencard.tariffs.amounts import Money
from citizencard.tariffs.quotes import Line, Quote
from citizencard.tariffs.transit import texts as transit_texts

Language = Literal["zh", "en"]

MONEY: Final = "_minor"
"""A fact whose name ends so is an amount in minor units."""
RATE: Final = "price"
"""A fact of this name is a price for one unit, as text in the main unit."""
_RATE: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)

SYMBOLS: Final[Mapping[str, str]] = {
    "CNY": "¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "INR": "₹", "KRW": "₩", "MOP": "MOP$", "SGD": "S$", "TWD": "NT$", "USD": "US$",
}  # fmt: skip
"""Other currencies are shown by their code."""


NO_TITLES: Final[Mapping[str, str]] = {}
_CARD: Final = "卡"


def sentence(quote: Quote, money: Money, language: Language, titles: Mapping[str, str] = NO_TITLES) -> str:
    """Why a quote is what it is: the pieces in the order in which they came about, and the price at the end.

    Args:
        quote: of any engine.
        money: currency of the document that it was priced by.
        language: `zh` or `en`.
        titles: of card classes by name, as `class_titles` has them; Chinese sentences say them instead of the names.
    """
    pieces = [piece(line, money, language, titles) for line in quote.lines]
    price = show_money(quote.minor, money)
    if language == "zh":
        return f"{'；'.join(pieces)}；应付 {price}。"
    return f"{'; '.join(pieces)}; to pay {price}."


def class_titles(document: Mapping[str, Any]) -> dict[str, str]:
    """The titles that a document without mistakes has for its card classes, by name."""
    classes = document.get("transit", {}).get("classes", {})
    return {entry["name"]: entry["title"] for entry in classes.values() if "title" in entry}


def piece(line: Line, money: Money, language: Language, titles: Mapping[str, str] = NO_TITLES) -> str:
    """What one line of a quote says, with its sponsor where somebody pays what it takes off; `titles` as for `sentence`."""
    chinese, english = _text(line)
    is_chinese = language == "zh"
    shown = {name: _Fact(_shown(name, fact, money)) for name, fact in line.facts.items()}
    if is_chinese and "class" in line.facts:
        shown["class"] = _Fact(_card(str(line.facts["class"]), titles))
    if {"minutes", "up_to_minutes"} <= line.facts.keys():
        # More minutes than the step has were stood on several days.
        shown["beyond"] = _Fact(1 + (int(line.facts["minutes"]) > int(line.facts["up_to_minutes"])))
    amount = show_money(abs(line.minor), money)
    text = (chinese if is_chinese else english).format(**shown, amount=amount, sponsor=line.sponsor or "")
    if line.sponsor is None or line.minor >= 0:
        return text
    return f"{text}（由 {line.sponsor} 承担）" if is_chinese else f"{text} (paid by {line.sponsor})"


class _Fact(str):
    """A fact in a text. `{days:one day|# days}` says the first words where it is 1, else the second ones, with the fact for `#`."""

    __slots__ = ()

    def __format__(self, words: str) -> str:
        if not words:
            return str(self)
        one, _, many = words.partition("|")
        return (one if self == "1" else many).replace("#", self)


def _card(name: str, titles: Mapping[str, str]) -> str:
    """A card class in Chinese: 普通卡, student 卡."""
    shown = titles.get(name, name)
    if shown.endswith(_CARD):
        return shown
    return f"{shown} {_CARD}" if shown[-1:].isascii() else f"{shown}{_CARD}"


def _text(line: Line) -> tuple[str, str]:
    """The text for the line's kind and its fact `by`, where there is one, else for its kind."""
    texts = TEXTS[line.rule.partition(".")[0]]
    return texts.get(f"{line.what}.{line.facts.get('by')}") or texts[line.what]


def show_money(minor: int, money: Money) -> str:
    """An amount for people: ¥1,234.50, ₩1,000, KWD 1.250; the minus sign goes before."""
    whole, point, decimals = money.text(abs(minor)).partition(".")
    return f"{'-' if minor < 0 else ''}{symbol(money)}{int(whole):,}{point}{decimals}"


def show_rate(text: str, money: Money) -> str:
    """An amount, or a price for one unit, as a document writes it, for people: ¥0.5283, ¥1.80, ₩55,000."""
    whole, _, decimals = text.partition(".")
    decimals = decimals.ljust(money.digits, "0")
    return f"{symbol(money)}{int(whole):,}{'.' if decimals else ''}{decimals}"


def symbol(money: Money) -> str:
    """What stands before an amount."""
    return SYMBOLS.get(money.currency, f"{money.currency} ")


def _shown(name: str, fact: int | str, money: Money) -> str:
    if isinstance(fact, int):
        return show_money(fact, money) if name.endswith(MONEY) else f"{fact}"
    return show_rate(fact, money) if name == RATE and _RATE.fullmatch(fact) else _clock(fact)


def _clock(text: str) -> str:
    """A time as a clock and calendar show it; any other text as it is."""
    if "T" not in text:
        return text
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{at:%Y-%m-%d %H:%M:%S}".removesuffix(":00")


TEXTS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "transit": transit_texts.TEXTS,
    "parking": parking_texts.TEXTS,
    "taxi": taxi_texts.TEXTS,
    "fuel": fuel_texts.TEXTS,
    "utilities": utilities_texts.TEXTS,
    "late_fees": late_fees_texts.TEXTS,
}
"""Part of the document that the rule of a line stands in → what → Chinese and English."""
