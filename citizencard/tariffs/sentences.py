"""Explanations for people: what a price is made of, who pays the difference, in Chinese and English, in any currency."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from citizencard.tariffs import fuel_texts, late_fees_texts, parking_texts, taxi_texts, utilities_texts
from citizencard.tariffs.amounts import Money
from citizencard.tariffs.quotes import Line, Quote
from citizencard.tariffs.transit import texts as transit_texts

Language = Literal["zh", "en"]

MONEY: Final = "_minor"
"""A fact whose name ends so is an amount in minor units."""

SYMBOLS: Final[Mapping[str, str]] = {
    "CNY": "¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "INR": "₹", "KRW": "₩", "MOP": "MOP$", "SGD": "S$", "TWD": "NT$", "USD": "US$",
}  # fmt: skip
"""Other currencies are shown by their code."""


def sentence(quote: Quote, money: Money, language: Language) -> str:
    """Why a quote is what it is: the pieces in the order in which they came about, and the price at the end.

    Args:
        quote: of any engine.
        money: currency of the document that it was priced by.
        language: `zh` or `en`.
    """
    pieces = [piece(line, money, language) for line in quote.lines]
    price = show_money(quote.minor, money)
    if language == "zh":
        return f"{'；'.join(pieces)}；应付 {price}。"
    return f"{'; '.join(pieces)}; to pay {price}."


def piece(line: Line, money: Money, language: Language) -> str:
    """What one line of a quote says, with its sponsor where somebody pays what it takes off."""
    chinese, english = _text(line)
    amount = show_money(abs(line.minor), money)
    shown = {name: _shown(name, fact, money) for name, fact in line.facts.items()}
    text = (chinese if language == "zh" else english).format(**shown, amount=amount, sponsor=line.sponsor or "")
    if line.sponsor is None or line.minor >= 0:
        return text
    return f"{text}（由 {line.sponsor} 承担）" if language == "zh" else f"{text} (paid by {line.sponsor})"


def _text(line: Line) -> tuple[str, str]:
    """The text for the line's kind and its fact `by`, where there is one, else for its kind."""
    texts = TEXTS[line.rule.partition(".")[0]]
    return texts.get(f"{line.what}.{line.facts.get('by')}") or texts[line.what]


def show_money(minor: int, money: Money) -> str:
    """An amount for people: ¥1,234.50, ₩1,000, KWD 1.250; the minus sign goes before."""
    whole, point, decimals = money.text(abs(minor)).partition(".")
    symbol = SYMBOLS.get(money.currency, f"{money.currency} ")
    return f"{'-' if minor < 0 else ''}{symbol}{int(whole):,}{point}{decimals}"


def _shown(name: str, fact: int | str, money: Money) -> str:
    if isinstance(fact, int):
        return show_money(fact, money) if name.endswith(MONEY) else f"{fact}"
    return _clock(fact)


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
