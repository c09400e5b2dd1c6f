"""What things cost and why, as sentences for the person who paid: taps on buses and in shops, stays in parking lots."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from api.pages.language import Language, say
from api.pages.sentences import sentence
from api.portal.rides import why as why_of_ride
from citizencard.parking.models import StayState
from citizencard.parking.views import StayView
from citizencard.purse.decisions.models import Outcome
from citizencard.purse.uploads.journeys import Tap
from citizencard.tariffs.sentences import piece

BETWEEN: Final = " · "
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Journey:
    """One thing that was paid for, in words.

    Args:
        key: tells journeys apart on a page.
        at: when; None when the device did not know.
        place: line, shop or lot.
        card_serial: which card; empty where the page is about one card.
        amount_fen: what was paid; None while it is not decided.
        why: how the price came about.
        is_checked: somebody of ours still looks at it.
    """

    key: str
    at: datetime | None
    place: str
    card_serial: bytes
    amount_fen: int | None
    why: str
    is_checked: bool = False


def journey_of_tap(tap: Tap, language: Language, now: datetime) -> Journey:
    """A tap. What our checks think of it is our business: its holder reads that it is being checked, and why not to worry.

    Once two people have decided, he reads what became of his money.
    """
    said = sentence(tap, language, now)
    return Journey(said.key, tap.at, said.place, tap.card_serial, tap.paid_fen, _told(tap, language), tap.is_undecided)


def _told(tap: Tap, language: Language) -> str:
    if tap.is_undecided:
        return say(language, "portal.journey.checked")
    match tap.decided:
        case Outcome.HOLDER:
            return say(language, "portal.journey.decided.holder")
        case Outcome.COMPANY:
            return say(language, "portal.journey.decided.company")
        case Outcome.MERCHANT:
            return why_of_ride(tap, language) + say(language, "portal.journey.decided.merchant")
    return why_of_ride(tap, language)


def journey_of_stay(stay: StayView, card_serial: bytes, language: Language, now: datetime) -> Journey:
    """A stay in a lot, from its entry; while the car is inside, the price is not decided."""
    place = say(language, "portal.parking.at", lot=stay.lot_name)
    return Journey(
        f"stay-{stay.id}", stay.entered_at, place, card_serial, stay.amount_fen, _parking(stay, language, now)
    )


def _parking(stay: StayView, language: Language, now: datetime) -> str:
    if stay.price is None or stay.left_at is None:
        return say(language, "portal.parking.inside", n=max(0, (now - stay.entered_at) // _MINUTE))
    minutes = (stay.left_at - stay.entered_at) // _MINUTE
    spoken: Literal["zh", "en"] = "zh" if language is Language.ZH else "en"
    told = BETWEEN.join(piece(line, stay.money, spoken) for line in stay.price.lines)
    text = (
        say(language, "portal.parking.stay", n=minutes, parts=told) if minutes else say(language, "portal.parking.none")
    )
    return text + say(language, "portal.parking.unpaid") if stay.state is StayState.UNPAID else text
