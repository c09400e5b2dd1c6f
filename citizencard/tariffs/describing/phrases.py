"""Turns of phrase that all parts share: amounts, shares, times, periods, and which rides a rule is for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.sentences import Language, show_rate
from citizencard.tariffs.settling import number

Entry = Mapping[str, Any]

_PERIODS: Final = {
    "day": ("每天", "a day"),
    "week": ("每周", "a week"),
    "month": ("每月", "a month"),
    "year": ("每年", "a year"),
}
_DAYS: Final = {"mon": "周一", "tue": "周二", "wed": "周三", "thu": "周四", "fri": "周五", "sat": "周六", "sun": "周日"}
_HOW: Final = {
    "half_up": ("四舍五入", "halves upwards"),
    "up": ("进位", "upwards"),
    "down": ("舍去", "downwards"),
    "half_even": ("四舍六入五成双", "halves to the even step"),
}


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says it.

    Args:
        language: of what is said.
        money: of the document.
        classes, modes: of the document, whose titles are said.
    """

    language: Language
    money: Money
    classes: Mapping[str, Entry] = field(default_factory=dict)
    modes: Mapping[str, Entry] = field(default_factory=dict)

    def say(self, chinese: str, english: str) -> str:
        """The one or the other."""
        return chinese if self.language == "zh" else english

    def led(self, chinese: str, english: str, text: str) -> str:
        """A text with the word before it; Chinese has no space between characters."""
        return f"{chinese}{' ' if text[:1].isascii() else ''}{text}" if self.language == "zh" else f"{english} {text}"

    def join(self, texts: Iterable[str]) -> str:
        """A list with the commas of the language."""
        return self.say("，", ", ").join(text for text in texts if text)

    def listed(self, names: Iterable[object]) -> str:
        """A list of names."""
        return self.say("、", ", ").join(str(name) for name in names)

    def price(self, text: str) -> str:
        """An amount or a rate of the document with its symbol."""
        return show_rate(text, self.money)

    def mode(self, name: str) -> str:
        """The title of a means of transport, else its name."""
        return str(self.modes.get(name, {}).get("title", name))

    def class_listed(self, bytes_: Iterable[str]) -> str:
        """Card classes by title and byte."""
        return self.listed(class_name(byte, self.classes) for byte in bytes_)

    def day(self, name: str) -> str:
        """A day of the week."""
        return self.say(_DAYS[name], name)

    def percent(self, share: str) -> str:
        """A share as per cent: "0.95" → "95%"; what is no round per cent stays as it is."""
        return f"{number(Fraction(share) * 100)}%"

    def period(self, name: str) -> str:
        """A day, a week, a month, a year."""
        return self.say(*_PERIODS[name])

    def sponsor(self, entry: Entry) -> str:
        """Who pays what a rule takes off."""
        name = entry.get("sponsor")
        return self.say(f"由 {name} 承担", f"paid by {name}") if name else ""

    def when(self, when: Entry | None) -> str:
        """At which times a rule holds; nothing when always."""
        if when is None:
            return ""
        parts = []
        if "hours" in when:
            parts.append(f"{when['hours']['from']}–{when['hours']['until']}")
        if "days" in when:
            parts.append(self.listed(self.day(day) for day in when["days"]))
        if "season" in when:
            first, last = when["season"]["from"], when["season"]["until"]
            parts.append(self.say(f"{first} 至 {last}", f"{first} to {last}"))
        if "dates" in when:
            parts.append(self.say("仅 ", "only on ") + self.listed(when["dates"]))
        if "except_dates" in when:
            parts.append(self.say("不含 ", "not on ") + self.listed(when["except_dates"]))
        return self.say("、", ", ").join(parts)

    def rounding(self, rounding: Entry | None) -> str:
        """How amounts are settled; nothing when to the minor unit, halves upwards."""
        if rounding is None:
            return ""
        chinese, english = _HOW[rounding["how"]]
        step = self.price(rounding["to"])
        return self.say(f"取整到 {step}（{chinese}）", f"rounded to {step} ({english})")

    def reduction(self, entry: Entry) -> str:
        """What is left to pay: a share, so much less, or a price."""
        if "pays" in entry:
            share = self.percent(entry["pays"])
            return (
                self.say("免费", "free") if Fraction(entry["pays"]) == 0 else self.say(f"付 {share}", f"pays {share}")
            )
        if "less" in entry:
            less = self.price(entry["less"])
            return self.say(f"减 {less}", f"{less} less")
        price = self.price(entry["costs"])
        return self.say(f"只收 {price}", f"costs {price}")

    def scope(self, entry: Entry) -> str:
        """Which cards and rides a rule is for."""
        parts = []
        if "classes" in entry:
            parts.append(self.class_listed(entry["classes"]))
        parts += [self.legs(entry), self.when(entry.get("when"))]
        return self.join(parts) or self.say("所有乘次", "all rides")

    def legs(self, entry: Entry) -> str:
        """Modes, operators and lines of a scope."""
        parts = []
        if "modes" in entry:
            parts.append(self.listed(self.mode(name) for name in entry["modes"]))
        if "operators" in entry:
            parts.append(self.say("运营方 ", "operators ") + self.listed(entry["operators"]))
        if "lines" in entry:
            parts.append(self.say("线路 ", "lines ") + self.listed(entry["lines"]))
        return self.join(parts)


def class_name(byte: str, classes: Mapping[str, Entry]) -> str:
    """The title of a card class, else its name, with its byte; the byte alone of one that the document does not have."""
    entry = classes.get(byte, {})
    return f"{entry.get('title') or entry.get('name', '')} {byte}".lstrip()
