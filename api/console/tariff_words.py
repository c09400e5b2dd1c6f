"""Tariffs in words, for people who are to agree to them: rules, differences, and why the taps that change most cost what they do."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.pages.language import Language, preferred
from citizencard.settlement.previewing import Preview
from citizencard.settlement.simulating import CURRENCY
from citizencard.settlement.tally import Change
from citizencard.tariffs.amounts import Money
from citizencard.tariffs.describing.changes import Changes, changes
from citizencard.tariffs.describing.describe import describe
from citizencard.tariffs.describing.sections import Section
from citizencard.tariffs.document import money_of
from citizencard.tariffs.quotes import read_quote
from citizencard.tariffs.sentences import Language as Tongue
from citizencard.tariffs.sentences import class_titles, sentence

MAX_SHOWN: Final = 160
"""Characters of a value that a row of differences shows; the whole is in the document."""
SHOWN_CHANGES: Final = 10
SHOWN_DIFFERENCES: Final = 60


@dataclass(frozen=True, slots=True)
class Told:
    """A tap that would cost something else, with both reasons as sentences; empty where a price was not explained."""

    change: Change
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class TariffSeen:
    """A tariff before anybody agrees to it.

    Args:
        sections: what it says.
        preview: what it would have made of yesterday's taps; None where that cannot be told.
        changes: what it changes in the tariff in force; None: there is none, or that was not asked for.
        others: places that differ besides, with what stands there, as text.
        largest: the taps that change most.
        foreign: its currency where that is not the one that the city charges in; else empty.
    """

    sections: Sequence[Section]
    preview: Preview | None
    changes: Changes | None
    others: Sequence[tuple[str, str, str]]
    largest: Sequence[Told]
    foreign: str

    @property
    def is_same(self) -> bool:
        """Whether it says what the tariff in force says."""
        return self.changes is not None and not (self.changes.prices or self.changes.rules or self.changes.others)


def seen(document: Mapping[str, Any], preview: Preview | None) -> TariffSeen:
    """A tariff in words of the reader's language.

    Args:
        document: without mistakes.
        preview: of it; None where there can be none, or none is wanted.
    """
    found = changes(preview.present, document, _tongue()) if preview is not None and preview.present else None
    others = [] if found is None else found.others[:SHOWN_DIFFERENCES]
    return TariffSeen(
        sections=described(document),
        preview=preview,
        changes=found,
        others=[(one.place, _shown(one.before), _shown(one.after)) for one in others],
        largest=[] if preview is None else _told(preview, document),
        foreign="" if document["currency"] == CURRENCY else document["currency"],
    )


def described(document: Mapping[str, Any]) -> Sequence[Section]:
    """What a tariff says, as tables and sentences."""
    return describe(document, _tongue())


def _told(preview: Preview, document: Mapping[str, Any]) -> list[Told]:
    money, titles = money_of(document), class_titles(document)
    return [
        Told(change, _why(change.before, money, titles), _why(change.after, money, titles))
        for change in preview.simulation.largest[:SHOWN_CHANGES]
    ]


def _why(explanation: Mapping[str, Any], money: Money, titles: Mapping[str, str]) -> str:
    if "lines" not in explanation:
        return ""
    return sentence(read_quote(explanation), money, _tongue(), titles)


def _tongue() -> Tongue:
    return "en" if preferred() is Language.EN else "zh"


def _shown(value: object) -> str:
    """A value as the document writes it, cut where it is long."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
