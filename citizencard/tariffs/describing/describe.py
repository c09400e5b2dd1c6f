"""A whole document for people: its head, and a section for each part and rule."""

from collections.abc import Iterator

from citizencard.tariffs.describing.named_rules import SERVICES, describe_rule
from citizencard.tariffs.describing.phrases import Entry, Speaker
from citizencard.tariffs.describing.rides import describe_transit
from citizencard.tariffs.describing.sections import Section, Statement
from citizencard.tariffs.document import Tariff, read
from citizencard.tariffs.sentences import Language


def describe(document: Entry, language: Language) -> list[Section]:
    """A document in tables and sentences.

    Raises:
        TariffInvalid: it has mistakes.
    """
    tariff = read(document)
    speaker = speaker_of(document, tariff, language)
    return [_head(document, tariff, speaker), *_parts(document, tariff, speaker)]


def speaker_of(document: Entry, tariff: Tariff, language: Language) -> Speaker:
    """Who says what a document says."""
    part = document.get("transit", {})
    return Speaker(language, tariff.money, part.get("classes", {}), part.get("modes", {}))


def _head(document: Entry, tariff: Tariff, speaker: Speaker) -> Section:
    source = document["source"]
    sample = speaker.say("（样例，未核对不得收费）", " (a sample: to be checked before anybody is charged)")
    texts = [
        ("effective_from", speaker.say("生效 ", "In force from ") + tariff.effective_from.isoformat(sep=" ")),
        (
            "source",
            speaker.say("来源 ", "Source ")
            + speaker.join(
                (source["page"], speaker.say(f"{source['grade']} 级", f"grade {source['grade']}"), source["date"])
            )
            + (sample if source.get("sample") else ""),
        ),
        *((f"notes.{index}", note) for index, note in enumerate(document.get("notes", ()))),
    ]
    title = speaker.say(
        f"{tariff.name}，第 {tariff.version} 版，{tariff.money.currency}",
        f"{tariff.name}, version {tariff.version}, {tariff.money.currency}",
    )
    return Section(title, (), tuple(Statement(key, text) for key, text in texts))


def _parts(document: Entry, tariff: Tariff, speaker: Speaker) -> Iterator[Section]:
    if tariff.transit is not None:
        yield describe_transit(document["transit"], tariff.transit, speaker)
    for part in SERVICES:
        for name, rule in document.get(part, {}).items():
            yield describe_rule(part, name, rule, speaker)
