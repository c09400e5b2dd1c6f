"""A tap as a plain sentence: where, which card, how much, and why it cost that."""

from dataclasses import dataclass
from datetime import datetime

from api.pages.formats import MINUS, ago, bare, masked, share, stamp, yuan
from api.pages.language import Language, say
from api.pages.texts import TEXTS
from citizencard.purse.uploads.journeys import Tap
from citizencard.purse.uploads.models import Verdict
from citizencard.tariffs.quotes import Quote, read_quote


@dataclass(frozen=True, slots=True)
class Sentence:
    """One tap in words.

    Args:
        key: tells taps apart, so that a new one can be shown as new.
        when, ago: time of the tap; `ago` is empty for what is older than an hour.
        place: line or merchant.
        card: kind and masked number.
        amount: what left the chip.
        why: how the price came about, or what is doubtful.
        is_suspicious: a person has to decide.
    """

    key: str
    when: str
    ago: str
    place: str
    card: str
    amount: str
    why: str
    is_suspicious: bool


def sentence(tap: Tap, language: Language, now: datetime) -> Sentence:
    """Say a tap in words."""
    suspicious = tap.is_undecided
    return Sentence(
        key=f"tap-{tap.record_id}",
        when="" if tap.at is None else stamp(tap.at, now),
        ago="" if tap.at is None else ago(language, tap.at, now),
        place=_place(tap, language),
        card=_card(tap, language),
        amount=yuan(tap.paid_fen),
        why=_doubt(tap, language) if suspicious else _price(tap, language),
        is_suspicious=suspicious,
    )


def _place(tap: Tap, language: Language) -> str:
    if tap.line is not None:
        return say(language, "tap.bus", line=str(tap.line))
    return say(language, "tap.nowhere" if tap.merchant_id is None else "tap.merchant")


def _card(tap: Tap, language: Language) -> str:
    name = tap.explanation.get("class_name")
    kind = say(language, "class.unknown") if name is None else named(language, "class", str(name))
    return say(language, "tap.card", kind=kind, number=masked(tap.card_serial))


def _doubt(tap: Tap, language: Language) -> str:
    return say(language, "tap.suspicious", reason=named(language, "reason", tap.reason or "aside"))


def _price(tap: Tap, language: Language) -> str:
    """Base × share − transfer = price, who pays the rest, whether the device charged that, and what was given back later."""
    if tap.verdict == Verdict.REJECTED:
        return say(language, "tap.rejected", reason=named(language, "reason", tap.reason or "malformed"))
    if "lines" not in tap.explanation:
        return say(language, "tap.unpriced")
    quote = read_quote(tap.explanation)
    text = _formula(quote, language)
    for sponsor, fen in tap.explanation.get("subsidies", {}).items():
        text += say(language, "tap.sponsored", sponsor=named(language, "sponsor", sponsor), amount=yuan(fen))
    if quote.minor != tap.paid_fen:
        text += say(language, "tap.differs", amount=yuan(tap.paid_fen))
    if tap.adjustments:
        given_fen = sum(one.amount_fen for one in tap.adjustments)
        text += say(language, "tap.given_back", amount=yuan(given_fen))
    return text


def _formula(quote: Quote, language: Language) -> str:
    base, *others = quote.lines
    if not others:
        return say(language, "tap.full")
    if quote.minor == 0 and all(line.what == "concession" for line in others):
        return say(language, "tap.free")
    formula, left_fen = bare(base.minor), base.minor
    for line in others:
        part = share(left_fen + line.minor, left_fen) if line.what == "concession" else None
        if part is None:
            formula += f" {MINUS if line.minor < 0 else '+'} {bare(abs(line.minor))}"
        else:
            formula = f"{formula if left_fen == base.minor else f'({formula})'} × {part}"
        left_fen += line.minor
    text = say(language, "tap.sum", formula=formula, price=bare(quote.minor))
    origins = [line.facts["from_line"] for line in others if line.what == "transfer"]
    return text + say(language, "tap.transfer", line=str(origins[0])) if origins else text


def named(language: Language, kind: str, name: str) -> str:
    """What people call something that the city's data name by a slug; a slug that the catalogue does not know is shown as it is."""
    key = f"{kind}.{name}"
    return say(language, key) if key in TEXTS else say(language, f"{kind}.other", name=name.replace("_", " "))
