"""A tap as a plain sentence: where, which card, how much, and why it cost that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.pages.formats import MINUS, ago, bare, masked, share, stamp, yuan
from api.pages.language import Language, say
from api.pages.texts import TEXTS
from citizencard.purse.uploads.journeys import Tap
from citizencard.purse.uploads.models import Verdict


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
    suspicious = tap.verdict is Verdict.SUSPICIOUS
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
    kind = say(language, "class.unknown") if name is None else _named(language, "class", str(name))
    return say(language, "tap.card", kind=kind, number=masked(tap.card_serial))


def _doubt(tap: Tap, language: Language) -> str:
    return say(language, "tap.suspicious", reason=_named(language, "reason", tap.reason or ""))


def _price(tap: Tap, language: Language) -> str:
    """Base × share − transfer = price, who pays the rest, and whether the device charged that."""
    known = tap.explanation
    if "base_fen" not in known:
        return say(language, "tap.unpriced")
    text = _formula(known, language)
    if tap.subsidy_fen and known.get("sponsor"):
        sponsor = _named(language, "sponsor", str(known["sponsor"]))
        text += say(language, "tap.sponsored", sponsor=sponsor, amount=yuan(tap.subsidy_fen))
    if known["price_fen"] != tap.paid_fen:
        text += say(language, "tap.differs", amount=yuan(tap.paid_fen))
    return text


def _formula(known: Mapping[str, Any], language: Language) -> str:
    base_fen, transfer_fen = known["base_fen"], known["transfer_fen"]
    own_fen = base_fen - known["concession_fen"]
    if own_fen == 0:
        return say(language, "tap.free")
    formula, part = bare(base_fen), share(own_fen, base_fen)
    if own_fen != base_fen:
        formula += f" × {part}" if part is not None else f" {MINUS} {bare(base_fen - own_fen)}"
    if transfer_fen:
        formula += f" {MINUS} {bare(transfer_fen)}"
    if own_fen == base_fen and not transfer_fen:
        return say(language, "tap.full")
    text = say(language, "tap.sum", formula=formula, price=bare(known["price_fen"]))
    origin = known.get("transfer_from")
    return text + say(language, "tap.transfer", line=str(origin["line"])) if origin else text


def _named(language: Language, kind: str, name: str) -> str:
    """What people call something that the city's data name by a slug; a slug that the catalogue does not know is shown as it is."""
    key = f"{kind}.{name}"
    return say(language, key) if key in TEXTS else say(language, f"{kind}.other", name=name.replace("_", " "))
