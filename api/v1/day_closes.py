"""The business day: which one is open, closing it, and what a closed one came to."""

from collections.abc import Sequence
from datetime import date, datetime

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Again
from api.schemas.books import DayCloseAnswer, DayCloseRequest, OpenDayAnswer
from citizencard.db import reading
from citizencard.merchants.registry import merchants_by_id
from citizencard.settlement.days import closed_at
from citizencard.settlement.flow import DayClosing, settle_day, settled_day
from citizencard.settlement.models import CustodyCertificate, NetPosition
from citizencard.staff.permissions import Permission
from ledger import open_day

face = Face("Business days", "/v1", "The day's close: net positions and the custody certificate.")


@face.get("/days/open", Shapes(gives=OpenDayAnswer))
def see_open_day() -> dict[str, object]:
    """The business day that money is booked into now."""
    with reading(city().sessions) as session:
        return {"day": open_day(session)}


@face.post("/day-closes", Shapes(gives=DayCloseAnswer, takes=DayCloseRequest, status=201))
def close_the_day(closing: DayClosing) -> Again:
    """Close the open business day (日终): net every merchant, certify that client money is covered, open the next day.

    Sent again, or after a crash, it goes on where it stopped and gives the same answer.
    """
    who = actor(Permission.DAYS_CLOSE)

    def flow() -> object:
        settled = settle_day(city().sessions, closing, who, now())
        return _answer(closing.day, settled.closed.closed_at, settled.positions, settled.certificate)

    return Again(flow)


@face.get("/day-closes/<day:day>", Shapes(gives=DayCloseAnswer))
def see_closed_day(day: date) -> dict[str, object]:
    """What a closed day came to."""
    positions, certificate = settled_day(city().sessions, day)
    with reading(city().sessions) as session:
        when = closed_at(session, day)
    return _answer(day, when, positions, certificate)


def _answer(
    day: date, when: datetime, positions: Sequence[NetPosition], certificate: CustodyCertificate
) -> dict[str, object]:
    with reading(city().sessions) as session:
        merchants = merchants_by_id(session, [position.merchant_id for position in positions])
        names = {merchant_id: merchant.name for merchant_id, merchant in merchants.items()}
    return {
        "day": day,
        "closed_at": when,
        "net_positions": [
            {
                "merchant_id": position.merchant_id,
                "name": names.get(position.merchant_id, ""),
                "clearing_fen": position.clearing_fen,
                "payable_fen": position.payable_fen,
                "subsidy_fen": position.subsidy_fen,
                "suspense_fen": position.suspense_fen,
            }
            for position in positions
        ],
        "certificate": {
            "cover_fen": certificate.cover_fen,
            "owed_fen": certificate.owed_fen,
            "surplus_fen": certificate.surplus_fen,
            "custody_fen": certificate.custody_fen,
            "parts": {"cover": certificate.cover_parts, "owed": certificate.owed_parts},
            "made_at": certificate.made_at,
        },
    }
