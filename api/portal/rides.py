"""Why a ride cost what it cost, for the person who paid: every step of the price, who pays the difference, what was given back later."""

from typing import Final, Literal

from api.pages.formats import yuan
from api.pages.language import Language, say
from api.pages.sentences import named
from citizencard.purse.uploads.journeys import Adjustment, Tap
from citizencard.tariffs.amounts import Money, minor_digits
from citizencard.tariffs.quotes import Line, Quote, read_line, read_quote
from citizencard.tariffs.sentences import piece, sentence

YUAN: Final = Money("CNY", minor_digits("CNY"))
_CARD: Final = ("卡", " card")
"""What the tariff's sentences say themselves after the name of a class."""


def why(tap: Tap, language: Language) -> str:
    """The reason of a ride's price; of a purchase without a tariff, that there is none."""
    if "lines" not in tap.explanation:
        return say(language, "tap.unpriced")
    quote = read_quote(tap.explanation)
    told = Quote(quote.minor, tuple(_for_people(line, language) for line in quote.lines))
    text = sentence(told, YUAN, _spoken(language))
    if quote.minor != tap.paid_fen:
        text += say(language, "portal.ride.differs", amount=yuan(tap.paid_fen))
    return text + "".join(_given_back(one, language) for one in tap.adjustments)


def _given_back(one: Adjustment, language: Language) -> str:
    line = _for_people(read_line(one.line), language)
    reason = piece(line, YUAN, _spoken(language))
    return say(language, "portal.ride.given_back", day=one.day.isoformat(), amount=yuan(one.amount_fen), reason=reason)


def _for_people(line: Line, language: Language) -> Line:
    """The line with the names that people use for the class and the sponsor."""
    facts = dict(line.facts)
    if "class" in facts:
        name = named(language, "class", str(facts["class"]))
        facts["class"] = name.removesuffix(_CARD[language is Language.EN])
    sponsor = None if line.sponsor is None else named(language, "sponsor", line.sponsor).strip()
    return line._replace(facts=facts, sponsor=sponsor)


def _spoken(language: Language) -> Literal["zh", "en"]:
    return "zh" if language is Language.ZH else "en"
