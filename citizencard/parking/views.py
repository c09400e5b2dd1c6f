"""A card's stays as its holder sees them, each with the reason of its price; nothing is locked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from citizencard.merchants.registry import merchants_by_id
from citizencard.parking.models import ParkingStay, StayState
from citizencard.parking.stays import price_of, tariff_of
from citizencard.tariffs.amounts import Money
from citizencard.tariffs.parking import lot_of
from citizencard.tariffs.quotes import Quote

MAX_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class StayView:
    """A stay.

    Args:
        id: the stay; continue a list after it.
        lot, lot_name: the tariff's name of the lot, and the one for people.
        merchant_name: who is paid.
        entered_at, left_at: left_at is None while it is open.
        state: open, left or unpaid.
        amount_fen: what it cost; None while it is open.
        price: the reason of the amount; None while it is open.
        tariff_version: that it is priced by.
        money: currency of that tariff.
        purchase_reference: its payment in the books; None when there is none.
    """

    id: str
    lot: str
    lot_name: str
    merchant_name: str
    entered_at: datetime
    left_at: datetime | None
    state: StayState
    amount_fen: int | None
    price: Quote | None
    tariff_version: int
    money: Money
    purchase_reference: str | None


def stays_of_card(session: Session, card_id: str, *, before_id: str | None = None, limit: int = 20) -> list[StayView]:
    """A page of a card's stays, newest first; continue with the last id as `before_id`. At most 100 a page.

    An id that is none of the card's stays ends the list.
    """
    chosen = select(ParkingStay).where(ParkingStay.card_id == card_id)
    if before_id is not None:
        last = session.get(ParkingStay, before_id)
        if last is None or last.card_id != card_id:
            return []
        chosen = chosen.where(tuple_(ParkingStay.entered_at, ParkingStay.id) < (last.entered_at, last.id))
    newest = chosen.order_by(ParkingStay.entered_at.desc(), ParkingStay.id.desc())
    stays = list(session.scalars(newest.limit(min(limit, MAX_PAGE))))
    merchants = merchants_by_id(session, [stay.merchant_id for stay in stays])
    return [_seen(session, stay, merchants[stay.merchant_id].name) for stay in stays]


def _seen(session: Session, stay: ParkingStay, merchant_name: str) -> StayView:
    tariff = tariff_of(session, stay)
    return StayView(
        id=stay.id,
        lot=stay.lot,
        lot_name=lot_of(tariff, stay.lot).title,
        merchant_name=merchant_name,
        entered_at=stay.entered_at,
        left_at=stay.left_at,
        state=StayState(stay.state),
        amount_fen=stay.amount_fen,
        price=None if stay.left_at is None else price_of(session, stay, stay.left_at),
        tariff_version=stay.tariff_version,
        money=tariff.money,
        purchase_reference=stay.purchase_reference,
    )
